"""A family leaves: one act ends what runs, gives back what is owed; and may be undone."""

import datetime as dt
import uuid

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.attendance.services import issue_card
from preau.cashdesk import services as cashdesk
from preau.cashdesk.models import Refund
from preau.journeys.leaving import DepartureRefused, come_back, departure_of, leave, preview_leaving
from preau.kernel.errors import Refusal
from tests.billing.test_runs import book_day
from tests.bookings.world import children_of, make_family, make_offering, make_slot
from tests.cashdesk.world import collect, open_office, part
from tests.harness.money import AGENT, NOW, balance
from tests.harness.people import make_agent

pytestmark = pytest.mark.django_db
IBAN = "FR1420041010050500013M02606"
TODAY = NOW.date()
WHO = {"actor": AGENT, "now": NOW + dt.timedelta(hours=2)}


@pytest.fixture
def office():
    return open_office()


@pytest.fixture
def family(office):
    """Two children, one enrolled with a day this week and one in two weeks; a credit; a card."""
    found = make_family(2)
    child = children_of(found)[0]
    offering = make_offering()
    for days in (1, 14):
        slot = make_slot(TODAY + dt.timedelta(days=days), offering=offering)
        book_day(found, child, slot)
        type(slot).objects.filter(pk=slot.pk).update(taken=1)
    issue_card(child_id=child.pk, family_id=found.pk, now=NOW, actor=AGENT)
    collect(found, office, part("CASH", 2_500))
    return found


def go(family, **values):
    given = {"last_on": TODAY + dt.timedelta(days=3), "reason": "Départ", "iban": IBAN, **WHO}
    return leave(family_id=family.pk, **given | values)


def statuses(model, family):
    label = {"Booking": "bookings", "Enrolment": "enrolments"}[model]
    rows = apps.get_model(label, model).objects.filter(family=family).order_by("pk")
    return list(rows.values_list("status", flat=True))


def test_one_act_ends_all_and_gives_back(office, family):
    what = preview_leaving(family_id=family.pk, last_on=TODAY + dt.timedelta(days=3), now=NOW)
    assert (len(what.enrolments), len(what.bookings), len(what.cards)) == (1, 1, 1)
    assert what.credit_cents == 2_500
    go(family)
    family.refresh_from_db()
    assert family.status == "CLOSED" and balance(family, office) == 0
    assert statuses("Booking", family) == ["CONFIRMED", "CANCELLED"]
    [enrolment] = apps.get_model("enrolments", "Enrolment").objects.filter(family=family)
    assert enrolment.ends_on == TODAY + dt.timedelta(days=3)
    assert apps.get_model("attendance", "Card").objects.get().status == "RETURNED"
    refund = Refund.objects.get()
    assert (refund.amount_cents, refund.status, refund.iban_end) == (2_500, "WAITING", "2606")
    with pytest.raises(DepartureRefused):
        go(family)


def test_it_is_put_back(office, family):
    go(family)
    back = come_back(family_id=family.pk, **WHO)
    assert (back.enrolments, back.bookings, back.cards, back.refunds) == (1, 1, 1, 1)
    family.refresh_from_db()
    assert family.status == "ACTIVE" and balance(family, office) == -2_500
    assert statuses("Booking", family) == ["CONFIRMED", "CONFIRMED"]
    assert statuses("Enrolment", family) == ["ACTIVE"]
    assert apps.get_model("attendance", "Card").objects.get().status == "ACTIVE"
    assert departure_of(family.pk) is None
    with pytest.raises(DepartureRefused):
        come_back(family_id=family.pk, **WHO)
    go(family)  # and it may leave again


def test_a_refund_already_sent_stays_sent(office, family):
    go(family)
    cashdesk.send_refunds(cash_office_id=office.pk, **WHO)
    assert come_back(family_id=family.pk, **WHO).refunds == 0
    assert balance(family, office) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"reason": " "},
        {"iban": "FR00"},
        {"last_on": TODAY - dt.timedelta(days=93)},
    ],
)
def test_refused_it_changes_nothing(office, family, values):
    with pytest.raises(Refusal):
        go(family, **values)
    family.refresh_from_db()
    assert family.status == "ACTIVE" and balance(family, office) == -2_500
    assert statuses("Booking", family) == ["CONFIRMED", "CONFIRMED"]
    assert departure_of(family.pk) is None


def test_without_an_iban_the_credit_stays(office, family):
    go(family, iban="")
    assert balance(family, office) == -2_500 and not Refund.objects.exists()


def test_on_screen(office, family):
    client = Client()
    user = make_agent(Role.COUNTER, email=f"{uuid.uuid4()}@mairie.example")
    client.force_login(user, "preau.accounts.auth.AgentBackend")
    page = reverse("townhall:family-depart", args=[family.code])
    assert "25,00" in client.get(page).content.decode()
    assert client.get(page, {"jusqu": "hier"}).status_code == 200
    today = dt.date.today().isoformat()
    sent = {"last_on": today, "reason": "Départ", "payee": "Moi", "iban": "FR00"}
    assert client.post(page, sent).status_code == 422
    assert client.post(page, sent | {"iban": IBAN}).status_code == 302
    assert "Départ enregistré" in client.get(page).content.decode()
    undo = reverse("townhall:family-depart-undo", args=[family.code])
    assert client.post(undo).status_code == 302 and departure_of(family.pk) is None
    assert client.post(undo).status_code == 302  # nothing to undo: said, nothing broken
