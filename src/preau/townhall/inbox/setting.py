"""What the town sets: each kind of act, the kinds of document, what each activity asks for."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from preau.accounts.enums import Permission
from preau.casework import queries, services
from preau.casework.kinds import all_kinds, kind_by_slug
from preau.catalogue import queries as catalogue
from preau.enrolments import queries as enrolments
from preau.enrolments import services as enrolment_services
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.town import queries as town_queries
from preau.townhall.access import agent_required


class KindForm(forms.Form):
    is_automatic = forms.BooleanField(
        label=gettext_lazy("Appliquée tout de suite, sans agent, quand rien ne manque"),
        required=False,
    )
    service = forms.TypedChoiceField(
        label=gettext_lazy("Service chargé"), coerce=int, required=False, empty_value=None
    )
    days = forms.IntegerField(
        label=gettext_lazy("Délai de réponse, en jours"), min_value=1, max_value=365
    )
    next_step = forms.CharField(
        label=gettext_lazy("Ce qui se passe ensuite"),
        required=False,
        max_length=600,
        help_text=gettext_lazy("La famille le lit sur l’accusé de réception."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, may_be_automatic: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [
            ("", _("La mairie")),
            *((s.pk, s.name) for s in town_queries.list_services()),
        ]
        if not may_be_automatic:
            del self.fields["is_automatic"]


class DocumentKindForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Nom"), max_length=80)
    hint = forms.CharField(
        label=gettext_lazy("Aide"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Ce que la famille doit envoyer, en une phrase."),
    )
    subject = forms.ChoiceField(
        label=gettext_lazy("Demandée"),
        widget=forms.RadioSelect,
        choices=[
            ("CHILD", gettext_lazy("pour chaque enfant")),
            ("FAMILY", gettext_lazy("une fois par famille")),
        ],
        initial="CHILD",
    )
    valid_months = forms.IntegerField(
        label=gettext_lazy("Validité, en mois"), min_value=1, max_value=240, required=False
    )
    until_school_year_end = forms.BooleanField(
        label=gettext_lazy("Jusqu’à la fin de l’année scolaire au plus"), required=False
    )
    is_sensitive = forms.BooleanField(label=gettext_lazy("Donnée de santé"), required=False)


class RequiredForm(forms.Form):
    kinds = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Pièces demandées"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [(k.pk, k.name) for k in enrolments.document_kinds()]


@require_safe
@agent_required(Permission.MANAGE_TOWN)
def request_settings(request: HttpRequest) -> HttpResponse:
    """Every kind of act: automatic or validated, by whom, in how many days."""
    settings = queries.all_kind_settings()
    services_by_id = {s.pk: s.name for s in town_queries.list_services()}
    rows = [
        {
            "kind": kind,
            "setting": settings[kind.kind],
            "service": services_by_id.get(settings[kind.kind].service_id, ""),
        }
        for kind in all_kinds()
    ]
    return render(
        request, "townhall/inbox/kinds.html", {"rows": rows, "section": "townhall:settings"}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_TOWN)
def edit_kind(request: HttpRequest, kind: str) -> HttpResponse:
    """Set one kind of act."""
    handler = kind_by_slug(kind)
    if handler is None:
        raise Http404
    setting = queries.kind_settings(handler)
    form = KindForm(
        request.POST if request.method == "POST" else None,
        initial={
            "is_automatic": setting.is_automatic,
            "service": setting.service_id,
            "days": setting.days,
            "next_step": setting.next_step,
        },
        may_be_automatic=handler.can_be_automatic,
    )
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        try:
            services.save_kind_settings(
                kind=handler.kind,
                is_automatic=answers.get("is_automatic", False),
                service_id=answers["service"],
                days=answers["days"],
                next_step=answers["next_step"],
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Réglage enregistré."))
            return redirect("townhall:request-kinds")
    return render(
        request,
        "townhall/inbox/kind.html",
        {"kind": handler, "form": form, "section": "townhall:settings"},
        status=422 if form.is_bound else 200,
    )


@require_safe
@agent_required(Permission.MANAGE_CATALOGUE)
def document_kinds(request: HttpRequest) -> HttpResponse:
    """The kinds of document, and what each activity asks for."""
    activities = list(catalogue.list_all_activities().order_by("position", "name"))
    required = enrolments.required_documents([activity.pk for activity in activities])
    return render(
        request,
        "townhall/inbox/document_kinds.html",
        {
            "kinds": enrolments.document_kinds(),
            "rows": [(activity, required.get(activity.pk, [])) for activity in activities],
            "section": "townhall:settings",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CATALOGUE)
def edit_document_kind(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Create or change a kind of document."""
    known = None
    if slug:
        known = enrolments.document_kinds().filter(slug=slug).first()
        if known is None:
            raise Http404
    names = list(DocumentKindForm.base_fields)
    form = DocumentKindForm(
        request.POST if request.method == "POST" else None,
        initial={n: getattr(known, n) for n in names} if known else None,
    )
    if request.method == "POST" and form.is_valid():
        wanted = slug or slugify(form.cleaned_data["name"])[:50]
        if not slug and enrolments.document_kinds().filter(slug=wanted).exists():
            form.add_error("name", _("Une pièce porte déjà ce nom."))
        else:
            enrolment_services.save_document_kind(
                slug=wanted, now=utc_now(), actor=request.actor, **form.cleaned_data
            )
            messages.success(request, _("Pièce enregistrée."))
            return redirect("townhall:document-kinds")
    return render(
        request,
        "townhall/inbox/document_kind.html",
        {"known": known, "form": form, "section": "townhall:settings"},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CATALOGUE)
def required_documents(request: HttpRequest, slug: str) -> HttpResponse:
    """Which documents one activity asks for."""
    activity = catalogue.get_activity(slug, published=False)
    if activity is None:
        raise Http404
    held = enrolments.required_documents([activity.pk]).get(activity.pk, [])
    form = RequiredForm(initial={"kinds": [kind.pk for kind in held]})
    if request.method == "POST":
        form = RequiredForm(request.POST)
        if form.is_valid():
            enrolment_services.set_required_documents(
                activity_id=activity.pk,
                kind_ids=form.cleaned_data["kinds"],
                now=utc_now(),
                actor=request.actor,
            )
            messages.success(request, _("Pièces demandées enregistrées."))
            return redirect("townhall:document-kinds")
    return render(
        request,
        "townhall/inbox/required.html",
        {"activity": activity, "form": form, "section": "townhall:settings"},
        status=422 if form.is_bound else 200,
    )
