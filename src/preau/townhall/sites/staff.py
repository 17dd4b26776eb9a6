"""Adults and groups of a site: who works this day, with which group; what the ratio counts."""

from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_http_methods

from preau.accounts.enums import Permission
from preau.attendance.onsite import groups_of, staff_of
from preau.attendance.services import (
    add_duty,
    copy_week_before,
    remove_duty,
    save_groups,
    set_absent,
)
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.townhall.access import agent_required
from preau.townhall.sites.scope import asked_day, get_site_or_404, may_take_at
from preau.ui.refusals import add_refusal

ROWS = 6


class DutyForm(forms.Form):
    name = forms.CharField(label=_l("Prénom et nom"), max_length=120)
    group = forms.ChoiceField(label=_l("Groupe"), required=False)
    starts_at = forms.TimeField(
        label=_l("De"),
        initial=time(16, 0),
        widget=forms.TimeInput(attrs={"type": "time", "class": "short"}, format="%H:%M"),
    )
    ends_at = forms.TimeField(
        label=_l("À"),
        initial=time(18, 30),
        widget=forms.TimeInput(attrs={"type": "time", "class": "short"}, format="%H:%M"),
    )

    def __init__(self, *args: Any, groups: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].choices = [("", _("Sans groupe")), *((g.pk, g.name) for g in groups)]


@agent_required(Permission.SEE_REGISTER)
@require_http_methods(["GET", "POST"])
def staff(request: HttpRequest, site_id: int) -> HttpResponse:
    """The team of a day, and the site's groups."""
    site = get_site_or_404(request, site_id)
    day = asked_day(request)
    groups = list(groups_of(site.pk))
    act = request.POST.get("act", "") if request.method == "POST" else ""
    form = DutyForm(request.POST if act == "add" else None, groups=groups)
    error = ""
    if act:
        if not may_take_at(request, site.pk):
            raise Http404
        try:
            done = _act(request, act, site.pk, day, form)
        except Refusal as refusal:
            if form.is_bound:
                add_refusal(form, refusal)
            else:
                error = str(refusal)
        else:
            if done:
                messages.success(request, done)
                response = redirect("townhall:site-staff", site_id=site.pk)
                response["Location"] += f"?jour={day.isoformat()}"
                return response
    return render(
        request,
        "townhall/sites/staff.html",
        {
            "site": site,
            "day": day,
            "before": day - timedelta(days=1),
            "after": day + timedelta(days=1),
            "staff": list(staff_of(site.pk, day)),
            "groups": groups,
            "group_rows": [(n, groups[n] if n < len(groups) else None) for n in range(ROWS)],
            "form": form,
            "error": error,
            "may_take": may_take_at(request, site.pk),
            "section": "townhall:sites",
        },
        status=422 if error or form.errors else 200,
    )


def _act(request: HttpRequest, act: str, site_id: int, day: date, form: DutyForm) -> str:
    who: dict[str, Any] = {
        "establishment_id": site_id,
        "now": utc_now(),
        "actor": request.actor,
    }
    posted = request.POST
    if act == "add":
        if not form.is_valid():
            return ""
        data = form.cleaned_data
        add_duty(
            day=day,
            name=data["name"],
            group_id=int(data["group"]) if data["group"] else None,
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            **who,
        )
        return _("C’est noté.")
    if act == "copy":
        count = copy_week_before(day=day, **who)
        return (
            _("Équipe reprise de la semaine passée.")
            if count
            else _("Il n’y a pas d’équipe à reprendre.")
        )
    if act == "groups":
        rows = []
        for n in range(ROWS):
            low, high = posted.get(f"from-{n}", ""), posted.get(f"to-{n}", "")
            rows.append(
                (
                    posted.get(f"name-{n}", ""),
                    int(low) if is_number(low) else 0,
                    int(high) if is_number(high) else 17,
                )
            )
        save_groups(groups=rows, **who)
        return _("Groupes enregistrés.")
    pk = posted.get("duty", "")
    if not is_number(pk):
        raise Http404
    if act == "remove":
        remove_duty(duty_id=int(pk), **who)
        return _("Retiré de ce jour.")
    if act in ("absent", "present"):
        set_absent(duty_id=int(pk), is_absent=act == "absent", **who)
        return _("C’est noté : l’encadrement suit.")
    raise Http404
