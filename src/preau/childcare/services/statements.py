"""Closing the month: statements are frozen, told to families, then billed by the monthly run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime

from django.db import transaction

from preau.childcare.errors import AlreadyBilled, MonthNotReady
from preau.childcare.models import Contract, Presence, Statement
from preau.childcare.monthly import Reckoned, reckon
from preau.childcare.queries.statements import contracts_of_month
from preau.childcare.rules.month import last_day
from preau.childcare.services.common import child_name, journal
from preau.families.queries import payers_of
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.locks import advisory_lock
from preau.messaging.services import Email, queue_emails

_MONTH_LOCK = 7_311


@transaction.atomic
def close_month(
    *,
    month: date,
    establishment_ids: Sequence[int],
    now: datetime,
    actor: Actor,
    contract_ids: Sequence[int] | None = None,
    tells: bool = True,
) -> list[Statement]:
    """Freeze the statements of a month that is over, those not closed yet; the new ones.

    Raises MonthNotReady while the month runs, or while a departure was not noted.
    """
    month = month.replace(day=1)
    if last_day(month) >= paris_day(now):
        raise MonthNotReady("Ce mois n’est pas fini.")
    advisory_lock(_MONTH_LOCK, month.year * 12 + month.month)
    contracts = contracts_of_month(month, establishment_ids)
    if contract_ids is not None:
        contracts = contracts.filter(pk__in=list(contract_ids))
    done = set(
        Statement.objects.filter(month=month, contract__in=contracts).values_list(
            "contract_id", flat=True
        )
    )
    wanted = [contract for contract in contracts if contract.pk not in done]
    unfinished = Presence.objects.filter(
        contract_id__in=[contract.pk for contract in wanted],
        day__range=(month, last_day(month)),
        left_at__isnull=True,
    )
    if names := sorted(
        {str(row.contract.child) for row in unfinished.select_related("contract__child")[:20]}
    ):
        raise MonthNotReady(f"Départ à corriger d’abord : {french.and_join(names)}.")
    rows = [_row(found, month, now, actor) for found in reckon(wanted, month)]
    Statement.objects.bulk_create(rows)
    if rows:
        journal(
            rows[0],
            "close_month",
            f"Relevés de crèche {french.of(french.month(month))} arrêtés : {len(rows)}",
            now,
            actor,
            family_id=0,
        )
        if tells:
            _tell(rows, month, now)
    return rows


@transaction.atomic
def reopen_statement(*, statement_id: int, reason: str, now: datetime, actor: Actor) -> None:
    """Take back a statement that is not billed yet. Raises AlreadyBilled."""
    row = Statement.objects.select_for_update(no_key=True, of=("self",)).get(pk=statement_id)
    if row.invoice_id is not None:
        raise AlreadyBilled
    journal(
        row,
        "reopen_statement",
        f"Relevé de crèche {french.of(french.month(row.month))} rouvert : "
        f"{child_name(row.child_id)}",
        now,
        actor,
        data={"reason": reason, "total_cents": row.total_cents},
    )
    row.delete()


def mark_billed(*, invoices: Mapping[int, int], now: datetime) -> None:
    """These statements (id: invoice's id) are billed; in the transaction that issues them.

    Raises AlreadyBilled when one is billed already, or is there no more.
    """
    rows = list(
        Statement.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=list(invoices), invoice_id__isnull=True)
        .order_by("pk")
    )
    if len(rows) != len(invoices):
        raise AlreadyBilled
    for row in rows:
        row.invoice_id, row.invoiced_at = invoices[row.pk], now
    Statement.objects.bulk_update(rows, ["invoice_id", "invoiced_at"], batch_size=500)


def _row(found: Reckoned, month: date, now: datetime, actor: Actor) -> Statement:
    contract: Contract = found.contract
    return Statement(
        contract=contract,
        family_id=contract.family_id,
        child_id=contract.child_id,
        establishment_id=contract.establishment_id,
        activity_id=found.activity_id,
        month=month,
        contracted_minutes=found.bill.contracted,
        real_minutes=found.bill.real,
        invoiced_minutes=found.invoiced,
        hourly_cents=found.bill.hourly_cents,
        total_cents=found.cents,
        lines=[asdict(line) for line in found.lines],
        days=[
            {
                "day": day.day.isoformat(),
                "planned": day.planned,
                "real": day.real,
                "over": day.over,
                "freed": day.freed,
                "note": day.note,
            }
            for day in found.bill.days
        ],
        rulebook_version_id=found.version_id,
        regime=found.regime,
        age_months=found.age_months,
        closed_at=now,
        closed_by=actor.label,
    )


def _tell(rows: Sequence[Statement], month: date, now: datetime) -> None:
    payers = payers_of({row.family_id for row in rows})
    words = french.month(month)
    queue_emails(
        emails=[
            Email(
                to=payer.email,
                subject=f"Crèche : votre relevé {french.of(words)}",
                body=(
                    f"Bonjour,\n\nLe relevé de crèche {french.of(words)} est prêt : "
                    f"{french.minutes(row.contracted_minutes)} prévues, "
                    f"{french.minutes(row.real_minutes)} réalisées, "
                    f"{french.minutes(row.invoiced_minutes)} facturées, "
                    f"{french.euros(row.total_cents)}.\n"
                    "Le détail, jour par jour, est dans votre espace, page « Crèche ». Ce montant "
                    "viendra sur votre prochaine facture.\n"
                ),
                family_id=row.family_id,
                key=f"care-statement-{row.contract_id}-{month:%Y-%m}",
            )
            for row in rows
            if (payer := payers.get(row.family_id)) and payer.email
        ],
        now=now,
    )
