"""The letters of a sending of reminders: each archived with its code, and one file to print."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from preau.billing.documents import squares_to_pay, ways_to_pay
from preau.documents.many import ToIssue, issue_many, setters
from preau.documents.once import issue_once
from preau.documents.queries import codes_of
from preau.documents.render import render_pdf
from preau.kernel.clock import paris_day
from preau.kernel.french import day, euros, month
from preau.recovery.models import Reminder, ReminderLevel, ReminderRun

FEW = 12
"""As many are set here; more, in processes of their own."""


def letters_file(run: ReminderRun, *, now: datetime) -> bytes:
    """Archive each family's letter under its number, then set them all as one PDF to print.

    Killed midway and called again, it goes on: a letter is issued once.
    """
    wanted = list(_wanted(run, now))
    known = codes_of(one.number for one in wanted)
    missing = [one for one in wanted if one.number not in known]
    if len(missing) > FEW:
        with setters() as pool:
            issue_many(pool, missing, now=now)
    else:
        for one in missing:
            issue_once(
                number=one.number,
                kind=one.kind,
                title=one.title,
                template=one.template,
                data=lambda one=one: one.data,  # type: ignore[misc]
                public_facts=one.public_facts,
                family_id=one.family_id,
                now=now,
            )
    codes = codes_of(one.number for one in wanted)
    letters = [
        one.data | {"number": one.number, "code": codes[one.number], "title": one.title}
        for one in wanted
    ]
    return render_pdf("reminders", {"title": run.name, "letters": letters})


def _wanted(run: ReminderRun, now: datetime) -> Iterator[ToIssue]:
    families: dict[int, list[Reminder]] = {}
    rows = (
        run.reminders.filter(channel=ReminderLevel.Channel.LETTER)
        .select_related("invoice", "family")
        .order_by("family__sort_key", "family_id", "invoice__due_on")
    )
    for row in rows:
        families.setdefault(row.family_id, []).append(row)
    for family_id, found in families.items():
        total = sum(row.left_cents for row in found)
        yield ToIssue(
            number=f"RELANCE-{run.pk}-{family_id}",
            kind="LETTER",
            title=run.name,
            template="reminder",
            data=_letter(run, found, total, now),
            public_facts={
                _("Régie"): run.cash_office.name,
                _("Reste à payer"): euros(total),
                _("Écrite le"): day(paris_day(now), year=True),
            },
            family_id=family_id,
        )


def _letter(run: ReminderRun, found: list[Reminder], total: int, now: datetime) -> dict[str, Any]:
    office = run.cash_office
    numbers = " ".join(row.invoice.number for row in found)
    code = found[0].family.printed_code
    return {
        "day": day(paris_day(now), year=True, weekday=False),
        "recipient": _recipient(found[0]),
        "facts": [[_("Code famille"), code], [_("Régie"), office.name]],
        "sentences": [run.text],
        "invoices": [
            {
                "number": row.invoice.number,
                "period": month(row.invoice.month).capitalize(),
                "due": day(row.invoice.due_on, year=True, weekday=False),
                "total": euros(row.invoice.total_cents),
                "left": euros(row.left_cents),
            }
            for row in found
        ],
        "total": euros(total),
        "closing": [
            _(
                "Une ligne ne vous semble pas juste ? Contestez-la sur l’espace familles, rubrique "
                "« Compte », ou au guichet : rien ne vous est demandé avant la réponse."
            )
        ],
        "notes": ways_to_pay(office),
        # What a transfer says is how it finds its family: the invoices, else the family's code.
        "squares": squares_to_pay(
            office, number=numbers if len(numbers) <= 140 else code, cents=total
        ),
    }


def _recipient(row: Reminder) -> list[str]:
    """The debtor as he was frozen on his invoice."""
    debtor = row.invoice.debtor
    name = f"{debtor.get('civility_label', '')} {debtor.get('name', '')}".strip()
    address = [part.strip() for part in debtor.get("address", "").split(",") if part.strip()]
    return [name or row.family.name, *address]
