"""Absences: the month as it was, a report in two steps (its effect is said before it is sent)."""

import uuid
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from preau.attendance.enums import AbsenceReason, AbsenceStatus
from preau.attendance.queries import absences_of, family_holds_absence_file, get_absence, history
from preau.attendance.services import add_document, preview_absence, report_absence
from preau.childcare.queries import contracts_of
from preau.documents.queries import get_file
from preau.documents.services import store_upload
from preau.families.queries import children_of
from preau.journeys.planning import schooling_of
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.periods import month_period, read_day
from preau.schools.queries import schooling_on
from preau.ui.days.desk import Desk
from preau.ui.days.planning import asked_month
from preau.ui.files import file_response
from preau.ui.forms import DateField
from preau.ui.refusals import add_refusal

STATES = {
    "expected": ("ok", _l("Attendu"), "calendar-days"),
    "present": ("here", _l("Présent"), "check-check"),
    "absent": ("bad", _l("Absent, non prévenu"), "calendar-x-2"),
    "away": ("away", _l("Absence signalée"), "calendar-x-2"),
    "charged": ("past", _l("Retiré trop tard, dû"), "lock"),
}
ORDINARY = {"ok", "here"}
STATUS_TAGS = {
    AbsenceStatus.REPORTED: ("wait", _l("Signalée")),
    AbsenceStatus.JUSTIFIED: ("ok", _l("Justifiée")),
    AbsenceStatus.NOT_JUSTIFIED: ("bad", _l("Non justifiée")),
}
REASONS = [
    (r.value, r.label[:1].upper() + r.label[1:]) for r in AbsenceReason if r != AbsenceReason.LEAVE
]
# Offered to a household with a crèche contract alone.
LEAVE = (
    AbsenceReason.LEAVE.value,
    AbsenceReason.LEAVE.label[:1].upper() + AbsenceReason.LEAVE.label[1:],
)


class AbsenceForm(forms.Form):
    """Who will not come (or did not), when and why."""

    child = forms.TypedChoiceField(
        label=_l("Quel enfant ?"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _l("Choisissez un enfant.")},
    )
    starts_on = DateField(label=_l("Premier jour d’absence"))
    ends_on = DateField(
        label=_l("Dernier jour d’absence"),
        required=False,
        help_text=_l("Laissez vide pour un seul jour."),
    )
    reason = forms.ChoiceField(
        label=_l("Pourquoi ?"),
        choices=REASONS,
        widget=forms.RadioSelect,
        error_messages={"required": _l("Choisissez un motif.")},
    )
    comment = forms.CharField(
        label=_l("Une précision"),
        required=False,
        max_length=300,
        help_text=_l("N’écrivez rien sur la santé de votre enfant."),
    )
    document = forms.FileField(
        label=_l("Un justificatif"),
        required=False,
        help_text=_l("Photo ou PDF. Vous pourrez aussi l’ajouter plus tard."),
    )

    def __init__(
        self, *args: Any, children: list[Any], at_creche: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if at_creche:
            self.fields["reason"].choices = [*REASONS[:-1], LEAVE, REASONS[-1]]
        self.fields["child"].choices = [(c.pk, c.first_name) for c in children]
        if len(children) == 1:
            self.initial["child"] = children[0].pk

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and not last and "ends_on" not in self.errors:
            data["ends_on"] = first
        elif first and last and last < first:
            self.add_error("ends_on", _("Le dernier jour est avant le premier."))
        return data


def _day(day: date, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A day of the month: an ordinary one, all as it was planned, is folded under one word."""
    kinds = {row["kind"] for row in rows}
    ordinary = len(rows) > 1 and len(kinds) == 1 and kinds <= ORDINARY
    return {"day": french.day(day), "rows": rows, "folded": rows[0] if ordinary else None}


def absences_page(desk: Desk) -> HttpResponse:
    """The reports made, and a month of days: expected, present, absent."""
    now = utc_now()
    month = asked_month(desk.request.GET.get("mois", ""), paris_day(now))
    period = month_period(month)
    assert period.ends_on is not None
    days: dict[date, list[dict[str, Any]]] = {}
    for row in history(desk.family.pk, period.starts_on, period.ends_on):
        days.setdefault(row.day, []).append(_day_row(row))
    before, after = month - timedelta(days=1), month + timedelta(days=32)
    base = desk.url("absences" if not desk.is_agent else "absence")
    return render(
        desk.request,
        desk.template("list"),
        desk.context(
            reports=[_report_row(desk, r) for r in absences_of(desk.family.pk)[:50]],
            days=[_day(day, rows) for day, rows in days.items()],
            month=month,
            before=f"{base}?mois={before:%Y-%m}",
            after=f"{base}?mois={after:%Y-%m}",
            new_url=desk.url("absence-new"),
        ),
    )


def _day_row(row: Any) -> dict[str, Any]:
    kind, word, icon = STATES[row.state]
    note = row.sentence
    if row.arrived_at:
        note = _("arrivé à %s") % french.clock_time(row.arrived_at)
        if row.left_at:
            note += _(", parti à %s") % french.clock_time(row.left_at)
    elif row.is_walk_in:
        note = _("sans réservation")
    elif row.is_justified is not None:
        note = _("justifiée") if row.is_justified else _("non justifiée")
    return {
        "child": row.child,
        "activity": row.activity,
        "kind": kind,
        "word": word,
        "icon": icon,
        "note": note,
    }


def _report_row(desk: Desk, report: Any) -> dict[str, Any]:
    kind, word = STATUS_TAGS[AbsenceStatus(report.status)]
    return {
        "report": report,
        "kind": kind,
        "word": word,
        "when": french.period(report.starts_on, report.ends_on),
        "url": desk.url("absence-detail", reference=report.reference),
    }


def report_page(desk: Desk) -> HttpResponse:
    """First the questions, then the effect day by day, then the sending."""
    request, now = desk.request, utc_now()
    today = paris_day(now)
    children = children_of(desk.family, today)
    at_creche = contracts_of(desk.family.pk).filter(ends_on__gte=today).exists()
    initial = {"child": request.GET.get("enfant"), "starts_on": _prefilled(request.GET, today)}
    posted = request.method == "POST"
    form = AbsenceForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        children=children,
        at_creche=at_creche,
        initial=initial,
    )
    if posted and request.POST.get("do") == "change":
        form = AbsenceForm(initial=_typed(request.POST), children=children, at_creche=at_creche)
    elif posted and form.is_valid():
        try:
            answer = _check_or_send(desk, form, now)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return answer
    return render(
        request,
        desk.template("report"),
        desk.context(
            form=form,
            children=children,
            kept=_document(desk, None, now) if posted else None,
            back=_list_url(desk),
        ),
        status=422 if form.errors else 200,
    )


def _list_url(desk: Desk) -> str:
    return desk.url("absence" if desk.is_agent else "absences")


def _prefilled(data: Any, today: date) -> date:
    try:
        return read_day(data.get("jour", ""))
    except ValueError:
        return today


def _typed(data: Any) -> dict[str, Any]:
    names = ("child", "starts_on", "ends_on", "reason", "comment")
    return {name: data.get(name, "") for name in names}


def _check_or_send(desk: Desk, form: AbsenceForm, now: Any) -> HttpResponse:
    data, request = form.cleaned_data, desk.request
    document = _document(desk, data.get("document"), now)
    child_ids = [data["child"]]
    schooling = schooling_of(schooling_on(child_ids, paris_day(now)))
    asked = {
        "family_id": desk.family.pk,
        "child_id": data["child"],
        "starts_on": data["starts_on"],
        "ends_on": data["ends_on"],
        "reason": data["reason"],
        "now": now,
        "schooling": schooling,
    }
    if request.POST.get("do") == "send":
        report = report_absence(
            **asked,
            comment=data["comment"],
            document_id=document.pk if document else None,
            key=_key(request.POST.get("key", "")),
            channel=desk.channel(request.POST.get("channel", "")),
            actor=desk.actor,
        )
        messages.success(request, _("L’absence est signalée : %s.") % report.reference)
        return redirect(desk.url("absence-detail", reference=report.reference))
    effects = preview_absence(**asked, has_document=document is not None)
    name = dict(form.fields["child"].choices)[data["child"]]
    return render(
        request,
        desk.template("confirm"),
        desk.context(
            form=form,
            data=data,
            name=name,
            when=french.period(data["starts_on"], data["ends_on"]),
            reason=AbsenceReason(data["reason"]).label,
            effects=[_effect_row(effect) for effect in effects],
            document=document,
            key=uuid.uuid4(),
            back=_list_url(desk),
        ),
    )


def _effect_row(effect: Any) -> dict[str, Any]:
    if effect.freed or effect.charged is False:
        kind, word = "ok", _("Non dû")
    elif effect.charged:
        kind, word = "bad", _("Dû")
    else:
        kind, word = "wait", _("À décider")
    return {
        "day": french.day(effect.on),
        "activity": effect.activity,
        "kind": kind,
        "word": word,
        "sentence": effect.sentence,
    }


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _document(desk: Desk, uploaded: Any, now: Any) -> Any:
    """The file just given, or the one kept from the step before, of this family alone."""
    if uploaded:
        return store_upload(uploaded=uploaded, family_id=desk.family.pk, actor=desk.actor, now=now)
    kept = _key(desk.request.POST.get("document_id", ""))
    return get_file(kept, family_id=desk.family.pk) if kept else None


class DocumentForm(forms.Form):
    """The certificate that comes after."""

    document = forms.FileField(
        label=_l("Ajouter un justificatif"),
        help_text=_l("Photo ou PDF."),
        error_messages={"required": _l("Choisissez un fichier.")},
    )


def detail_page(desk: Desk, reference: str) -> HttpResponse:
    """One report: what was said day by day, its status, its document."""
    request = desk.request
    report = get_absence(reference, family_id=desk.family.pk)
    if report is None:
        raise Http404
    posted = request.method == "POST"
    form = DocumentForm(request.POST if posted else None, request.FILES if posted else None)
    if posted and form.is_valid():
        now = utc_now()
        try:
            stored = _document(desk, form.cleaned_data["document"], now)
            add_document(
                report_id=report.pk,
                family_id=desk.family.pk,
                document_id=stored.pk,
                now=now,
                actor=desk.actor,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Le justificatif est ajouté."))
            return redirect(desk.url("absence-detail", reference=reference))
    kind, word = STATUS_TAGS[AbsenceStatus(report.status)]
    effects = [
        {
            "day": french.day(date.fromisoformat(e["day"])),
            "activity": e["activity"],
            "kind": "bad" if e["charged"] else "wait" if e["charged"] is None else "ok",
            "word": _("Dû")
            if e["charged"]
            else (_("À décider") if e["charged"] is None else _("Non dû")),
            "sentence": e["sentence"],
        }
        for e in report.effects
    ]
    return render(
        request,
        desk.template("detail"),
        desk.context(
            report=report,
            kind=kind,
            word=word,
            effects=effects,
            form=form,
            when=french.period(report.starts_on, report.ends_on),
            document_url=(
                desk.url("absence-document", file_id=report.document_id)
                if report.document_id
                else ""
            ),
            back=_list_url(desk),
        ),
        status=422 if form.errors else 200,
    )


def document_page(desk: Desk, file_id: uuid.UUID) -> HttpResponse:
    """The document given with an absence of the household."""
    if not family_holds_absence_file(file_id, desk.family.pk):
        raise Http404
    stored = get_file(file_id)
    if stored is None:
        raise Http404
    return file_response(stored)
