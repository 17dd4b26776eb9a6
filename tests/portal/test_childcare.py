"""The family's crèche: few queries, nothing of another household, what it may and may not do."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from preau.childcare import services
from preau.kernel.clock import utc_now
from preau.kernel.enums import Channel
from tests.childcare.world import (
    AGENT,
    WEEK_MINUTES,
    WHO,
    add_baby,
    add_unborn,
    day,
    make_world,
    october,
    sign,
)
from tests.harness.people import make_account, make_family
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def world():
    world = make_world()
    world.contract = sign(world, ends_on=day("2027-07-31"))
    october(world.contract, world)
    [world.statement] = services.close_month(
        month=day("2026-10-01"),
        establishment_ids=[world.site.pk],
        now=dt.datetime(2026, 11, 4, 9, 0, tzinfo=dt.UTC),
        actor=AGENT,
    )
    world.row = services.preregister(
        child_id=add_unborn(world.family).pk,
        family_id=world.family.pk,
        establishment_id=world.site.pk,
        wished_from=day("2027-03-01"),
        weekly_minutes=WEEK_MINUTES,
        channel=Channel.PORTAL,
        has_base_pieces=False,
        **WHO,
    )
    world.client = client_of(make_account(world.family, now=utc_now()))
    return world


def pages(world):
    return {
        "childcare": [],
        "childcare-wish": [world.row.pk],
        "childcare-contract": [world.contract.pk],
        "childcare-absence": [world.contract.pk],
        "childcare-statement": [world.statement.pk],
        "childcare-statement-pdf": [world.statement.pk],
    }


def test_each_page_asks_little_of_the_database(world, django_assert_max_num_queries):
    for name, args in pages(world).items():
        address = reverse(f"portal:{name}", args=args)
        world.client.get(address)
        with django_assert_max_num_queries(15):
            assert world.client.get(address).status_code == 200


def test_another_household_sees_nothing_of_it(world):
    stranger = client_of(make_account(make_family(last_name="Dupont"), now=utc_now()))
    for name, args in pages(world).items():
        if args:
            address = reverse(f"portal:{name}", args=args)
            assert stranger.get(address).status_code == 404
            assert stranger.post(address).status_code in (404, 405)
    assert "Zélie" not in stranger.get(reverse("portal:childcare")).content.decode()


def test_a_proof_is_given_then_checked(world):
    piece = world.row.pieces.first()
    address = reverse("portal:childcare-give", args=[world.row.pk, piece.pk])
    assert world.client.get(address).status_code == 200
    assert world.client.post(address, {}).status_code == 422
    wrong = SimpleUploadedFile("a.pdf", b"not a pdf")
    assert world.client.post(address, {"file": wrong}).status_code == 422
    given = SimpleUploadedFile("a.pdf", PDF)
    assert world.client.post(address, {"file": given}).status_code == 302
    piece.refresh_from_db()
    assert piece.status == "GIVEN" and piece.file_id
    page = world.client.get(reverse("portal:childcare-wish", args=[world.row.pk]))
    assert "Sans rang pour l’instant" in page.content.decode()


def test_a_birth_is_told_by_the_family(world):
    address = reverse("portal:childcare-wish", args=[world.row.pk])
    answers = {
        "act": "birth",
        "first_name": "Malo",
        "last_name": "Rousseau",
        "sex": "M",
        "birth_on": (utc_now() - dt.timedelta(days=2)).date().isoformat(),
    }
    assert world.client.post(address, {**answers, "birth_on": ""}).status_code == 422
    assert world.client.post(address, answers).status_code == 302
    assert "Malo Rousseau" in world.client.get(address).content.decode()


def test_a_family_answers_its_own_offer_alone(world):
    child = add_baby(world.family, "Tao")
    row = services.preregister(
        child_id=child.pk,
        family_id=world.family.pk,
        establishment_id=world.site.pk,
        wished_from=day("2027-03-01"),
        weekly_minutes=WEEK_MINUTES,
        channel=Channel.PORTAL,
        **WHO,
    )
    offer = services.make_offer(
        preregistration_id=row.pk,
        section_id=world.section.pk,
        starts_on=day("2027-03-01"),
        now=utc_now(),
        actor=AGENT,
    )
    address = reverse("portal:childcare-offer", args=[offer.pk])
    stranger = client_of(make_account(make_family(last_name="Dupont"), now=utc_now()))
    assert stranger.post(address, {"answer": "yes"}).status_code == 404
    assert world.client.post(address, {"answer": "yes"}).status_code == 302
    row.refresh_from_db()
    assert row.status == "ACCEPTED"
    assert world.client.post(address, {"answer": "no"}).status_code == 404
