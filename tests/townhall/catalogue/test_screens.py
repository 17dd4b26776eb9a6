"""The offer's screens: lists that sort, filter and export; rows written and refused."""

import datetime as dt
import io

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from preau.accounts.enums import Role
from preau.audit.models import Entry
from preau.bookings.models import Slot
from preau.catalogue import services
from preau.catalogue.models import Activity, Menu, Offering, Product, SchoolYear, WeeklyPattern
from preau.townhall.catalogue.subjects import SUBJECTS
from tests.harness.offer import WHO, make_offer
from tests.harness.people import make_agent

pytestmark = pytest.mark.django_db
BACKEND = "preau.accounts.auth.AgentBackend"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_agent(Role.ADMINISTRATOR), BACKEND)
    return client


def url(name: str, *args: object) -> str:
    return reverse(f"townhall:{name}", args=args)


@pytest.mark.parametrize("key", SUBJECTS)
@pytest.mark.parametrize("full", [False, True])
def test_each_list_stands_empty_and_full(admin: Client, key, full):
    if full:
        make_offer()
    assert admin.get(url("catalogue-list", key)).status_code == 200
    assert admin.get(url("catalogue-new", key)).status_code == 200
    for column in SUBJECTS[key].columns:
        if column.sort:
            for sort in (column.key, f"-{column.key}"):
                response = admin.get(url("catalogue-list", key), {"sort": sort, "q": "a"})
                assert response.status_code == 200


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        ("?sort=password", 200),
        ("?page=999", 200),
        ("?year=x&site=-1", 200),
        ("?q=%00", 400),
        ("?export=exe", 404),
    ],
)
def test_bad_queries_never_break(admin: Client, bad, status):
    make_offer()
    assert admin.get(url("catalogue-list", "ouvertures") + bad).status_code == status


def test_who_may_not_is_told_no(client: Client):
    offer = make_offer()
    client.force_login(make_agent(Role.COUNTER, Role.CASHIER), BACKEND)
    addresses = [
        url("catalogue"),
        url("catalogue-list", "sites"),
        url("catalogue-new", "sites"),
        url("catalogue-edit", "sites", offer.school.pk),
        url("menus"),
        url("catalogue-slots"),
        url("catalogue-offering", offer.canteen.offerings[0].pk),
        url("catalogue-activity", offer.canteen.activity.pk),
        url("catalogue-year", offer.year.pk),
    ]
    assert {client.get(a).status_code for a in addresses} == {403}
    posts = [
        url("catalogue-delete", "sites", offer.school.pk),
        url("catalogue-offering-slots", offer.canteen.offerings[0].pk),
        url("catalogue-year-import", offer.year.pk),
    ]
    assert {client.post(a).status_code for a in posts} == {403}


def test_lists_filter_and_cost_the_same(admin: Client):
    offer = make_offer()
    with CaptureQueriesContext(connection) as one:
        admin.get(url("catalogue-list", "ouvertures"))
    for n in range(6):
        site = services.save_establishment(name=f"Site {n}", kind="SCHOOL", **WHO)
        services.save_offering(
            activity_id=offer.canteen.activity.pk,
            establishment_id=site.pk,
            school_year_id=offer.year.pk,
            capacity=10,
            **WHO,
        )
    with CaptureQueriesContext(connection) as many:
        page = admin.get(url("catalogue-list", "ouvertures"))
    assert len(many) == len(one) <= 12
    assert page.context["page"].paginator.count == 8
    narrowed = admin.get(url("catalogue-list", "ouvertures"), {"kind": "SPORT"})
    assert narrowed.context["page"].paginator.count == 1


def test_exports_hold_the_filtered_rows(admin: Client):
    make_offer()
    services.save_establishment(name="=cmd|' /C calc'!A0", kind="SPORTS", **WHO)
    csv = admin.get(url("catalogue-list", "sites"), {"export": "csv", "kind": "SPORTS"})
    text = b"".join(csv.streaming_content).decode()
    assert text.startswith("\ufeffÉtablissement;Type;") and "'=cmd" in text
    assert "Marie-Curie" not in text
    xlsx = admin.get(url("catalogue-list", "ouvertures"), {"export": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx.streaming_content))).active
    assert sheet["A1"].value == "Activité" and sheet.max_row == 3
    ods = admin.get(url("catalogue-list", "classes"), {"export": "ods"})
    assert b"".join(ods.streaming_content).startswith(b"PK")


def test_a_year_is_made_its_calendar_imported_the_offer_copied(admin: Client):
    response = admin.post(url("catalogue-new", "annees"), {"starts_on": "2026-09-01"})
    year = SchoolYear.objects.get()
    assert response.url == url("catalogue-year", year.pk)
    done = admin.post(url("catalogue-year-import", year.pk), follow=True).content.decode()
    assert "6\u00a0périodes de vacances, 11\u00a0jours fériés" in done
    assert "Vacances d’hiver" in done
    refused = admin.post(url("catalogue-new", "annees"), {"starts_on": "2026-12-01"})
    assert refused.status_code == 422 and "Une autre année" in refused.content.decode()
    admin.post(url("catalogue-new", "annees"), {"starts_on": "2027-09-01"})
    other = SchoolYear.objects.get(label="2027-2028")
    same = admin.post(
        url("catalogue-year-copy", year.pk),
        {"source_id": year.pk, "target_id": year.pk},
        follow=True,
    )
    assert "deux années différentes" in same.content.decode()
    copied = admin.post(
        url("catalogue-year-copy", other.pk),
        {"source_id": year.pk, "target_id": other.pk},
        follow=True,
    )
    assert "0\u00a0ouverture" in copied.content.decode()


ACTIVITY = {
    "name": "Chorale",
    "kind": "SPORT",
    "domain": "SPORTS",
    "booking_mode": "WHOLE_PERIOD",
    "position": "3",
    "is_published": "on",
}


def test_an_activity_from_nothing_to_its_slots(admin: Client):
    """What an agent does on the day a new activity opens, each step on its screen."""
    offer = make_offer()
    bad = admin.post(url("catalogue-new", "activites"), {**ACTIVITY, "min_age": 9, "max_age": 3})
    assert bad.status_code == 422 and "âge minimum" in bad.content.decode()
    admin.post(url("catalogue-new", "activites"), ACTIVITY)
    activity = Activity.objects.get(slug="chorale")
    new_product = url("catalogue-product-new", activity.pk)
    late = {
        "name": "Cours",
        "unit_name": "cours",
        "unit_plural": "cours",
        "starts_at": "18:00",
        "ends_at": "17:00",
        "position": "0",
    }
    assert "heure de fin" in admin.post(new_product, late).content.decode()
    admin.post(new_product, {**late, "ends_at": "19:00"})
    product = Product.objects.get(activity=activity)
    form = {
        "activity_id": activity.pk,
        "establishment_id": offer.school.pk,
        "school_year_id": offer.year.pk,
        "capacity": "20",
        "is_open": "on",
        "closes_on": "2026-12-01",
    }
    admin.post(url("catalogue-new", "ouvertures"), form)
    offering = Offering.objects.get(activity=activity)
    # «Jusqu'au 1er décembre» holds the whole day, in Paris.
    assert offering.registration_closes_at == dt.datetime(2026, 12, 1, 23, 0, tzinfo=dt.UTC)
    page = url("catalogue-offering", offering.pk)
    wrong = admin.post(
        page,
        {
            "act": "patterns",
            f"p{product.pk}-SCHOOL_DAYS-1": "on",
            f"p{product.pk}-SCHOOL_DAYS-1-places": "beaucoup",
        },
    )
    assert wrong.status_code == 422 and "beaucoup" in wrong.content.decode()
    admin.post(
        page,
        {
            "act": "patterns",
            f"p{product.pk}-SCHOOL_DAYS-1": "on",
            f"p{product.pk}-SCHOOL_DAYS-1-places": "15",
        },
    )
    assert WeeklyPattern.objects.get(offering=offering).capacity == 15
    dates = {"first": "2026-12-14", "last": "2027-01-12"}
    done = admin.post(url("catalogue-offering-slots", offering.pk), dates, follow=True)
    assert "3\u00a0séances ouvertes" in done.content.decode()
    slots = Slot.objects.filter(offering=offering).order_by("day")
    days = [slot.day for slot in slots]
    assert days == [dt.date(2026, 12, 15), dt.date(2027, 1, 5), dt.date(2027, 1, 12)]
    again = admin.post(url("catalogue-offering-slots", offering.pk), dates, follow=True)
    assert "Rien à ouvrir" in again.content.decode()
    used = admin.post(url("catalogue-delete", "ouvertures", offering.pk), follow=True)
    assert "encore utilisé" in used.content.decode()
    acts = Entry.objects.filter(actor_label="Sonia Lopes").values_list("action", flat=True)
    assert "catalogue.offering.add" in acts and "catalogue.weeklypattern.set" in acts


def test_opening_many_offerings_at_once(admin: Client):
    offer = make_offer()
    assert admin.get(url("catalogue-slots")).status_code == 200
    done = admin.post(
        url("catalogue-slots"),
        {
            "school_year_id": offer.year.pk,
            "first": "2026-11-23",
            "last": "2026-11-27",
            "kinds": ["CANTEEN", "SPORT"],
        },
        follow=True,
    )
    assert "5\u00a0séances ouvertes" in done.content.decode()
    backwards = admin.post(
        url("catalogue-slots"),
        {
            "school_year_id": offer.year.pk,
            "first": "2026-11-27",
            "last": "2026-11-23",
            "kinds": ["CANTEEN"],
        },
    )
    assert backwards.status_code == 422


def test_documents_asked(admin: Client):
    from preau.enrolments.queries import required_documents
    from preau.enrolments.services import save_document_kind

    offer = make_offer()
    kind = save_document_kind(slug="assurance", name="Assurance scolaire", **WHO)
    pk = offer.canteen.activity.pk
    admin.post(url("catalogue-activity", pk), {"documents": "1", "kinds": [kind.pk]})
    assert [k.name for k in required_documents([pk])[pk]] == ["Assurance scolaire"]
    assert "Assurance scolaire" in admin.get("/activites/cantine/").content.decode()


def test_a_week_of_menus(admin: Client):
    make_offer()
    week = f"{url('menus')}?semaine=2026-11-23"
    assert "lundi 23 novembre" in admin.get(week).content.decode().lower()
    admin.post(week, {"2026-11-24-main": "Colin et riz"})
    assert Menu.objects.get().main == "Colin et riz"
    long = admin.post(week, {"2026-11-24-main": "x" * 121})
    assert long.status_code == 422 and "120 signes" in long.content.decode()
    assert admin.get(url("menus-export", "csv")).status_code == 200
    assert admin.get(f"{url('menus')}?semaine=x").status_code == 200


@pytest.mark.parametrize("name", ["catalogue-year", "catalogue-activity", "catalogue-offering"])
def test_unknown_rows_are_404(admin: Client, name):
    assert admin.get(url(name, 999)).status_code == 404
    assert admin.get(url("catalogue-list", "inconnu")).status_code == 404
    assert admin.get(url("catalogue-edit", "sites", 999)).status_code == 404
    assert admin.post(url("catalogue-delete", "sites", 999)).status_code == 404
