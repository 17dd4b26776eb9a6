"""How an opening counts its places: groups, places kept back, sharing, supervision; and how long
places wait for an answer."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_http_methods

from preau.accounts.enums import Permission as P
from preau.bookings.rules import group_name
from preau.bookings.services import apply_offering, get_terms, save_terms
from preau.catalogue import queries, services
from preau.catalogue.enums import Supervision
from preau.catalogue.rules import LAW_AGE
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.catalogue.details import default_slot_days
from preau.townhall.catalogue.forms import SlotsForm
from preau.townhall.catalogue.subjects import SUBJECTS
from preau.townhall.catalogue.tables import SECTION, tabs_for
from preau.ui.refusals import add_refusal

LAWFUL = (Supervision.HOLIDAYS, Supervision.TERM, Supervision.TERM_PEDT)


class PlacesForm(forms.Form):
    """What an opening says of its places, for the sessions to come."""

    age_cut = forms.IntegerField(
        label=_l("Âge où l’on passe chez les plus grands"),
        required=False,
        min_value=2,
        max_value=17,
    )
    young_capacity = forms.IntegerField(
        label=_l("Au plus, moins de 6 ans"), required=False, min_value=0, max_value=2000
    )
    old_capacity = forms.IntegerField(
        label=_l("Au plus, 6 ans et plus"), required=False, min_value=0, max_value=2000
    )
    kept = forms.IntegerField(
        label=_l("Places gardées par la ville"),
        min_value=0,
        max_value=2000,
        help_text=_l("Vos agents peuvent les donner ; les familles ne les voient pas."),
    )
    shares_places = forms.BooleanField(
        label=_l("Les formules d’un même jour prennent les mêmes places"),
        required=False,
        help_text=_l("Une demi-journée prend une place de la journée."),
    )
    supervision = forms.ChoiceField(
        label=_l("Enfants par adulte"), choices=Supervision.choices, widget=forms.RadioSelect
    )
    young_per_adult = forms.IntegerField(
        label=_l("Moins de 6 ans, par adulte"), required=False, min_value=1, max_value=99
    )
    old_per_adult = forms.IntegerField(
        label=_l("6 ans et plus, par adulte"), required=False, min_value=1, max_value=99
    )
    adults = forms.IntegerField(
        label=_l("Adultes prévus à chaque séance"),
        required=False,
        min_value=0,
        max_value=500,
        help_text=_l("Vide : l’encadrement ne limite pas les places."),
    )

    def __init__(self, *args: Any, cut: int, usual: int, **kwargs: Any) -> None:
        """`cut`: the age in force here; `usual`: the one without this opening's own."""
        super().__init__(*args, **kwargs)
        self.fields["age_cut"].help_text = _(
            "Vide : %s ans, l’âge de la formule, sinon celui de la ville."
        ) % (usual)
        young, old = group_name(cut, young=True), group_name(cut, young=False)
        for name, label in (
            ("young_capacity", _("Au plus, %s") % young),
            ("old_capacity", _("Au plus, %s") % old),
            ("young_per_adult", _("%s, par adulte") % (young[0].upper() + young[1:])),
            ("old_per_adult", _("%s, par adulte") % old),
        ):
            self.fields[name].label = label

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        age = values.get("age_cut")
        if age and age < LAW_AGE and values.get("supervision") in LAWFUL:
            self.add_error(
                "age_cut",
                _("Avec les nombres de la loi, les moins de 6 ans restent ensemble : 6 ou plus."),
            )
        if values.get("supervision") == Supervision.OWN:
            for name in ("young_per_adult", "old_per_adult"):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, _("Écrivez combien d’enfants un adulte encadre."))
        return values


NAMES = tuple(PlacesForm.base_fields)


@agent_required(P.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def places(request: HttpRequest, pk: int) -> HttpResponse:
    """The places of an opening; given to the sessions open already when asked."""
    found = queries.get_offering(pk)
    if found is None:
        raise Http404
    now = utc_now()
    applying = request.POST.get("act") == "apply"
    cuts = dict(queries.age_cuts([pk], town=get_terms().age_cut))
    usual = dict(queries.age_cuts([pk], town=get_terms().age_cut, own=False))
    form = PlacesForm(
        request.POST if request.method == "POST" and not applying else None,
        cut=max(cuts.values(), default=LAW_AGE),
        usual=max(usual.values(), default=LAW_AGE),
        initial={name: getattr(found, name) for name in NAMES},
    )
    days = SlotsForm(
        request.POST if applying else None,
        initial=default_slot_days(found.starts_on, found.ends_on, paris_day(now)),
    )
    if applying and days.is_valid():
        try:
            done = apply_offering(offering_id=pk, now=now, actor=request.actor, **days.cleaned_data)
        except Refusal as refusal:
            add_refusal(days, refusal)
        else:
            words = _("%s.") % french.count(
                done.slots, _("séance a ces places"), _("séances ont ces places")
            )
            if done.over:
                words += " " + _("%s ces limites : personne n’est retiré.") % french.count(
                    done.over, _("séance dépasse"), _("séances dépassent")
                )
            messages.success(request, words)
            return redirect("townhall:catalogue-places", pk)
    elif request.method == "POST" and form.is_valid():
        try:
            services.save_offering(
                offering_id=pk,
                activity_id=found.activity_id,
                establishment_id=found.establishment_id,
                school_year_id=found.school_year_id,
                label=found.label,
                capacity=found.capacity,
                starts_on=found.starts_on,
                ends_on=found.ends_on,
                registration_opens_at=found.registration_opens_at,
                registration_closes_at=found.registration_closes_at,
                is_open=found.is_open,
                now=now,
                actor=request.actor,
                **form.cleaned_data,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request,
                _(
                    "C’est enregistré pour les séances à ouvrir. Celles qui le sont gardent leurs "
                    "places tant que vous ne leur donnez pas celles-ci."
                ),
            )
            return redirect("townhall:catalogue-places", pk)
    return render(
        request,
        "townhall/catalogue/places.html",
        {
            "section": SECTION,
            "subject": SUBJECTS["ouvertures"],
            "row": found,
            "form": form,
            "days": days,
            "today": paris_day(now),
        },
        status=422 if form.errors or days.errors else 200,
    )


class TermsForm(forms.Form):
    hold_minutes = forms.IntegerField(
        label=_l("Minutes pour vérifier un envoi, places gardées"),
        min_value=0,
        max_value=120,
        help_text=_l("0 : les places ne sont gardées qu’à l’envoi."),
    )
    offer_hours = forms.IntegerField(
        label=_l("Heures pour répondre quand une place se libère"),
        min_value=1,
        max_value=336,
        help_text=_l("Sans réponse, la place est proposée à la famille suivante."),
    )
    age_cut = forms.IntegerField(
        label=_l("Âge où l’on passe chez les plus grands"),
        min_value=2,
        max_value=17,
        help_text=_l("6 : les groupes sont « moins de 6 ans » et « 6 ans et plus »."),
    )


@agent_required(P.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def terms(request: HttpRequest) -> HttpResponse:
    """How long places wait for an answer, and at what age children change groups."""
    now, current = utc_now(), get_terms()
    form = TermsForm(
        request.POST or None,
        initial={name: getattr(current, name) for name in TermsForm.base_fields},
    )
    if request.method == "POST" and form.is_valid():
        try:
            save_terms(now=now, actor=request.actor, **form.cleaned_data)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("C’est enregistré."))
            return redirect("townhall:catalogue-terms")
    return render(
        request,
        "townhall/catalogue/terms.html",
        {"section": SECTION, "form": form, "tabs": tabs_for("delais")},
        status=422 if form.errors else 200,
    )
