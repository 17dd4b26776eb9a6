"""In a real browser: axe and the width of the school office's pages, take-over and merge."""

import os
import uuid
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from preau.accounts.enums import Role
from preau.catalogue.models import Establishment, Offering
from preau.catalogue.services import copy_offerings
from preau.enrolments import renewals
from preau.enrolments.services import enrol
from preau.journeys.merging.merge import Choices, merge_families
from preau.journeys.rollover.renewal import open_renewal
from preau.journeys.takeover.services import run_reading, start_take_over
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.schools import promotions, sectors
from preau.schools.models import Schooling
from tests.casework.world import submit
from tests.harness.offer import make_offer
from tests.harness.people import AGENT, adult_of, child_of, make_account, make_agent, make_family
from tests.harness.people import make_town as make_the_town
from tests.harness.requests import session_of
from tests.townhall.imports.test_take_over_screens import FILE

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_is_wrong_on_the_school_offices_pages(
    live_server: Any, open_page: Any, assert_accessible: Any
) -> None:
    now = utc_now()
    day = paris_day(now)
    who: dict[str, Any] = {"now": now, "actor": AGENT}
    make_the_town()
    offer = make_offer()
    Establishment.objects.filter(pk=offer.school.pk).update(
        levels=["CP", "CE1", "CE2", "CM1", "CM2"]
    )
    sectors.save_segment(
        pk=None, street="rue du Lavoir", side="ODD", first=1, last=49, cycle="ELEMENTARY",
        school_id=offer.school.pk, **who,
    )  # fmt: skip
    family = make_family(children=2, email="amina@example.org", now=now)
    child = child_of(family, day=day)
    Schooling.objects.create(
        child=child,
        establishment=offer.school,
        school_year=offer.year,
        level="CE1",
        starts_on=offer.year.starts_on,
        ends_on=offer.year.ends_on,
        channel="SYSTEM",
        created_at=now,
    )
    enrol(
        child_id=child.pk,
        family_id=family.pk,
        offering_id=offer.judo.offerings[0].pk,
        starts_on=day,
        channel=Channel.COUNTER,
        **who,
    )
    row = promotions.prepare_roll_over(from_year=offer.year, **who)
    one = promotions.promotions_of(row).get()
    copy_offerings(source_id=offer.year.pk, target_id=row.to_year_id, **who)
    Offering.objects.update(is_open=True)
    rules = renewals.save_regulation(
        pk=None, title="Règlement", version="1", body="# Article", in_force_on=day, **who
    )
    renewals.publish_regulation(pk=rules.pk, **who)
    campaign = open_renewal(
        from_year=offer.year, to_year=row.to_year, opens_on=day, closes_on=day, **who
    )
    submit(
        family,
        "DEROGATION",
        {
            "school_year": offer.year.pk,
            "level": "CE1",
            "establishment": offer.school.pk,
            "reasons": ["SIBLING"],
        },
        child=child,
        now=now,
    )
    twin, other = make_family(children=0, adults=1, now=now), make_family(children=0, now=now)
    act = merge_families(
        kept_id=family.pk,
        other_id=twin.pk,
        choices=Choices(adults={adult_of(twin).pk: adult_of(family).pk}),
        key=uuid.uuid4(),
        **who,
    )
    file: Any = ContentFile(FILE.encode(), "reprise.csv")
    taken = start_take_over(uploaded=file, name="reprise.csv", as_of=day, **who)
    run_reading(take_over_id=taken.pk, now=now)
    office = make_agent(Role.SCHOOL_OFFICE, now=now)
    parent = make_account(family, email="amina@example.org", now=now)
    pages = [
        ("schools", []),
        ("sectors", []),
        ("sector-new", []),
        ("sectors-import", []),
        ("derogations", []),
        ("forecast", []),
        ("roll-overs", []),
        ("roll-over", [row.pk]),
        ("promotion", [row.pk, one.pk]),
        ("renewals", []),
        ("renewal", [campaign.pk]),
        ("family-renewal", [family.code]),
        ("regulations", []),
        ("regulation", [rules.pk]),
        ("take-overs", []),
        ("take-over", [taken.pk]),
        ("family-merge-choose", [family.code]),
        ("family-merge", [family.code, other.code]),
        ("family-split", [family.code]),
        ("family-act", [family.code, act.pk]),
        ("family", [family.code]),
    ]
    addresses = [(name, reverse(f"townhall:{name}", args=args)) for name, args in pages]
    seen = os.environ.get("PREAU_TEST_PICTURES", "")
    for width in (360, 1280):
        for user, mine in (
            (office, addresses),
            (parent, [("portal", reverse("portal:renewal"))]),
            (None, [("find", reverse("public:find-school") + "?adresse=3+rue+du+Lavoir"),
                    ("rules", reverse("public:regulation"))]),
        ):  # fmt: skip
            page = open_page(width)
            if user is not None:
                page.context.add_cookies(
                    [{"name": "preau_session", "value": session_of(user), "url": live_server.url}]
                )
            for name, address in mine:
                answer = page.goto(live_server.url + address)
                assert answer.status == 200, (name, answer.status)
                assert_accessible(page)
                wide = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert wide <= 0, (name, width, wide)
                if seen:
                    page.screenshot(path=f"{seen}/{name}-{width}.png", full_page=True)
