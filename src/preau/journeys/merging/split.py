"""One household becomes two, from a day on: who leaves takes a new file.

Adults leave with their accounts, children with their custody; enrolments and days booked from that
day follow. What is past stays, and money too: what was owed is owed by the file that remains.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from preau.audit.services import record
from preau.bookings.enums import LIVE
from preau.families import queries as families
from preau.families.custody import in_week
from preau.families.enums import CustodyWeeks
from preau.families.rules import household_name
from preau.families.services import lock_family, open_family, refresh_search
from preau.families.values import AddressData, GuardianData
from preau.journeys.merging.record import Changes, newest_ids, rows_of
from preau.journeys.merging.told import RolledBack, Told
from preau.journeys.models import FamilyAct
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.errors import Refusal
from preau.kernel.locks import lock_form

STAYS = "STAYS"


class SplitRefused(Refusal):
    message = "Ce foyer ne peut pas être séparé ainsi."
    code = "split_refused"


@dataclass(frozen=True, slots=True)
class Parting:
    """Who leaves, and from when. `children`: id → the weeks that it will live in the new home
    (ALL: it leaves; EVEN or ODD: the two homes share it); those not named stay."""

    from_on: date
    adults: tuple[int, ...]
    children: Mapping[int, str]
    address: AddressData
    name: str = ""
    keep_quotient: bool = False


def preview_split(*, family_id: int, parting: Parting, now: datetime, actor: Actor) -> Told:
    """What the split would do: it is done, told, and rolled back. Raises SplitRefused."""
    told = Told()
    try:
        with transaction.atomic():
            _Split(family_id, parting, now, actor, told).run()
            raise RolledBack
    except RolledBack:
        return told


@transaction.atomic
def split_family(
    *, family_id: int, parting: Parting, key: uuid.UUID, now: datetime, actor: Actor
) -> FamilyAct:
    """Part the household. The same `key` acts once. Raises SplitRefused, MissingAddress."""
    lock_form(key)
    known = FamilyAct.objects.filter(key=key).first()
    if known is not None:
        return known
    told = Told()
    split = _Split(family_id, parting, now, actor, told)
    split.run()
    act = FamilyAct.objects.create(
        kind=FamilyAct.Kind.SPLIT,
        family_id=family_id,
        other_id=split.new.pk,
        from_on=parting.from_on,
        report=told.as_json(),
        changes={"steps": split.changes.steps, "last_entry": newest_ids()},
        key=key,
        at=now,
        by_label=actor.label,
    )
    for pk, text in (
        (family_id, f"Foyer séparé : nouveau dossier {split.new.printed_code}"),
        (split.new.pk, f"Dossier né du dossier {split.old.printed_code}, séparé"),
    ):
        record(
            actor=actor,
            now=now,
            action="journeys.split_family",
            summary=text,
            family_id=pk,
            object_type="journeys.FamilyAct",
            object_id=act.pk,
        )
    return act


@dataclass(slots=True)
class _Moved:
    enrolments: int = 0
    days: int = 0
    pieces: int = 0
    requests: int = 0
    kept_days: list[int] = field(default_factory=list)


class _Split:
    def __init__(
        self, family_id: int, parting: Parting, now: datetime, actor: Actor, told: Told
    ) -> None:
        self.parting, self.now, self.actor, self.told = parting, now, actor, told
        self.day = paris_day(now)
        self.changes, self.moved = Changes(), _Moved()
        self.old = lock_family(family_id)
        self.new: Any = None

    def run(self) -> None:
        self._check()
        self._open()
        for child_id, weeks in self.parting.children.items():
            self._child(child_id, weeks)
        self._quotient()
        self._fees()
        refresh_search([self.old.pk, self.new.pk])
        self._tell()

    def _check(self) -> None:
        parting = self.parting
        if parting.from_on < self.day:
            raise SplitRefused("La séparation commence aujourd’hui ou plus tard : le passé reste.")
        adults = {adult.pk: adult for adult in families.guardians_of(self.old)}
        if not parting.adults or not set(parting.adults) <= set(adults):
            raise SplitRefused("Dites quel adulte part.")
        if len(parting.adults) == len(adults):
            raise SplitRefused("Un adulte au moins reste dans le dossier.")
        here = {child.pk for child in families.children_of(self.old, parting.from_on)}
        if not set(parting.children) <= here:
            raise SplitRefused("Un de ces enfants n’est pas dans le dossier.")
        self.adults = [adults[pk] for pk in parting.adults]

    def _open(self) -> None:
        """The new file, opened with its leaving adults' own rows: accounts go with them."""
        first = self.adults[0]
        name = self.parting.name or household_name(a.usage_name or a.last_name for a in self.adults)
        self.new = open_family(
            name=name,
            address=self.parting.address,
            guardians=[GuardianData(last_name=first.last_name, first_name=first.first_name)],
            channel=self.actor.channel,
            now=self.now,
            actor=self.actor,
        )
        rows_of("families.Guardian").filter(family_id=self.new.pk).delete()
        ids = [adult.pk for adult in self.adults]
        was_payer = any(adult.is_payer for adult in self.adults)
        self.changes.update("families.Guardian", ids, family_id=self.new.pk, is_payer=False)
        self.changes.update("families.Guardian", ids[:1], is_payer=True)
        if was_payer:
            stay = families.guardians_of(self.old).first()
            assert stay is not None
            self.changes.update("families.Guardian", [stay.pk], is_payer=True)
            self.told.warn(f"{stay} devient redevable du dossier qui reste.")
        for adult in self.adults:
            self.told.say(f"{adult} part, avec son accès en ligne.")

    # -- Children -------------------------------------------------------------------------------

    def _child(self, child_id: int, weeks: str) -> None:
        start = self.parting.from_on
        custody = (
            rows_of("families.Custody")
            .filter(
                Q(ends_on__isnull=True) | Q(ends_on__gte=start),
                child_id=child_id,
                family_id=self.old.pk,
                starts_on__lte=start,
            )
            .select_related("child")
            .first()
        )
        assert custody is not None  # _check saw it
        stays = {CustodyWeeks.EVEN: CustodyWeeks.ODD, CustodyWeeks.ODD: CustodyWeeks.EVEN}.get(
            CustodyWeeks(weeks)
        )
        if custody.starts_on == start:
            self.changes.delete("families.Custody", [custody.pk])
        else:
            self.changes.update("families.Custody", [custody.pk], ends_on=start - timedelta(days=1))
        homes = [(self.new.pk, weeks)] + ([(self.old.pk, stays)] if stays else [])
        for family_id, lived in homes:
            self.changes.create(
                "families.Custody",
                child_id=child_id,
                family_id=family_id,
                weeks=lived,
                starts_on=start,
                ends_on=custody.ends_on,
            )
        enrolment_of = self._enrolments(child_id, both=bool(stays))
        self._days(child_id, weeks, enrolment_of)
        if not stays:
            self._papers(child_id)
        self.told.say(
            f"{custody.child} : {CustodyWeeks(weeks).label} dans le nouveau foyer"
            + (f", {stays.label} dans celui-ci." if stays else ".")
        )

    def _enrolments(self, child_id: int, *, both: bool) -> dict[int, int]:
        """Old enrolment → that of the new file; a shared child keeps both."""
        start = self.parting.from_on
        found = {}
        for row in rows_of("enrolments.Enrolment").filter(
            child_id=child_id, family_id=self.old.pk, status="ACTIVE", ends_on__gte=start
        ):
            self.moved.enrolments += 1
            if row.starts_on >= start and not both:
                self.changes.update("enrolments.Enrolment", [row.pk], family_id=self.new.pk)
                found[row.pk] = row.pk
                continue
            new = self.changes.create(
                "enrolments.Enrolment",
                child_id=child_id,
                family_id=self.new.pk,
                offering_id=row.offering_id,
                starts_on=max(start, row.starts_on),
                ends_on=row.ends_on,
                channel=self.actor.channel,
                created_at=self.now,
                request_id=row.request_id,
            )
            found[row.pk] = new.pk
            if not both:
                self.changes.update(
                    "enrolments.Enrolment",
                    [row.pk],
                    ends_on=start - timedelta(days=1),
                    ended_reason="Foyer séparé",
                )
        return found

    def _days(self, child_id: int, weeks: str, enrolment_of: Mapping[int, int]) -> None:
        rows = (
            rows_of("bookings.Booking")
            .filter(
                child_id=child_id,
                family_id=self.old.pk,
                slot__day__gte=self.parting.from_on,
                enrolment_id__in=list(enrolment_of),
            )
            .values_list("pk", "slot__day", "enrolment_id", "status")
        )
        by_enrolment: dict[int, list[int]] = {}
        for pk, day, enrolment_id, status in rows:
            if in_week(weeks, day):
                by_enrolment.setdefault(enrolment_id, []).append(pk)
                self.moved.days += status in LIVE
        for enrolment_id, ids in by_enrolment.items():
            self.changes.update(
                "bookings.Booking",
                ids,
                family_id=self.new.pk,
                enrolment_id=enrolment_of[enrolment_id],
            )
        came = rows_of("attendance.Attendance").filter(
            child_id=child_id, family_id=self.old.pk, slot__day__gte=self.parting.from_on
        )
        ids = [pk for pk, day in came.values_list("pk", "slot__day") if in_week(weeks, day)]
        self.changes.update("attendance.Attendance", ids, family_id=self.new.pk)

    def _papers(self, child_id: int) -> None:
        """A child who leaves for good takes its pieces and the requests that wait."""
        pieces = rows_of("enrolments.ProvidedDocument").filter(
            child_id=child_id, family_id=self.old.pk
        )
        files = list(pieces.values_list("file_id", flat=True))
        self.moved.pieces += self.changes.update(
            "enrolments.ProvidedDocument",
            list(pieces.values_list("pk", flat=True)),
            family_id=self.new.pk,
        )
        self.changes.update("documents.StoredFile", files, family_id=self.new.pk)
        waiting = rows_of("casework.Request").filter(
            child_id=child_id,
            family_id=self.old.pk,
            status__in=("SUBMITTED", "WAITING_FAMILY"),
        )
        self.moved.requests += self.changes.update(
            "casework.Request", list(waiting.values_list("pk", flat=True)), family_id=self.new.pk
        )

    def _quotient(self) -> None:
        known = families.quotient_on(self.old.pk, self.parting.from_on)
        if known is None:
            return
        if not self.parting.keep_quotient:
            self.told.warn(
                "Le nouveau foyer n’a pas de quotient : le tarif le plus élevé s’y applique "
                "jusqu’à ce qu’il donne le sien."
            )
            return
        self.changes.create(
            "families.Quotient",
            family_id=self.new.pk,
            value_cents=known.value_cents,
            source=known.source,
            starts_on=self.parting.from_on,
            ends_on=known.ends_on,
            recorded_at=self.now,
            recorded_by=self.actor.label,
        )
        self.told.say("Le quotient du foyer sert aussi au nouveau, en attendant le sien.")

    def _fees(self) -> None:
        """Registration fees that the household paid count for the new one too."""
        own = rows_of("billing.RegistrationPaid").filter(family_id=self.old.pk)
        paid = set(own.values_list("line_id", "activity_id", "span", "part"))
        for line_id, activity_id, span, part in sorted(paid):
            self.changes.create(
                "billing.RegistrationPaid",
                line_id=line_id,
                activity_id=activity_id,
                family_id=self.new.pk,
                span=span,
                part=part,
            )
        if paid:
            self.told.say(
                "Les frais d’inscription déjà payés ne sont pas demandés au nouveau foyer."
            )

    def _tell(self) -> None:
        moved = self.moved
        if moved.enrolments:
            self.told.say(
                french.count(moved.enrolments, "inscription suit", "inscriptions suivent")
            )
        if moved.days:
            self.told.say(french.count(moved.days, "jour réservé suit", "jours réservés suivent"))
        if moved.pieces or moved.requests:
            self.told.say(
                f"{french.count(moved.pieces, 'pièce')} et "
                f"{french.count(moved.requests, 'demande')} suivent."
            )
        self.told.say("Factures, paiements et avances restent dans le dossier d’origine.")
