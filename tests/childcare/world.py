"""A crèche for tests: one section, the demo's rulebook (national scale), a household with income.

Resources 36 000 € a year, two children: 36 000 ÷ 12 = 3 000 €; 3 000 × 0,0516 % = 1,548, that is
1,55 € an hour.
"""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from preau.bookings.rates import forget_rates
from preau.catalogue.models import ClosedDay
from preau.childcare import services
from preau.childcare.enums import IncomeSource, Regime
from preau.families import services as family_services
from preau.families.values import ChildData
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.rulebook import services as rulebook
from tests.bookings.world import make_offering, make_site
from tests.harness.people import AGENT, child_of, make_family, make_town

DEMO = (Path(__file__).parents[2] / "examples/rulebooks/demo.yaml").read_text(encoding="utf-8")
NOW = dt.datetime(2026, 9, 10, 7, 0, tzinfo=dt.UTC)
PARENT = Actor(user_id=None, label="Amina Belkacem", channel=Channel.PORTAL)
WHO: dict[str, Any] = {"now": NOW, "actor": AGENT}
day = dt.date.fromisoformat
HOURS = (510, 1050)  # 8 h 30 to 17 h 30
WEEK = (HOURS, HOURS, None, HOURS, None)  # Monday, Tuesday, Thursday: 27 h
WEEK_MINUTES = [540, 540, 0, 540, 0]


def make_creche(name: str = "Crèche des Lilas", capacity: int = 10) -> SimpleNamespace:
    site = make_site(name, "CRECHE")
    offering = make_offering(
        "creche",
        name="Crèche municipale",
        kind="CRECHE",
        mode="CONTRACT",
        hours=("07:45", "18:45"),
        weekdays=(),
        site=site,
        product="heure",
    )
    section = services.save_section(
        establishment_id=site.pk, name="Les Papillons", capacity=capacity, **WHO
    )
    return SimpleNamespace(site=site, section=section, activity=offering.activity)


def publish_rules() -> None:
    draft = rulebook.save_draft(text=DEMO, **WHO)
    rulebook.publish(version_id=draft.pk, **WHO)
    forget_rates()


def add_baby(family: Any, first_name: str = "Zélie", birth: str = "2025-06-09") -> Any:
    return family_services.add_child(
        family_id=family.pk,
        child=ChildData(first_name=first_name, last_name="Rousseau", birth_on=day(birth), sex="F"),
        **WHO,
    )


def add_unborn(family: Any, expected: str = "2026-12-20") -> Any:
    return family_services.add_child(
        family_id=family.pk,
        child=ChildData(first_name="Bébé", last_name="Rousseau", expected_on=day(expected)),
        **WHO,
    )


def give_income(family: Any, annual: int | None = 3_600_000, **fields: Any) -> Any:
    return services.record_income(
        **{
            "family_id": family.pk,
            "annual_cents": annual,
            "children": 2,
            "has_disabled_child": False,
            "regime": Regime.GENERAL,
            "source": IncomeSource.CDAP,
            "starts_on": day("2026-01-01"),
            **WHO,
            **fields,
        }
    )


def close_site(site: Any, *days: str, reason: str = "fermeture annuelle") -> None:
    for text in days:
        ClosedDay.objects.create(day=day(text), reason=reason, establishment=site)


def make_world() -> SimpleNamespace:
    make_town()
    publish_rules()
    creche = make_creche()
    family = make_family(children=1, email="amina@example.fr", now=NOW)
    baby = add_baby(family)
    give_income(family)
    return SimpleNamespace(
        **vars(creche), family=family, elder=child_of(family, 0, day("2026-10-06")), baby=baby
    )


def sign(world: Any, **fields: Any) -> Any:
    return services.sign_contract(
        **{
            "child_id": world.baby.pk,
            "family_id": world.family.pk,
            "section_id": world.section.pk,
            "starts_on": day("2026-10-01"),
            "ends_on": day("2026-12-31"),
            "week": WEEK,
            "weeks_off": Decimal(1),
            **WHO,
            **fields,
        }
    )


def came(contract: Any, on: str, arrived: str = "08:30", left: str = "17:30") -> None:
    """Hours noted, as a correction by the crèche."""
    services.correct_presence(
        contract_id=contract.pk,
        day=day(on),
        arrived=dt.time.fromisoformat(arrived),
        left=dt.time.fromisoformat(left),
        reason="feuille de présence",
        now=dt.datetime(2027, 1, 10, 9, 0, tzinfo=dt.UTC),
        actor=AGENT,
    )


def october(contract: Any, world: Any) -> None:
    """The October of `test_the_month_worked_out_by_hand`."""
    for on in ("01", "06", "08", "20", "26", "27", "29"):
        came(contract, f"2026-10-{on}")
    came(contract, "2026-10-05", "08:20", "17:40")
    services.report_absence(
        contract_id=contract.pk,
        starts_on=day("2026-10-12"),
        ends_on=day("2026-10-19"),
        reason="ILLNESS",
        channel=Channel.COUNTER,
        now=dt.datetime(2026, 10, 12, 6, 0, tzinfo=dt.UTC),
        actor=AGENT,
    )
    absence = contract.absences.get()
    services.add_certificate(
        absence_id=absence.pk, now=dt.datetime(2026, 10, 20, 9, 0, tzinfo=dt.UTC), actor=AGENT
    )
    close_site(world.site, "2026-10-22", reason="grève")
