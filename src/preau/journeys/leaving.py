"""A family that leaves: one act ends what runs, gives its balance back, and keeps its space open.

Ended: bookings after the last day, enrolments, cards of the children who live nowhere else,
mandates. Given back: each cash office's credit, as a line of the refund file. Kept: the space, to
pay what is left and to fetch certificates. All of it is put back by `come_back`, but a mandate,
which must be signed again, and a refund already sent.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from preau.attendance.queries import active_cards
from preau.attendance.services import give_card_back, return_card
from preau.audit.services import record
from preau.billing.queries import OfficeAccount, family_accounts
from preau.bookings.queries import live_bookings
from preau.bookings.services import cancel_future, restore_bookings
from preau.cashdesk.queries import get_refund
from preau.cashdesk.services import ask_refund, cancel_refund
from preau.childcare.queries import running_contracts
from preau.directdebit.mandates import revoke_mandate
from preau.directdebit.queries import mandates_of
from preau.enrolments.queries import active_enrolments
from preau.enrolments.services import end_enrolment, resume_enrolment
from preau.families import services as families
from preau.families.enums import FamilyStatus
from preau.families.queries import children_of, custodies_on, get_family, payer_of
from preau.journeys.models import Departure
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.errors import Refusal

HORIZON = timedelta(days=500)


class DepartureRefused(Refusal):
    """A departure that cannot be recorded so; `fields` says at which field."""

    code = "departure_refused"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.fields = {field: [str(message)]}


@dataclass(slots=True)
class Leaving:
    """What a departure would end, told before it is done. Amounts in cents."""

    family: Any
    enrolments: list[Any]
    bookings: list[Any]
    cards: list[Any]
    mandates: list[Any]
    contracts: list[Any]
    accounts: list[OfficeAccount]

    @property
    def credit_cents(self) -> int:
        return sum(account.credit_cents for account in self.accounts)

    @property
    def left_cents(self) -> int:
        return sum(account.left_cents for account in self.accounts)


def preview_leaving(*, family_id: int, last_on: date, now: datetime) -> Leaving:
    """What is still running for the family after a day."""
    today = paris_day(now)
    children = [child.pk for child in children_of(family_id, today)]
    homes = custodies_on(children, today)
    here_only = [
        pk for pk in children if all(home.family_id == family_id for home in homes.get(pk, []))
    ]
    after = max(last_on + timedelta(days=1), today)
    return Leaving(
        family=get_family(family_id),
        enrolments=list(active_enrolments(family_id, today)),
        bookings=list(live_bookings(family_id, children, after, after + HORIZON)),
        cards=list(active_cards(here_only)),
        mandates=[m for m in mandates_of(family_id) if m.status == "ACTIVE"],
        contracts=[c for c in running_contracts(after) if c.family_id == family_id],
        accounts=family_accounts(family_id),
    )


@transaction.atomic
def leave(
    *,
    family_id: int,
    last_on: date,
    reason: str,
    actor: Actor,
    now: datetime,
    payee: str = "",
    iban: str = "",
) -> Departure:
    """Do it all, or nothing. The credit is given back if there is an IBAN; else it stays.

    Raises DepartureRefused, or the refusal of the room that says no.
    """
    if not reason.strip():
        raise DepartureRefused(_("Écrivez le motif."), field="reason")
    if last_on < paris_day(now) - timedelta(days=92):
        raise DepartureRefused(
            _("Plus de trois mois en arrière : ce qui est facturé se corrige par un avoir."),
            field="last_on",
        )
    what = preview_leaving(family_id=family_id, last_on=last_on, now=now)
    if what.family is None or what.family.status == FamilyStatus.CLOSED:
        raise DepartureRefused(_("Ce dossier est déjà clos."))
    if what.contracts:
        raise DepartureRefused(
            _("Un contrat de crèche court encore : terminez-le d’abord, dans « Crèche ».")
        )
    who: dict[str, Any] = {"now": now, "actor": actor}
    ended: dict[str, Any] = {
        "enrolments": {},
        "bookings": {str(booking.pk): booking.status for booking in what.bookings},
        "cards": [],
        "mandates": [],
        "refunds": [],
    }
    since = max(last_on + timedelta(days=1), paris_day(now))
    for enrolment in what.enrolments:
        ended["enrolments"][str(enrolment.pk)] = enrolment.ends_on.isoformat()
        cancel_future(enrolment_id=enrolment.pk, since=since, reason=reason, **who)
        end_enrolment(
            enrolment_id=enrolment.pk,
            ends_on=min(last_on, enrolment.ends_on),
            reason=reason,
            **who,
        )
    for card in what.cards:
        return_card(card_id=card.pk, family_id=family_id, **who)
        ended["cards"].append(card.pk)
    for mandate in what.mandates:
        revoke_mandate(mandate_id=mandate.pk, family_id=family_id, reason=reason, **who)
        ended["mandates"].append(mandate.reference)
    if iban.strip():
        ended["refunds"] = _give_back(what, payee=payee, iban=iban, reason=reason, **who)
    families.close_family(family_id=family_id, reason=reason, **who)
    try:
        with transaction.atomic():
            departure = Departure.objects.create(
                family_id=family_id,
                last_on=last_on,
                reason=reason.strip()[:160],
                ended=ended,
                at=now,
                by_label=actor.label,
            )
    except IntegrityError as error:
        raise DepartureRefused(_("Ce départ est déjà enregistré.")) from error
    record(
        actor=actor,
        now=now,
        action="journeys.leave",
        summary=_("Départ de la famille, dernier jour le %s") % f"{last_on:%d/%m/%Y}",
        family_id=family_id,
        data={"departure_id": departure.pk},
    )
    return departure


def _give_back(
    what: Leaving, *, payee: str, iban: str, reason: str, actor: Actor, now: datetime
) -> list[int]:
    family_id = what.family.pk
    name = payee.strip() or str(payer_of(family_id) or what.family.name)
    return [
        ask_refund(
            family_id=family_id,
            cash_office_id=account.office.pk,
            amount_cents=account.credit_cents,
            payee=name,
            reason=reason,
            iban=iban,
            key=uuid.uuid4(),
            actor=actor,
            now=now,
        ).pk
        for account in what.accounts
        if account.credit_cents > 0
    ]


def departure_of(family_id: int) -> Departure | None:
    """The departure in force."""
    return Departure.objects.filter(family_id=family_id, undone_at__isnull=True).first()


@dataclass(frozen=True, slots=True)
class Return:
    """What came back, and what did not."""

    enrolments: int
    bookings: int
    missed: int
    cards: int
    refunds: int
    mandates: int


@transaction.atomic
def come_back(*, family_id: int, actor: Actor, now: datetime) -> Return:
    """The family stays after all: put back all that can be. Raises DepartureRefused."""
    departure = (
        Departure.objects.select_for_update(of=("self",), no_key=True)
        .filter(family_id=family_id, undone_at__isnull=True)
        .first()
    )
    if departure is None:
        raise DepartureRefused(_("Aucun départ n’est enregistré."))
    who: dict[str, Any] = {"now": now, "actor": actor}
    families.reopen_family(family_id=family_id, **who)
    ended = departure.ended
    resumed = [
        resume_enrolment(
            enrolment_id=int(pk),
            ends_on=date.fromisoformat(ends_on),
            reason=_("départ annulé"),
            **who,
        )
        for pk, ends_on in ended["enrolments"].items()
    ]
    held = {int(pk): status for pk, status in ended["bookings"].items()}
    restored = restore_bookings(held=held, **who)
    cards = [give_card_back(card_id=pk, family_id=family_id, **who) for pk in ended["cards"]]
    given_up = 0
    for pk in ended["refunds"]:
        refund = get_refund(pk)
        if refund is not None and refund.status == "WAITING":
            cancel_refund(refund_id=pk, reason=_("départ annulé"), **who)
            given_up += 1
    departure.undone_at, departure.undone_by = now, actor.label
    departure.save(update_fields=["undone_at", "undone_by"])
    record(
        actor=actor,
        now=now,
        action="journeys.come_back",
        summary=_("Départ annulé"),
        family_id=family_id,
        data={"departure_id": departure.pk},
    )
    return Return(
        enrolments=sum(resumed),
        bookings=len(restored.back),
        missed=len(restored.missed),
        cards=sum(cards),
        refunds=given_up,
        mandates=len(ended["mandates"]),
    )
