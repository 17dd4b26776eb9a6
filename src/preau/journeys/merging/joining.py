"""A merge under way: adults, children, days, papers and money of one file join another.

What was chosen is in `choices`; every row that changes goes through `Changes`, every sentence for
the agent through `Told`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from preau.attendance.enums import CardStatus
from preau.billing.carrying import billed_slots, carry_account
from preau.bookings.enums import LIVE
from preau.bookings.queries import get_bookings
from preau.bookings.services import cancel_bookings
from preau.directdebit.queries import LIVE as LIVE_DEBITS
from preau.families import queries as families
from preau.families.enums import CustodyWeeks, FamilyStatus
from preau.families.services import lock_family, refresh_search
from preau.journeys.merging.followers import CHILD_MOVES, FAMILY_MOVES
from preau.journeys.merging.record import Changes, rows_of
from preau.journeys.merging.told import Told
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.errors import Refusal
from preau.kernel.money import euros
from preau.payments.queries import pending_of

CONTACTS = ("email", "mobile_phone", "home_phone", "work_phone")


class MergeRefused(Refusal):
    message = "Ces deux dossiers ne peuvent pas être réunis."
    code = "merge_refused"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the agent chose, side by side. Ids of the second file → ids of the first, or None when
    the person is another one and joins it. `contacts`: adults of the second file whose telephones
    and address win over those of the same person in the first."""

    adults: dict[int, int | None] = field(default_factory=dict)
    children: dict[int, int | None] = field(default_factory=dict)
    contacts: frozenset[int] = frozenset()
    take_address: bool = False
    take_name: bool = False
    take_quotient: bool = False


class Joining:
    """One merge under way: what moves, what is told, what an undo will need."""

    def __init__(
        self,
        kept_id: int,
        other_id: int,
        choices: Choices,
        now: datetime,
        actor: Actor,
        told: Told,
    ) -> None:
        if kept_id == other_id:
            raise MergeRefused("C’est le même dossier.")
        self.choices, self.now, self.actor, self.told = choices, now, actor, told
        self.day = paris_day(now)
        self.changes = Changes()
        self.held: dict[str, str] = {}
        self.carried: list[Any] = []
        locked = {pk: lock_family(pk) for pk in sorted((kept_id, other_id))}
        self.kept, self.other = locked[kept_id], locked[other_id]

    def run(self) -> None:
        """Do it all, in the caller's transaction. Raises MergeRefused."""
        self._check()
        self._adults()
        self._enrolments()
        self._children()
        self._days()
        self._followers()
        self._identity()
        self._money()
        refresh_search([self.kept.pk, self.other.pk])

    def _check(self) -> None:
        if pending_of(self.other.pk).exists() or pending_of(self.kept.pk).exists():
            raise MergeRefused("Un paiement en ligne est en cours : attendez sa réponse.")
        if (
            rows_of("directdebit.Debit")
            .filter(family_id=self.other.pk, status__in=LIVE_DEBITS)
            .exists()
        ):
            raise MergeRefused(
                "Un prélèvement est en cours sur ce dossier : attendez la réponse de la banque."
            )
        if self.other.is_protected or self.kept.is_protected:
            raise MergeRefused("L’adresse d’un des deux dossiers est protégée : levez-la d’abord.")

    # -- Adults ---------------------------------------------------------------------------------

    def _adults(self) -> None:
        mine = {adult.pk: adult for adult in families.guardians_of(self.kept)}
        taken: set[int] = set()
        for adult in families.guardians_of(self.other):
            same = self.choices.adults.get(adult.pk)
            if same is None:
                self.changes.update(
                    "families.Guardian", [adult.pk], family_id=self.kept.pk, is_payer=False
                )
                self.told.say(f"{adult} rejoint le dossier, avec son accès.")
                continue
            if same not in mine or same in taken:
                raise MergeRefused("Dites pour chaque adulte s’il est déjà dans le dossier.")
            taken.add(same)
            self._same_adult(adult, mine[same])

    def _same_adult(self, gone: Any, kept: Any) -> None:
        take_all = gone.pk in self.choices.contacts
        values = {
            name: getattr(gone, name)
            for name in (*CONTACTS, "birth_on", "civility", "relationship")
            if getattr(gone, name) and (not getattr(kept, name) or (take_all and name in CONTACTS))
        }
        if values:
            self.changes.update("families.Guardian", [kept.pk], **values)
        self.changes.update("families.Guardian", [gone.pk], left_on=self.day, is_payer=False)
        for label in ("families.ParentingRecord", "enrolments.Acceptance", "casework.Signature"):
            ids = list(rows_of(label).filter(guardian_id=gone.pk).values_list("pk", flat=True))
            self.changes.update_where_free(label, ids, guardian_id=kept.pk)
        if gone.user_id and not kept.user_id:
            self.changes.update("families.Guardian", [gone.pk], user_id=None)
            self.changes.update("families.Guardian", [kept.pk], user_id=gone.user_id)
            self.told.say(f"{kept} garde l’accès en ligne de l’autre dossier.")
        elif gone.user_id:
            self.changes.update("accounts.User", [gone.user_id], is_active=False)
            self.told.warn(f"{kept} avait deux accès : celui du dossier fermé ne servira plus.")
        else:
            self.told.say(f"{kept} : une seule fiche.")

    # -- Children -------------------------------------------------------------------------------

    def _enrolments(self) -> None:
        """Enrolments follow; one that the first file has already is ended, and lends its days."""
        self.enrolment_of: dict[int, int] = {}
        mine = list(rows_of("enrolments.Enrolment").filter(family_id=self.kept.pk, status="ACTIVE"))
        moved = 0
        for row in rows_of("enrolments.Enrolment").filter(family_id=self.other.pk).order_by("pk"):
            child_id = self._child(row.child_id)
            twin = next(
                (
                    m
                    for m in mine
                    if row.status == "ACTIVE"
                    and (m.child_id, m.offering_id) == (child_id, row.offering_id)
                    and m.starts_on <= row.ends_on
                    and row.starts_on <= m.ends_on
                ),
                None,
            )
            if twin is None:
                moved += self.changes.update(
                    "enrolments.Enrolment", [row.pk], family_id=self.kept.pk, child_id=child_id
                )
                continue
            self.enrolment_of[row.pk] = twin.pk
            self.changes.update(
                "enrolments.Enrolment",
                [row.pk],
                status="ENDED",
                ended_reason="Doublon : dossiers réunis",
            )
            first, last = min(twin.starts_on, row.starts_on), max(twin.ends_on, row.ends_on)
            self.changes.update_where_free(
                "enrolments.Enrolment", [twin.pk], starts_on=first, ends_on=last
            )
        if moved:
            self.told.say(french.count(moved, "inscription suit", "inscriptions suivent") + ".")
        if self.enrolment_of:
            words = french.count(len(self.enrolment_of), "inscription", "inscriptions")
            self.told.say(f"{words} en double : une seule reste.")

    def _child(self, child_id: int) -> int:
        """The child as the first file knows it."""
        return self.choices.children.get(child_id) or child_id

    def _children(self) -> None:
        mine = {c.child_id for c in rows_of("families.Custody").filter(family_id=self.kept.pk)}
        here = list(
            rows_of("families.Custody").filter(family_id=self.other.pk).select_related("child")
        )
        for child_id, same in self.choices.children.items():
            if same is None:
                continue
            if same not in mine or child_id not in {c.child_id for c in here} or same == child_id:
                raise MergeRefused("Dites pour chaque enfant s’il est déjà dans le dossier.")
        for custody in here:
            child_id = self._child(custody.child_id)
            overlap = rows_of("families.Custody").filter(
                Q(ends_on__isnull=True) | Q(ends_on__gte=custody.starts_on),
                child_id=child_id,
                family_id=self.kept.pk,
            )
            if custody.ends_on:
                overlap = overlap.filter(starts_on__lte=custody.ends_on)
            twins = list(overlap)
            if not twins:
                self.changes.update(
                    "families.Custody", [custody.pk], family_id=self.kept.pk, child_id=child_id
                )
                self.told.say(f"{custody.child} rejoint le dossier.")
                continue
            self.changes.delete("families.Custody", [custody.pk])
            for twin in twins:
                if twin.weeks != custody.weeks and twin.ends_on is None:
                    self.changes.update(
                        "families.Custody", [twin.pk], weeks=CustodyWeeks.ALL, days=""
                    )
                    self.told.warn(
                        f"{custody.child} vivait dans les deux dossiers : il vit désormais dans "
                        "celui-ci toutes les semaines."
                    )
        for child_id, same in self.choices.children.items():
            if same is not None:
                self._same_child(child_id, same)

    def _same_child(self, gone_id: int, kept_id: int) -> None:
        gone, kept = (rows_of("families.Child").get(pk=pk) for pk in (gone_id, kept_id))
        # A day booked twice: one place goes back, at no cost.
        twice = rows_of("bookings.Booking").filter(
            child_id=gone_id,
            status__in=LIVE,
            slot__in=rows_of("bookings.Booking")
            .filter(child_id=kept_id, status__in=LIVE)
            .values("slot_id"),
        )
        held = {str(pk): status for pk, status in twice.values_list("pk", "status")}
        if held:
            self.held |= held
            cancel_bookings(
                bookings=get_bookings(int(pk) for pk in held),
                reason="Doublon : dossiers réunis",
                charged=False,
                channel=self.actor.channel,
                now=self.now,
                actor=self.actor,
            )
            self.told.warn(
                f"{kept} : {french.count(len(held), 'jour réservé', 'jours réservés')} deux fois, "
                "une des places est rendue sans frais."
            )
        self._cards(gone_id, kept_id)
        stayed = 0
        for label in ("families.Custody", "enrolments.Enrolment"):  # in a third household
            ids = list(rows_of(label).filter(child_id=gone_id).values_list("pk", flat=True))
            stayed += len(self.changes.update_where_free(label, ids, child_id=kept_id))
        for label, column in CHILD_MOVES:
            rows = rows_of(label).filter(**{column: gone_id})
            if label in {"bookings.Booking", "attendance.Attendance"}:
                rows = self._unbilled(rows)
            ids = list(rows.values_list("pk", flat=True))
            stayed += len(self.changes.update_where_free(label, ids, **{column: kept_id}))
        if stayed:
            self.told.warn(
                f"{kept} : {french.count(stayed, 'donnée')} déjà là, laissées à l’ancienne fiche."
            )
        values: dict[str, Any] = {}
        if gone.ine and not kept.ine:
            self.changes.update("families.Child", [gone_id], ine=None)
            values["ine"] = gone.ine
        for name in ("sex", "usage_name"):
            if getattr(gone, name) and not getattr(kept, name):
                values[name] = getattr(gone, name)
        if gone.has_pai and not kept.has_pai:
            values["has_pai"] = True
        if values:
            self.changes.update("families.Child", [kept_id], **values)
        self.changes.update(
            "families.Child",
            [gone_id],
            merged_into_id=kept_id,
            left_on=gone.left_on or self.day,
        )
        self.told.say(f"{kept} : une seule fiche.")

    def _cards(self, gone_id: int, kept_id: int) -> None:
        """Both cards cannot live: that of the file that goes on does, if it has one."""
        cards = rows_of("attendance.Card")
        rank = max(cards.filter(child_id=kept_id).values_list("rank", flat=True), default=0)
        has_one = cards.filter(child_id=kept_id, status=CardStatus.ACTIVE).exists()
        for card in cards.filter(child_id=gone_id).order_by("rank"):
            rank += 1
            values: dict[str, Any] = {"child_id": kept_id, "rank": rank}
            if has_one and card.status == CardStatus.ACTIVE:
                values |= {
                    "status": CardStatus.REPLACED,
                    "ended_at": self.now,
                    "ended_by_label": self.actor.label,
                }
                self.told.warn("Une carte en double ne sert plus.")
            self.changes.update("attendance.Card", [card.pk], **values)

    # -- Days, and all the rest -------------------------------------------------------------------

    def _unbilled(self, rows: Any) -> Any:
        billed = {slot for slot, _child in self._billed()}
        return rows.exclude(slot_id__in=billed) if billed else rows

    def _billed(self) -> set[tuple[int, int]]:
        if not hasattr(self, "_billed_slots"):
            self._billed_slots = billed_slots(self.other.pk)
        return self._billed_slots

    def _days(self) -> None:
        bookings = self._unbilled(rows_of("bookings.Booking").filter(family_id=self.other.pk))
        ids = list(bookings.values_list("pk", flat=True))
        coming = bookings.filter(status__in=LIVE, slot__day__gte=self.day).count()
        for old, new in self.enrolment_of.items():
            own = rows_of("bookings.Booking").filter(pk__in=ids, enrolment_id=old)
            self.changes.update(
                "bookings.Booking", list(own.values_list("pk", flat=True)), enrolment_id=new
            )
        self.changes.update("bookings.Booking", ids, family_id=self.kept.pk)
        came = self._unbilled(rows_of("attendance.Attendance").filter(family_id=self.other.pk))
        self.changes.update(
            "attendance.Attendance",
            list(came.values_list("pk", flat=True)),
            family_id=self.kept.pk,
        )
        if coming:
            self.told.say(f"{french.count(coming, 'jour réservé', 'jours réservés')} à venir.")
        if self._billed():
            self.told.say("Les jours déjà facturés restent dans le dossier fermé.")
        drafts = rows_of("bookings.PlanningDraft").filter(family_id=self.other.pk)
        self.changes.delete("bookings.PlanningDraft", list(drafts.values_list("pk", flat=True)))

    def _followers(self) -> None:
        names = {
            "enrolments.ProvidedDocument": ("pièce", "pièces"),
            "casework.Request": ("demande", "demandes"),
            "messaging.Message": ("courrier", "courriers"),
        }
        for label, column in FAMILY_MOVES:
            ids = list(
                rows_of(label).filter(**{column: self.other.pk}).values_list("pk", flat=True)
            )
            stayed = self.changes.update_where_free(label, ids, **{column: self.kept.pk})
            if label in names and len(ids) > len(stayed):
                self.told.say(french.count(len(ids) - len(stayed), *names[label]))
            if label == "directdebit.Mandate" and stayed:
                self.told.warn(
                    "Les deux dossiers ont un mandat de prélèvement : celui du dossier gardé sert."
                )
        if self.choices.take_quotient:
            ids = list(
                rows_of("families.Quotient")
                .filter(family_id=self.other.pk)
                .values_list("pk", flat=True)
            )
            if self.changes.update("families.Quotient", ids, family_id=self.kept.pk):
                self.told.say("Le quotient de l’autre dossier s’applique.")

    def _identity(self) -> None:
        values: dict[str, Any] = {}
        if self.choices.take_address:
            for name in ("address_line1", "address_line2", "postcode", "city", "country"):
                values[name] = getattr(self.other, name)
            values |= {
                "is_resident": self.other.is_resident,
                "address_since": self.other.address_since,
            }
            self.told.say(f"L’adresse devient {families.address_of(self.other).one_line}.")
        if self.choices.take_name:
            values |= {"name": self.other.name, "sort_key": self.other.sort_key}
        self.changes.update("families.Family", [self.kept.pk], has_joined=True, **values)
        self.changes.update(
            "families.Family",
            [self.other.pk],
            status=FamilyStatus.CLOSED,
            closed_on=self.day,
            merged_into_id=self.kept.pk,
        )

    def _money(self) -> None:
        self.carried = carry_account(
            from_family_id=self.other.pk, to_family_id=self.kept.pk, now=self.now, actor=self.actor
        )
        for one in self.carried:
            if one.debt_cents:
                self.told.say(f"{euros(one.debt_cents)} à payer, reportés par une écriture.")
            if one.credit_cents:
                self.told.say(f"{euros(one.credit_cents)} d’avance, reportés par une écriture.")
