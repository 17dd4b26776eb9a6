"""Contracts: signed, amended, re-priced, ended; what was agreed is never rewritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction

from preau.catalogue import queries as catalogue
from preau.childcare.enums import WishStatus
from preau.childcare.errors import (
    BadDates,
    ContractOverlaps,
    MonthClosed,
    NotBorn,
    NotFirstOfMonth,
    NoticeTooShort,
    NotThisAge,
    SectionFull,
)
from preau.childcare.models import Contract, Section, Statement, Terms
from preau.childcare.queries.occupancy import week_heads
from preau.childcare.queries.places import care_settings, is_of_age
from preau.childcare.rules.instalments import Instalment, instalment
from preau.childcare.rules.week import (
    Span,
    Week,
    checked_spans,
    lengths,
    read_week,
    stored,
    week_words,
)
from preau.childcare.services.common import child_name, journal, lock_child
from preau.childcare.services.wishes import lock_open
from preau.childcare.tariffs import Tariff, hourly_tariff
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.codes import random_code
from preau.kernel.locks import lock_rows

NO_WEEKS = Decimal(0)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a contract would be: its price and its instalment, before anybody signs."""

    tariff: Tariff
    instalment: Instalment
    closed: tuple[date, ...]


def closed_days(establishment_id: int, first: date, last: date) -> tuple[date, ...]:
    """Public holidays and closings of the town or of the crèche; three queries."""
    found = catalogue.day_calendar(first, last, establishment_id=establishment_id)
    return tuple(day for day, info in found.items() if info.is_public_holiday or info.closed_reason)


def agree(
    *,
    family_id: int,
    establishment_id: int,
    first: date,
    last: date,
    week: Week,
    weeks_off: Decimal,
) -> Agreed:
    """The arithmetic of a contract, writing nothing. Raises NoIncome, NoPrice, BadWeek."""
    week = checked_spans(week)
    tariff = hourly_tariff(family_id=family_id, establishment_id=establishment_id, day=first)
    closed = closed_days(establishment_id, first, last)
    return Agreed(
        tariff,
        instalment(
            week=week,
            first=first,
            last=last,
            closed=frozenset(closed),
            weeks_off=weeks_off,
            hourly_cents=tariff.hourly_cents,
        ),
        closed,
    )


@transaction.atomic
def sign_contract(
    *,
    child_id: int,
    family_id: int,
    section_id: int,
    starts_on: date,
    ends_on: date,
    week: Week,
    now: datetime,
    actor: Actor,
    weeks_off: Decimal = NO_WEEKS,
    adaptation: Sequence[tuple[date, Span]] = (),
    preregistration_id: int | None = None,
    allow_full: bool = False,
) -> Contract:
    """Write a contract and its first terms.

    `adaptation` are days before the start, each with its hours. Raises BadWeek, BadDates,
    ContractOverlaps, NotBorn, NotThisAge, SectionFull (unless `allow_full`), NoIncome, NoPrice.
    """
    week = checked_spans(week)
    if ends_on < starts_on or any(day >= starts_on for day, _span in adaptation):
        raise BadDates
    child = families.get_children([child_id])[child_id]
    if child.birth_on is None:
        raise NotBorn
    lock_child(child_id)
    section = lock_rows(Section.objects.all(), [section_id])[0]
    if not is_of_age(section, child.birth_on, starts_on):
        raise NotThisAge
    if not allow_full:
        _check_room(section, week, starts_on, ends_on)
    agreed = agree(
        family_id=family_id,
        establishment_id=section.establishment_id,
        first=starts_on,
        last=ends_on,
        week=week,
        weeks_off=weeks_off,
    )
    contract = Contract(
        child_id=child_id,
        family_id=family_id,
        establishment_id=section.establishment_id,
        section=section,
        starts_on=starts_on,
        ends_on=ends_on,
        weekly_minutes=lengths(week),
        adaptation=[
            [day.isoformat(), *span] for day, span in sorted(adaptation, key=lambda step: step[0])
        ],
        punch_code=random_code(6),
        preregistration_id=preregistration_id,
        created_at=now,
    )
    try:
        with transaction.atomic():
            contract.save(force_insert=True)
    except IntegrityError as error:
        raise ContractOverlaps from error
    _write_terms(
        contract, starts_on, week, weeks_off, agreed, Terms.Cause.SIGNED, "", now=now, actor=actor
    )
    if preregistration_id is not None:
        wish = lock_open(preregistration_id)
        wish.status = WishStatus.ADMITTED
        wish.save(update_fields=["status"])
        wish.offers.filter(status="PENDING").update(
            status="ACCEPTED", answered_at=now, answered_by=actor.label
        )
    journal(
        contract,
        "sign_contract",
        f"Contrat de crèche : {child_name(child_id)}, {week_words(lengths(week))}, "
        f"{french.period(starts_on, ends_on, year=True)}, "
        f"{french.euros(agreed.instalment.cents)} par mois"
        + (" (section complète, accueil en surnombre)" if allow_full else ""),
        now,
        actor,
    )
    return contract


@transaction.atomic
def amend_contract(
    *,
    contract_id: int,
    applies_from: date,
    week: Week,
    weeks_off: Decimal,
    reason: str,
    now: datetime,
    actor: Actor,
    ends_on: date | None = None,
    section_id: int | None = None,
    allow_full: bool = False,
) -> Terms:
    """An amendment from the first of a month on: other hours, other weeks off, another end.

    `weeks_off` are those still to come. Raises NotFirstOfMonth, MonthClosed, BadDates, BadWeek,
    SectionFull, NoIncome, NoPrice, ContractOverlaps.
    """
    contract = _lock(contract_id)
    week = checked_spans(week)
    last = ends_on or contract.ends_on
    _check_month(contract, applies_from)
    if last < applies_from:
        raise BadDates
    section = lock_rows(Section.objects.all(), [section_id or contract.section_id or 0])[0]
    if not allow_full:
        _check_room(section, week, applies_from, last, except_contract=contract.pk)
    agreed = agree(
        family_id=contract.family_id,
        establishment_id=contract.establishment_id,
        first=applies_from,
        last=last,
        week=week,
        weeks_off=weeks_off,
    )
    contract.ends_on, contract.section = last, section
    try:
        with transaction.atomic():
            contract.save(update_fields=["ends_on", "section"])
    except IntegrityError as error:
        raise ContractOverlaps from error
    terms = _write_terms(
        contract,
        applies_from,
        week,
        weeks_off,
        agreed,
        Terms.Cause.AMENDED,
        reason.strip()[:200],
        now=now,
        actor=actor,
    )
    journal(
        contract,
        "amend_contract",
        f"Avenant au contrat de crèche de {child_name(contract.child_id)} à partir du "
        f"{french.day(applies_from, year=True, weekday=False)} : {week_words(lengths(week))}, "
        f"{french.euros(terms.instalment_cents)} par mois",
        now,
        actor,
        data={"reason": reason},
    )
    return terms


@transaction.atomic
def revise_tariffs(
    *, applies_from: date, establishment_ids: Sequence[int], now: datetime, actor: Actor
) -> tuple[int, list[str]]:
    """Price again the running contracts from the first of a month: new incomes, new bounds.

    How many changed, and the sentences of those that could not be priced.
    """
    if applies_from.day != 1:
        raise NotFirstOfMonth
    changed, refused = 0, []
    running = Contract.objects.filter(
        establishment_id__in=list(establishment_ids),
        starts_on__lt=applies_from,
        ends_on__gte=applies_from,
    ).order_by("pk")
    for contract in lock_rows(Contract.objects.all(), running.values_list("pk", flat=True)):
        current = contract.terms.filter(applies_from__lte=applies_from).last()
        if current is None or current.applies_from == applies_from:
            continue
        try:
            _check_month(contract, applies_from)
            week = read_week(current.week)
            left = max(NO_WEEKS, current.weeks_off - _weeks_taken(contract, current, applies_from))
            agreed = agree(
                family_id=contract.family_id,
                establishment_id=contract.establishment_id,
                first=applies_from,
                last=contract.ends_on,
                week=week,
                weeks_off=left,
            )
        except (NotFirstOfMonth, MonthClosed) as refusal:
            refused.append(f"{child_name(contract.child_id)} : {refusal}")
            continue
        if agreed.tariff.hourly_cents == current.hourly_cents:
            continue
        _write_terms(
            contract,
            applies_from,
            week,
            left,
            agreed,
            Terms.Cause.TARIFF,
            "révision du tarif",
            now=now,
            actor=actor,
        )
        changed += 1
        journal(
            contract,
            "revise_tariff",
            f"Crèche de {child_name(contract.child_id)} : "
            f"{french.euros(agreed.tariff.hourly_cents)} de l’heure au lieu de "
            f"{french.euros(current.hourly_cents)} à partir du "
            f"{french.day(applies_from, year=True, weekday=False)}",
            now,
            actor,
        )
    return changed, refused


@transaction.atomic
def end_contract(
    *,
    contract_id: int,
    ends_on: date,
    reason: str,
    now: datetime,
    actor: Actor,
    notified_on: date | None = None,
    waives_notice: bool = False,
) -> Contract:
    """The contract's last day becomes `ends_on`. Raises BadDates, NoticeTooShort, MonthClosed.

    The notice counts from the day on which the family said it (`notified_on`, else today).
    """
    contract = _lock(contract_id)
    told = notified_on or paris_day(now)
    if not contract.starts_on <= ends_on <= contract.ends_on:
        raise BadDates("Le dernier jour doit être dans le contrat.")
    earliest = told + timedelta(days=care_settings().notice_days)
    if ends_on < min(earliest, contract.ends_on) and not waives_notice:
        raise NoticeTooShort(
            f"Avec le préavis, le contrat finit au plus tôt le "
            f"{french.day(earliest, year=True, weekday=False)}."
        )
    if Statement.objects.filter(contract=contract, month__gte=ends_on.replace(day=1)).exists():
        raise MonthClosed(
            "Le relevé du mois de ce dernier jour est déjà arrêté : rouvrez-le d’abord."
        )
    contract.ends_on = ends_on
    contract.notified_on = told
    contract.ended_reason = reason.strip()[:200]
    contract.save(update_fields=["ends_on", "notified_on", "ended_reason"])
    journal(
        contract,
        "end_contract",
        f"Fin du contrat de crèche de {child_name(contract.child_id)} le "
        f"{french.day(ends_on, year=True, weekday=False)}"
        + (" (préavis levé)" if waives_notice else ""),
        now,
        actor,
        data={"reason": contract.ended_reason},
    )
    return contract


def _lock(contract_id: int) -> Contract:
    return Contract.objects.select_for_update(no_key=True, of=("self",)).get(pk=contract_id)


def _check_month(contract: Contract, applies_from: date) -> None:
    if applies_from.day != 1 or not contract.starts_on < applies_from <= contract.ends_on:
        raise NotFirstOfMonth
    if contract.terms.filter(applies_from__gte=applies_from).exists():
        raise NotFirstOfMonth("Un avenant commence déjà ce jour-là, ou plus tard.")
    if Statement.objects.filter(contract=contract, month__gte=applies_from).exists():
        raise MonthClosed


def _weeks_taken(contract: Contract, terms: Terms, before: date) -> Decimal:
    """Weeks off already taken under these terms, to the tenth."""
    by_day = lengths(read_week(terms.week))
    closed = {date.fromisoformat(day) for day in terms.closed_days}
    taken = 0
    for absence in contract.absences.filter(reason="LEAVE", cancelled_at__isnull=True):
        day = max(absence.starts_on, terms.applies_from)
        while day <= absence.ends_on and day < before:
            if day.weekday() < len(by_day) and day not in closed:
                taken += by_day[day.weekday()]
            day += timedelta(days=1)
    return (Decimal(taken) / Decimal(sum(by_day) or 1)).quantize(Decimal("0.1"))


def _check_room(
    section: Section, week: Week, first: date, last: date, *, except_contract: int | None = None
) -> None:
    """No half-hour of the week holds more children than the section has places."""
    taken = week_heads(section, first, last, except_contract=except_contract)
    mine = week_heads(section, first, last, only=week)
    if any(
        a + b > section.capacity
        for there, here in zip(taken, mine, strict=True)
        for a, b in zip(there, here, strict=True)
        if b
    ):
        raise SectionFull


def _write_terms(
    contract: Contract,
    applies_from: date,
    week: Week,
    weeks_off: Decimal,
    agreed: Agreed,
    cause: Terms.Cause,
    reason: str,
    *,
    now: datetime,
    actor: Actor,
) -> Terms:
    return Terms.objects.create(
        contract=contract,
        applies_from=applies_from,
        cause=cause,
        reason=reason,
        week=stored(week),
        weeks_off=weeks_off,
        closed_days=[day.isoformat() for day in agreed.closed],
        hourly_cents=agreed.tariff.hourly_cents,
        tariff_sentences=list(agreed.tariff.sentences),
        rulebook_version_id=agreed.tariff.version_id,
        minutes=agreed.instalment.minutes,
        months=agreed.instalment.months,
        instalment_cents=agreed.instalment.cents,
        regime=agreed.tariff.regime,
        signed_at=now,
        signed_by=actor.label,
    )
