"""Contracts: the list, a new one, its page, amendments, its end, incomes, absences, new tariffs."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.accounts.enums import Permission
from preau.childcare import queries, services
from preau.childcare.enums import CareAbsence, IncomeSource, Regime
from preau.childcare.monthly import reckon
from preau.childcare.rules.instalments import instalment
from preau.childcare.rules.week import read_week, span_words, week_short, week_words
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number, search_key
from preau.townhall.access import agent_required
from preau.townhall.childcare.contracts_table import COLUMNS, terms_now, with_papers
from preau.townhall.childcare.forms import (
    AbsenceForm,
    AmendForm,
    ContractForm,
    EndForm,
    IncomeForm,
    ReviseForm,
)
from preau.townhall.childcare.scope import (
    SECTION,
    contract_or_404,
    file_or_404,
    files,
    site_ids,
    sites,
    today,
)
from preau.townhall.families.scope import get_family_or_404
from preau.ui.exports import export_table

PER_PAGE = 30


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def contracts(request: HttpRequest) -> HttpResponseBase:
    """The contracts in force or to begin; all of them on request."""
    ids = site_ids(request)
    everything = request.GET.get("etat") == "tous"
    unsigned = request.GET.get("etat") == "a-signer"
    found = (
        queries.all_contracts(ids) if everything else queries.running_contracts(today(), ids)
    ).prefetch_related("terms")
    text = request.GET.get("q", "").strip()
    for word in search_key(text).split()[:4]:
        found = found.filter(child__search_key__contains=word)
    site = request.GET.get("creche", "")
    if is_number(site):
        found = found.filter(establishment_id=int(site))
    if unsigned:
        found = found.filter(pk__in=queries.unsigned_contracts())
    if "export" in request.GET:
        return export_table(request.GET["export"], "contrats-creche", COLUMNS, with_papers(found))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    papers = queries.papers_of_contracts(page, today())
    for row in page:
        row.paper = next((p for p in papers.get(row.pk, []) if not p.is_signed), None)
        row.week_words = week_short(row.weekly_minutes)
        row.now_terms = terms_now(row)
    return render(
        request,
        "townhall/childcare/contracts.html",
        {
            "page": page,
            "text": text,
            "everything": everything,
            "unsigned": unsigned,
            "site": site,
            "sites": sites(request),
            "revise": ReviseForm(initial={"applies_from": _next_month()}),
            "section": SECTION,
        },
    )


def _next_month() -> date:
    return (today().replace(day=1) + timedelta(days=32)).replace(day=1)


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract of a child on the list: prefilled from the place that the family accepted."""
    row = file_or_404(request, pk)
    offer = queries.accepted_offer(row.pk)
    starts_on = offer.starts_on if offer else max(row.wished_from, today())
    sections = queries.sections(site_ids(request))
    form = ContractForm(
        request.POST if request.method == "POST" else None,
        sections=sections,
        week=offer.week if offer else row.week,
        initial={
            "section": offer.section_id if offer else None,
            "starts_on": starts_on,
            "ends_on": offer.ends_on
            if offer
            else services.end_of_stay(row.child.birth_on, starts_on),
        },
    )
    income = queries.incomes_of(row.family_id).first()
    simulated = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            if request.POST.get("act") == "simulate":
                simulated = _simulate(row.family_id, sections, form)
            else:
                signed = services.sign_contract(
                    child_id=row.child_id,
                    family_id=row.family_id,
                    section_id=data["section"],
                    starts_on=data["starts_on"],
                    ends_on=data["ends_on"],
                    week=form.week(),
                    weeks_off=data["weeks_off"] or Decimal(0),
                    adaptation=data["adaptation"],
                    allow_full=data["allow_full"],
                    preregistration_id=row.pk,
                    now=utc_now(),
                    actor=request.actor,
                )
                messages.success(
                    request,
                    _("Le contrat de %(name)s est écrit : il reste à le faire signer.")
                    % {"name": row.child},
                )
                return redirect("townhall:childcare-contract", signed.pk)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return render(
        request,
        "townhall/childcare/sign.html",
        {
            "row": row,
            "form": form,
            "income": income,
            "simulated": simulated,
            "hours": week_words(row.weekly_minutes),
            "section": SECTION,
        },
        status=422 if form.errors else 200,
    )


def _simulate(family_id: int, sections: Any, form: ContractForm) -> dict[str, Any]:
    """Price and instalment before anybody signs."""
    data = form.cleaned_data
    section = next(row for row in sections if row.pk == data["section"])
    weeks_off = data["weeks_off"] or Decimal(0)
    agreed = services.agree(
        family_id=family_id,
        establishment_id=section.establishment_id,
        first=data["starts_on"],
        last=data["ends_on"],
        week=form.week(),
        weeks_off=weeks_off,
    )
    return {
        "tariff": agreed.tariff,
        "instalment": agreed.instalment,
        "sentences": agreed.instalment.sentences(weeks_off),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def contract(request: HttpRequest, pk: int) -> HttpResponse:
    """One contract: what is agreed and its arithmetic, absences, months, corrections."""
    row = contract_or_404(request, pk)
    terms = queries.terms_on(row, today())
    absence = AbsenceForm(
        request.POST if request.POST.get("act") == "absence" else None,
        initial={"starts_on": today(), "ends_on": today()},
    )
    if request.method == "POST" and absence.is_valid():
        try:
            saved = services.report_absence(
                contract_id=row.pk,
                starts_on=absence.cleaned_data["starts_on"],
                ends_on=absence.cleaned_data["ends_on"],
                reason=CareAbsence(absence.cleaned_data["reason"]),
                channel=request.actor.channel,
                now=utc_now(),
                actor=request.actor,
            )
            if absence.cleaned_data["certificate"]:
                services.add_certificate(absence_id=saved.pk, now=utc_now(), actor=request.actor)
            messages.success(request, _("L’absence est notée."))
            return redirect("townhall:childcare-contract", row.pk)
        except Refusal as refusal:
            absence.add_error(None, str(refusal))
    return render(
        request,
        "townhall/childcare/contract.html",
        {
            "row": row,
            "terms": terms,
            "history": [(one, week_words(_lengths(one))) for one in row.terms.all()],
            "week": [
                (french.WEEKDAYS[i].capitalize(), span_words(span))
                for i, span in enumerate(read_week(terms.week))
            ]
            if terms
            else [],
            "hours": week_words(_lengths(terms)) if terms else "",
            "arithmetic": _arithmetic(row, terms),
            "steps": [
                (date.fromisoformat(step[0]), span_words((step[1], step[2])))
                for step in row.adaptation
            ],
            "absences": queries.absences_of(row.pk)[:20],
            "statements": queries.statements_of_contract(row.pk)[:24],
            "corrections": queries.corrections_of(row.pk)[:10],
            "papers": queries.papers_of(row, today()),
            "this_month": next(iter(reckon([row], today().replace(day=1))), None),
            "absence": absence,
            "section": SECTION,
        },
        status=422 if absence.is_bound else 200,
    )


def _lengths(terms: Any) -> list[int]:
    return [span[1] - span[0] if span else 0 for span in terms.week]


def _arithmetic(row: Any, terms: Any) -> tuple[str, ...]:
    """The sentences of the instalment in force, worked out again from its own terms."""
    if terms is None:
        return ()
    found = instalment(
        week=read_week(terms.week),
        first=terms.applies_from,
        last=_end_of(row, terms),
        closed={date.fromisoformat(day) for day in terms.closed_days},
        weeks_off=terms.weeks_off,
        hourly_cents=terms.hourly_cents,
    )
    if found.cents != terms.instalment_cents:  # the end was changed since
        return (
            f"{french.minutes(terms.minutes)} × {french.euros(terms.hourly_cents)} de l’heure ÷ "
            f"{french.count(terms.months, 'mois', 'mois')} = "
            f"{french.euros(terms.instalment_cents)} par mois.",
        )
    return found.sentences(terms.weeks_off)


def _end_of(row: Any, terms: Any) -> date:
    return max(row.ends_on, terms.applies_from)


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def amend(request: HttpRequest, pk: int) -> HttpResponse:
    """An amendment from the first of a month on."""
    row = contract_or_404(request, pk)
    terms = queries.terms_on(row, row.ends_on)
    form = AmendForm(
        request.POST if request.method == "POST" else None,
        sections=queries.sections([row.establishment_id]),
        week=terms.week if terms else None,
        initial={
            "applies_from": _next_month(),
            "section": row.section_id,
            "ends_on": row.ends_on,
            "weeks_off": terms.weeks_off if terms else 0,
        },
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.amend_contract(
                contract_id=row.pk,
                applies_from=data["applies_from"],
                ends_on=data["ends_on"],
                section_id=data["section"],
                week=form.week(),
                weeks_off=data["weeks_off"] or Decimal(0),
                reason=data["reason"],
                allow_full=data["allow_full"],
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("L’avenant est écrit : il reste à le faire signer."))
            return redirect("townhall:childcare-contract", row.pk)
    return render(
        request,
        "townhall/childcare/amend.html",
        {"row": row, "form": form, "section": SECTION},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract ends before its last day, with its notice."""
    row = contract_or_404(request, pk)
    form = EndForm(
        request.POST if request.method == "POST" else None, initial={"notified_on": today()}
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.end_contract(
                contract_id=row.pk, now=utc_now(), actor=request.actor, **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error("ends_on", str(refusal))
        else:
            messages.success(request, _("La fin du contrat est enregistrée."))
            return redirect("townhall:childcare-contract", row.pk)
    return render(
        request,
        "townhall/childcare/end.html",
        {
            "row": row,
            "form": form,
            "notice": queries.care_settings().notice_days,
            "section": SECTION,
        },
        status=422 if form.is_bound else 200,
    )


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def absence_act(request: HttpRequest, pk: int, absence: int) -> HttpResponse:
    """A certificate came, or the absence was a mistake."""
    row = contract_or_404(request, pk)
    found = queries.get_absence(absence, contract_id=row.pk)
    if found is None:
        raise Http404
    act = (
        services.cancel_absence
        if request.POST.get("act") == "cancel"
        else (services.add_certificate)
    )
    act(absence_id=found.pk, now=utc_now(), actor=request.actor)
    messages.success(request, _("L’absence est mise à jour."))
    return redirect("townhall:childcare-contract", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def income(request: HttpRequest, code: str) -> HttpResponse:
    """The resources of a household that waits, or has a contract, in one of the agent's crèches."""
    family = families.get_family_by_code(code)
    if family is None or not _is_theirs(request, family.pk):
        raise Http404
    last = queries.incomes_of(family.pk).first()
    form = IncomeForm(
        request.POST if request.method == "POST" else None,
        initial={
            "children": last.children if last else len(families.children_of(family, today())) or 1,
            "has_disabled_child": last.has_disabled_child if last else False,
            "regime": last.regime if last else Regime.GENERAL,
            "source": last.source if last else IncomeSource.CDAP,
            "starts_on": today().replace(day=1),
        },
    )
    back = request.GET.get("retour", "")
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        services.record_income(
            family_id=family.pk,
            annual_cents=data.pop("annual"),
            regime=Regime(data.pop("regime")),
            source=IncomeSource(data.pop("source")),
            now=utc_now(),
            actor=request.actor,
            **data,
        )
        messages.success(request, _("Les ressources sont enregistrées."))
        if is_number(back):
            return redirect("townhall:childcare-sign", int(back))
        return redirect("townhall:childcare-income", family.code)
    return render(
        request,
        "townhall/childcare/income.html",
        {
            "family": family,
            "form": form,
            "rows": queries.incomes_of(family.pk),
            "section": SECTION,
        },
        status=422 if form.is_bound else 200,
    )


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def family(request: HttpRequest, code: str) -> HttpResponse:
    """The crèche of one household, from its file: waiting files, contracts, incomes, months."""
    found = families.get_family_by_code(code)
    is_theirs = found is not None and _is_theirs(request, found.pk)
    if found is None or not is_theirs:
        # Who sees the file reads that no crèche of theirs knows it; nobody else learns even that.
        if Permission.SEE_FAMILIES not in request.permissions:
            raise Http404
        found = get_family_or_404(request, code)
    ids = set(site_ids(request))
    return render(
        request,
        "townhall/childcare/family.html",
        {
            "family": found,
            "is_theirs": is_theirs,
            "wishes": list(files(request).filter(family_id=found.pk)),
            "contracts": queries.contracts_of(found.pk).filter(establishment_id__in=ids),
            "incomes": queries.incomes_of(found.pk)[:3] if is_theirs else [],
            "statements": [
                row
                for row in queries.statements_of_family(found.pk)[:24]
                if row.establishment_id in ids
            ],
            "section": "townhall:families",
        },
    )


def _is_theirs(request: HttpRequest, family_id: int) -> bool:
    return (
        files(request).filter(family_id=family_id).exists()
        or queries.contracts_of(family_id).filter(establishment_id__in=site_ids(request)).exists()
    )


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def revise(request: HttpRequest) -> HttpResponse:
    """Price every running contract again: new incomes in January, a new cap."""
    form = ReviseForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Indiquez le premier jour d’un mois."))
        return redirect("townhall:childcare-contracts")
    try:
        changed, refused = services.revise_tariffs(
            applies_from=form.cleaned_data["applies_from"],
            establishment_ids=site_ids(request),
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Contrats dont le tarif change : %(n)s.") % {"n": changed})
        for sentence in refused[:10]:
            messages.warning(request, sentence)
    return redirect("townhall:childcare-contracts")
