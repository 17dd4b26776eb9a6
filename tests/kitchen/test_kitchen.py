"""Meals fixed at the cut-off, then their changes; what each child may not eat."""

import datetime as dt
from pathlib import Path

import pytest
from django.core import mail

from preau.catalogue.services import save_allergens, save_menu
from preau.childsheet.health import Health
from preau.childsheet.services import write_health
from preau.documents.models import StoredFile
from preau.kernel.actors import Actor
from preau.kitchen import papers, queries, rules, services
from preau.kitchen.errors import KitchenRefused
from preau.kitchen.models import MealCount
from preau.messaging.models import Message
from preau.messaging.services import wipe_attachments
from preau.messaging.tasks import send_message
from tests.bookings import world
from tests.harness.people import make_town

pytestmark = pytest.mark.django_db
WHO = {"now": world.NOW, "actor": Actor.system()}
DAY = dt.date(2026, 10, 8)


@pytest.fixture
def meal():
    """Two children booked on Thursday 8 October; the one after Tuesday 6."""
    make_town()
    for text in ("2026-10-05", "2026-10-06"):
        world.make_slot(text)
    slot = world.make_slot("2026-10-08")
    family = world.make_family(children=2)
    children = world.children_of(family)
    for child in children:
        world.book(slot, child, family)
    services.save_setting(
        establishment_id=None,
        emails=["Cuisine@ville.example"],
        days_before=1,
        hour=dt.time(10),
        is_active=True,
        **WHO,
    )
    return slot, family, children


def test_the_cut_off_counts_days_of_service():
    served = [dt.date(2026, 10, d) for d in (5, 6, 8, 9)]
    limit = rules.cut_off(dt.date(2026, 10, 8), days_before=1, hour=dt.time(10), served=served)
    assert limit == world.instant("2026-10-06T10:00")
    limit = rules.cut_off(dt.date(2026, 10, 5), days_before=1, hour=dt.time(10), served=[])
    assert limit == world.instant("2026-10-02T10:00"), "a Friday before a Monday"


def test_fixed_once_then_differences(meal):
    _slot, family, children = meal
    today = world.NOW.date()
    assert services.fix_due(now=world.NOW, today=today) == 1, "Tuesday's own, already past"
    after = world.instant("2026-10-06T10:05")
    services.fix_due(now=after, today=today)
    first = MealCount.objects.get(day=DAY)
    assert (first.rank, first.total, first.sent_to) == (1, 2, ["cuisine@ville.example"])
    assert services.fix_due(now=after, today=today) == 0, "nothing changed, nothing is sent"
    write_health(
        child_id=children[0].pk,
        family_id=family.pk,
        health=Health(allergens=("FISH",)),
        **WHO,
    )
    children[1].diet = "NO_PORK"
    children[1].save()
    assert services.fix_due(now=after, today=today) == 1
    change = MealCount.objects.get(day=DAY, rank=2)
    assert change.allergens == {"FISH": 1}
    assert [d.delta for d in papers.differences_of(change)] == [-1, 1]
    body = Message.objects.order_by("-pk").first().body
    assert "sans porc : 0 → 1 (+1)" in body and "poisson : 1" in body
    for child in children:
        assert child.last_name not in body


def test_the_mail_carries_the_numbers_on_paper_and_as_a_table(meal):
    slot, _family, children = meal
    services.save_setting(
        establishment_id=None,
        emails=["a@ville.example", "b@ville.example"],
        days_before=1,
        hour=dt.time(10),
        is_active=True,
        **WHO,
    )
    site = slot.offering.establishment_id
    count = services.fix_now(establishment_id=site, day=DAY, **WHO)
    for message in Message.objects.all():
        send_message.func(message.pk)
    assert sorted(sent.to[0] for sent in mail.outbox) == ["a@ville.example", "b@ville.example"]
    assert StoredFile.objects.count() == 2, "kept once for all the addresses"
    (pdf, paper, kind), (table, text, _kind) = mail.outbox[0].attachments
    assert pdf.endswith("-1.pdf") and kind == "application/pdf" and paper.startswith(b"%PDF")
    assert table.endswith("-1.csv") and f";08/10/2026;{count.rank};sans restriction;" in text
    assert children[0].last_name not in text


def test_what_the_mails_carried_is_wiped_after_its_time(
    meal, settings, django_capture_on_commit_callbacks
):
    slot, _family, _children = meal
    count = services.fix_now(establishment_id=slot.offering.establishment_id, day=DAY, **WHO)
    kept = list(StoredFile.objects.all())
    paths = [Path(stored.file.path) for stored in kept]
    late = world.NOW + dt.timedelta(days=settings.ATTACHMENT_DAYS + 1)
    assert wipe_attachments(now=late) == 0, "not sent yet: it still needs them"
    for message in Message.objects.all():
        send_message.func(message.pk)
    assert wipe_attachments(now=late - dt.timedelta(days=2)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert wipe_attachments(now=late) == len(kept) == 2
    assert not StoredFile.objects.exists() and not any(path.exists() for path in paths)
    # The count stays: agents print it again, and the message says what was sent.
    assert papers.pdf_of(count, "Aulnes")[:4] == b"%PDF" and Message.objects.count() == 1


def test_settings_are_checked(meal):
    with pytest.raises(KitchenRefused, match="adresse"):
        services.save_setting(
            establishment_id=None,
            emails=["pas une adresse"],
            days_before=1,
            hour=dt.time(10),
            is_active=True,
            **WHO,
        )


def test_menus_warn_the_childs_own_home(meal):
    _slot, family, (first, second) = meal
    save_menu(day=DAY, main="Poisson pané", side="Riz", dessert="Crème", **WHO)
    save_allergens(
        day=DAY,
        allergens={"main": ["FISH", "GLUTEN", "INCONNU"], "dairy": ["MILK"], "side": ["PORK"]},
        **WHO,
    )
    write_health(child_id=first.pk, family_id=family.pk, health=Health(allergens=("FISH",)), **WHO)
    second.diet = "NO_PORK"
    second.save()
    day = queries.menu_days(DAY, DAY, [first, second], with_health=True)[0]
    assert [(d.name, d.contains) for d in day.dishes] == [
        ("Poisson pané", ["gluten", "poisson"]),
        ("Riz", ["porc"]),
        ("Crème", []),
    ]
    assert [(kid.pk, words) for d in day.dishes for kid, words in d.warnings] == [
        (first.pk, ["poisson"]),
        (second.pk, ["porc"]),
    ]
    public = queries.menu_days(DAY, DAY)[0]
    assert not public.has_warning
