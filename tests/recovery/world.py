"""A cash office, its levels of reminders, and families that are late."""

import datetime as dt
from typing import Any

from preau.journeys import debts
from preau.recovery import reminders, services
from preau.recovery.settings import DEFAULT_LEVELS
from tests.harness.money import AGENT, NOW
from tests.harness.people import make_family as make_household
from tests.harness.people import make_town

DAY = dt.timedelta(days=1)
LATE = NOW + 60 * DAY
"""Two months later: invoices of NOW were due 25 days after it."""


def set_levels() -> None:
    for rank, name, days, channel, text in DEFAULT_LEVELS:
        services.save_level(
            rank=rank, name=name, days=days, channel=channel, text=text, is_active=True,
            actor=AGENT, now=NOW,
        )  # fmt: skip


def household(name: str = "Belkacem", email: str = "amina@example.org") -> Any:
    make_town()
    return make_household(last_name=name, email=email)


def remind(office: Any, rank: int, now: dt.datetime) -> Any:
    level = next(level for level in reminders.levels() if level.rank == rank)
    found = debts.reminder_preview(cash_office_id=office.pk, level=level, now=now)
    run = services.send_reminders(cash_office_id=office.pk, found=found, actor=AGENT, now=now)
    return services.work(run_id=run.pk, spared={}, now=now)


def both_levels(office: Any, now: dt.datetime = LATE) -> None:
    remind(office, 1, now)
    remind(office, 2, now + 20 * DAY)


def listed(office: Any, now: dt.datetime = LATE + 40 * DAY) -> Any:
    """A list handed to the ordonnateur."""
    drawn = debts.prepare_list(cash_office_id=office.pk, actor=AGENT, now=now)
    return services.approve_list(list_id=drawn.pk, actor=AGENT, now=now)


def titre_of(drawn: Any, family: Any, cents: int, **values: Any) -> Any:
    now = drawn.approved_at + DAY
    return services.record_titre(
        **{
            "list_id": drawn.pk, "family_id": family.pk, "number": "1204",
            "issued_on": now.date(), "amount_cents": cents, "reference": "2027001204",
            "actor": AGENT, "now": now, **values,
        }
    )  # fmt: skip
