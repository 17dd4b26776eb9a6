"""Titres that the ordonnateur issued: recorded by hand or from a table, reduced, cancelled."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import titres as account
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.french import day, euros
from preau.recovery.errors import ReasonNeeded, RecoveryRefusal, TitreNotOpen, TitreRefused
from preau.recovery.models import (
    CollectionItem,
    CollectionList,
    ReductionRequest,
    Titre,
    TitreItem,
)

OBJECT = "titre"
REFERENCE = re.compile(r"[A-Za-z0-9]{1,30}")


@dataclass(frozen=True, slots=True)
class TitreData:
    """A titre as the ordonnateur tells it: for one family of an approved list."""

    family_code: str
    number: str
    issued_on: date
    amount_cents: int
    reference: str = ""


@transaction.atomic
def record_titre(
    *,
    list_id: int,
    family_id: int,
    number: str,
    issued_on: date,
    amount_cents: int,
    reference: str,
    actor: Actor,
    now: datetime,
) -> Titre:
    """Record the titre of one family of an approved list: its invoices are closed from now on.

    What was paid to the cash office since the list is asked back from the ordonnateur (a reduction
    request is opened by itself). Raises TitreRefused.
    """
    number, reference = number.strip()[:20], reference.strip()
    drawn = CollectionList.objects.select_related("cash_office").get(pk=list_id)
    items = list(
        CollectionItem.objects.select_for_update(of=("self",), no_key=True)
        .filter(list=drawn, family_id=family_id, excluded_because="")
        .order_by("pk")
    )
    if drawn.status != CollectionList.Status.APPROVED or not items:
        raise TitreRefused(_("Cette famille n’est pas sur une liste transmise à l’ordonnateur."))
    if not number:
        raise TitreRefused(_("Écrivez le numéro du titre."))
    if issued_on > paris_day(now) or (
        drawn.approved_at and issued_on < paris_day(drawn.approved_at)
    ):
        raise TitreRefused(
            _("La date d’un titre est entre la transmission de la liste et ce jour.")
        )
    if reference and not REFERENCE.fullmatch(reference):
        raise TitreRefused(_("La référence PayFiP a 30 lettres ou chiffres au plus."))
    total = sum(item.amount_cents for item in items)
    if amount_cents != total:
        raise TitreRefused(
            _("Le titre est de %(amount)s, la liste disait %(total)s : voyez l’ordonnateur.")
            % {"amount": euros(amount_cents), "total": euros(total)}
        )
    if TitreItem.objects.filter(
        invoice_id__in=[item.invoice_id for item in items],
        titre__status=Titre.Status.ISSUED,
    ).exists():
        raise TitreRefused(_("Un titre est déjà émis pour cette famille sur cette liste."))
    try:
        with transaction.atomic():
            titre = Titre.objects.create(
                cash_office=drawn.cash_office,
                family_id=family_id,
                list=drawn,
                number=number,
                year=issued_on.year,
                issued_on=issued_on,
                amount_cents=total,
                reference=reference,
                recorded_at=now,
                recorded_by=actor.label,
            )
    except IntegrityError as error:
        raise TitreRefused(
            _("Le titre n° %(number)s de %(year)s est déjà enregistré pour cette régie.")
            % {"number": number, "year": issued_on.year}
        ) from error
    TitreItem.objects.bulk_create(
        TitreItem(titre=titre, invoice_id=item.invoice_id, amount_cents=item.amount_cents)
        for item in items
    )
    handed = account.hand_over(
        family_id=family_id,
        cash_office_id=drawn.cash_office_id,
        titre_id=titre.pk,
        amounts={item.invoice_id: item.amount_cents for item in items},
        label=_("Titre n° %(number)s du %(day)s, payable au comptable public")
        % {"number": number, "day": day(issued_on, year=True, weekday=False)},
        actor_label=actor.label,
        now=now,
    )
    _journal(titre, "record_titre", _("enregistré : factures closes pour la régie"), actor, now)
    paid = total - sum(handed.values())
    if paid:
        _request(titre, paid, _("payé à la régie avant l’émission du titre"), actor, now)
    return titre


def import_titres(
    *, list_id: int, rows: Iterable[TitreData], actor: Actor, now: datetime
) -> list[Titre]:
    """Record many titres from a table: all, or none. Raises TitreRefused with each wrong line."""
    families = dict(
        CollectionItem.objects.filter(list_id=list_id, excluded_because="").values_list(
            "family__code", "family_id"
        )
    )
    done, wrong = [], []
    with transaction.atomic():
        for rank, row in enumerate(rows, 2):
            family_id = families.get(row.family_code)
            try:
                if family_id is None:
                    raise TitreRefused(_("ce code famille n’est pas sur la liste"))
                done.append(
                    record_titre(
                        list_id=list_id,
                        family_id=family_id,
                        number=row.number,
                        issued_on=row.issued_on,
                        amount_cents=row.amount_cents,
                        reference=row.reference,
                        actor=actor,
                        now=now,
                    )
                )
            except RecoveryRefusal as refusal:
                wrong.append(_("Ligne %(rank)s : %(why)s") % {"rank": rank, "why": refusal})
        if wrong or not done:
            raise TitreRefused("\n".join(wrong[:20]) or _("Ce tableau n’a aucun titre."))
    return done


@transaction.atomic
def cancel_titre(*, titre_id: int, reason: str, actor: Actor, now: datetime) -> Titre:
    """The ordonnateur cancelled it: its invoices are the cash office's again.

    Raises ReasonNeeded, TitreNotOpen.
    """
    titre = _open(titre_id, reason)
    # What was handed over: the titre less what had been paid before it was issued.
    still = account.handed(titre.pk)
    account.take_back(
        family_id=titre.family_id,
        cash_office_id=titre.cash_office_id,
        titre_id=titre.pk,
        amounts=still,
        label=_("Titre n° %(number)s annulé") % {"number": titre.number},
        actor_label=actor.label,
        now=now,
    )
    titre.status, titre.cancelled_at = Titre.Status.CANCELLED, now
    titre.cancel_reason = reason.strip()[:200]
    titre.save(update_fields=["status", "cancelled_at", "cancel_reason"])
    _journal(titre, "cancel_titre", _("annulé : ") + titre.cancel_reason, actor, now)
    return titre


@transaction.atomic
def ask_reduction(
    *, titre_id: int, amount_cents: int, reason: str, actor: Actor, now: datetime
) -> ReductionRequest:
    """Ask the ordonnateur to reduce a titre: its invoices can no longer be corrected here.

    Raises ReasonNeeded, TitreNotOpen, TitreRefused (more than what is left of the titre).
    """
    titre = _open(titre_id, reason)
    asked = sum(
        titre.reductions.exclude(status=ReductionRequest.Status.REFUSED).values_list(
            "amount_cents", flat=True
        )
    )
    if not 0 < amount_cents <= titre.amount_cents - asked:
        raise TitreRefused(_("On ne réduit pas un titre de plus que ce qu’il en reste."))
    return _request(titre, amount_cents, reason.strip(), actor, now)


@transaction.atomic
def answer_reduction(
    *, request_id: int, status: str, answer: str, actor: Actor, now: datetime
) -> ReductionRequest:
    """Follow a reduction request: sent, granted or refused by the ordonnateur."""
    request = (
        ReductionRequest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("titre")
        .get(pk=request_id)
    )
    final = (ReductionRequest.Status.GRANTED, ReductionRequest.Status.REFUSED)
    if request.status in final or status not in (ReductionRequest.Status.SENT, *final):
        raise TitreRefused(_("Cette demande a déjà sa réponse."))
    if status == ReductionRequest.Status.REFUSED and not answer.strip():
        raise ReasonNeeded
    request.status, request.answer = status, answer.strip()[:200]
    request.answered_at, request.answered_by = now, actor.label
    request.save()
    _journal(
        request.titre, "answer_reduction",
        _("réduction de %(amount)s %(state)s")
        % {"amount": euros(request.amount_cents), "state": request.get_status_display()},
        actor, now,
    )  # fmt: skip
    return request


def left_of(titre: Titre) -> int:
    """What is left to pay of a titre, as far as we know: granted reductions taken off."""
    granted = sum(
        request.amount_cents
        for request in titre.reductions.all()
        if request.status == ReductionRequest.Status.GRANTED
    )
    return max(titre.amount_cents - granted, 0)


def _request(
    titre: Titre, cents: int, reason: str, actor: Actor, now: datetime
) -> ReductionRequest:
    request = ReductionRequest.objects.create(
        titre=titre,
        amount_cents=cents,
        reason=reason[:300],
        created_at=now,
        created_by=actor.label,
    )
    _journal(
        titre, "ask_reduction",
        _("réduction de %(amount)s demandée : %(why)s")
        % {"amount": euros(cents), "why": request.reason},
        actor, now,
    )  # fmt: skip
    return request


def _open(titre_id: int, reason: str) -> Titre:
    if not reason.strip():
        raise ReasonNeeded
    titre = (
        Titre.objects.select_for_update(of=("self",), no_key=True)
        .select_related("cash_office")
        .filter(pk=titre_id, status=Titre.Status.ISSUED)
        .first()
    )
    if titre is None:
        raise TitreNotOpen
    return titre


def _journal(titre: Titre, verb: str, what: str, actor: Actor, now: datetime) -> None:
    record(
        actor=actor,
        now=now,
        action=f"recovery.{verb}",
        summary=_("Titre n° %(number)s de %(amount)s : %(what)s")
        % {"number": titre.number, "amount": euros(titre.amount_cents), "what": what},
        family_id=titre.family_id,
        object_type=OBJECT,
        object_id=titre.pk,
    )
