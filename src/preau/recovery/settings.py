"""What the town decided: reminder levels, its public accountant, instalments."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.kernel.actors import Actor
from preau.kernel.french import euros
from preau.recovery.errors import RecoveryRefusal
from preau.recovery.models import InstalmentRule, ReminderLevel, Treasury

DEFAULT_LEVELS = (
    (1, "Rappel", 8, "EMAIL",
     "Sauf erreur de notre part, cette somme n’est pas encore payée. Si vous venez de la régler, "
     "ne tenez pas compte de ce message. Une difficulté ? Parlez-nous-en : le guichet famille "
     "vous écoute. Vos enfants sont accueillis à la cantine comme d’habitude."),
    (2, "Deuxième rappel", 25, "LETTER",
     "Malgré un premier rappel, cette somme reste à payer. Sans règlement, la créance sera "
     "transmise à l’ordonnateur, qui émettra un titre payable au Trésor public. Vos enfants sont "
     "accueillis à la cantine comme d’habitude."),
)  # fmt: skip


def treasury() -> Treasury | None:
    """The public accountant, as the town described it."""
    return Treasury.objects.order_by("pk").first()


def days_after_last() -> int:
    """Between the last reminder and the ordonnateur's list."""
    found = treasury()
    return found.days_after_last if found else 15


@transaction.atomic
def save_level(
    *,
    rank: int,
    name: str,
    days: int,
    channel: str,
    text: str,
    is_active: bool,
    actor: Actor,
    now: datetime,
) -> ReminderLevel:
    """Set a level. Its days grow with its rank. Raises RecoveryRefusal."""
    others = ReminderLevel.objects.exclude(rank=rank).filter(is_active=True)
    if is_active and (
        others.filter(rank__lt=rank, days__gte=days).exists()
        or others.filter(rank__gt=rank, days__lte=days).exists()
    ):
        raise RecoveryRefusal(_("Un niveau part après ceux qui le précèdent."))
    level, _created = ReminderLevel.objects.update_or_create(
        rank=rank,
        defaults={
            "name": name.strip()[:60],
            "days": days,
            "channel": channel,
            "text": text.strip(),
            "is_active": is_active,
        },
    )
    _journal(
        _("Relance de niveau %(rank)s réglée : %(days)s jours, %(state)s")
        % {
            "rank": rank,
            "days": days,
            "state": _("en usage") if is_active else _("hors d’usage"),
        },
        "level",
        actor,
        now,
    )
    return level


@transaction.atomic
def save_treasury(
    *, name: str, address: str, phone: str, days_after_last: int, actor: Actor, now: datetime
) -> Treasury:
    """Say who the public accountant is, and when debts go to the ordonnateur."""
    found, _created = Treasury.objects.update_or_create(
        pk=1,
        defaults={
            "name": name.strip()[:120],
            "address": address.strip(),
            "phone": phone.strip()[:20],
            "days_after_last": days_after_last,
        },
    )
    _journal(_("Comptable public : %(name)s") % {"name": found.name}, "treasury", actor, now)
    return found


@transaction.atomic
def save_instalment_rule(
    *,
    cash_office_id: int,
    decision: str,
    decided_on: date,
    min_cents: int,
    max_count: int,
    is_active: bool,
    actor: Actor,
    now: datetime,
) -> InstalmentRule:
    """What the council decided on instalments. Without its reference there are none."""
    if not decision.strip():
        raise RecoveryRefusal(
            _("Un régisseur n’accorde pas de délai : écrivez la délibération qui le permet.")
        )
    if not 2 <= max_count <= 12:
        raise RecoveryRefusal(_("De 2 à 12 échéances."))
    rule, _created = InstalmentRule.objects.update_or_create(
        cash_office_id=cash_office_id,
        defaults={
            "decision": decision.strip()[:160],
            "decided_on": decided_on,
            "min_cents": min_cents,
            "max_count": max_count,
            "is_active": is_active,
        },
    )
    _journal(
        _("Paiement en %(count)s fois à partir de %(amount)s : %(decision)s")
        % {"count": max_count, "amount": euros(min_cents), "decision": rule.decision},
        "instalments",
        actor,
        now,
    )
    return rule


def _journal(summary: str, what: str, actor: Actor, now: datetime) -> None:
    record(actor=actor, now=now, action=f"recovery.save_{what}", summary=summary)
