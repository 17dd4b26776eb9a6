"""A home fills its child's sheet and its weeks, and reads nothing of the other home."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from preau.audit.models import Entry
from preau.catalogue.services import save_allergens, save_menu
from preau.childsheet import queries as sheets
from preau.childsheet import services as sheet_services
from preau.families import queries, services
from preau.families.enums import CustodyWeeks
from preau.families.models import CustodyException
from preau.families.values import AddressData, ChildData, GuardianData
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.periods import week_start
from preau.messaging.models import Message
from tests.harness.people import (
    AGENT,
    adult_of,
    make_account,
    make_agent,
    make_family,
    make_town,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def homes():
    """The child, its mother's file (even weeks) and its father's (odd ones), today."""
    make_town()
    now = utc_now()
    mother = make_family(children=1, adults=1, now=now)
    child = queries.children_of(mother, paris_day(now))[0]
    services.set_custody(
        child_id=child.pk,
        family_id=mother.pk,
        weeks="EVEN",
        starts_on=paris_day(now),
        now=now,
        actor=AGENT,
    )
    father = services.open_family(
        address=AddressData("77 rue Secrète", "75012", "Paris"),
        guardians=[
            GuardianData("Rousseau", "Thomas", mobile_phone="0699887766", email="t@x.example")
        ],
        children=[ChildData(child_id=child.pk, weeks=CustodyWeeks.ODD)],
        channel="COUNTER",
        now=now,
        actor=AGENT,
    )
    return child, mother, father


def sign_in(client, family):
    client.force_login(make_account(family))
    return client


def sign_agent(client, role):
    client.force_login(
        make_agent(role, email=f"{role.lower()}@x.example"),
        backend="preau.accounts.auth.AgentBackend",
    )


def url(child, name="child-sheet"):
    return reverse(f"portal:{name}", args=[child.pk])


def test_the_sheet_part_by_part(client, homes):
    child, mother, _father = homes
    sign_in(client, mother)
    assert client.get(url(child)).status_code == 200

    def post(act, **data):
        return client.post(url(child), {"act": act, **data})

    bad = post("collector", **{"c-kind": "ALLOWED", "c-name": "Rose"})
    assert bad.status_code == 422 and "téléphone" in bad.content.decode()
    assert (
        post(
            "collector", **{"c-kind": "ALLOWED", "c-name": "Rose Martin", "c-phone": "0601020304"}
        ).status_code
        == 302
    )
    assert post("phones", **{"phone-0-name": "Rose", "phone-0-phone": "0601020304"})
    post("alone", **{"a-may": "1", "a-from_hour": "17:30"})
    post("consents", **{"o-PHOTO": "1", "o-OUTING": "0"})
    post("diet", diet="NO_PORK")
    paper = SimpleUploadedFile("carnet.pdf", b"%PDF-1.4 carnet")
    done = post(
        "health",
        **{
            "h-allergens": ["PEANUTS"],
            "h-treatment": "Ventoline",
            "h-vaccines": ["DTP"],
            "h-vaccine_proof": paper,
        },
    )
    assert done.status_code == 302
    text = client.get(url(child)).content.decode()
    assert "Ventoline" in text and "Rose Martin" in text
    sheet = sheets.get_sheet(child.pk)
    assert sheet.leave_alone_from == dt.time(17, 30)
    assert sheets.current_consents(child.pk)["PHOTO"].is_given
    today = utc_now().date()
    done = post(
        "pai",
        **{
            "i-signed_on_day": today.day,
            "i-signed_on_month": today.month,
            "i-signed_on_year": today.year,
            "i-measures": "Appeler le 15",
        },
    )
    assert done.status_code == 302
    read = client.get(reverse("portal:child-document", args=[child.pk, sheet.vaccine_proof_id]))
    assert read.content == b"%PDF-1.4 carnet"
    assert "no-store" in read["Cache-Control"]
    assert post("confirm").status_code == 302
    assert post("checked").status_code == 404, "an agent's act"
    assert post("pai-end").status_code == 404


def test_neither_home_reads_the_other(client, homes):
    child, mother, father = homes
    who = {"child_id": child.pk, "family_id": father.pk, "now": utc_now(), "actor": AGENT}
    sheet_services.add_collector(kind="ALLOWED", name="Papi Secret", phone="0611111111", **who)
    sheet_services.set_phones(phones=[("Papi Secret", "", "0611111111")], **who)
    services.propose_swap(
        child_id=child.pk,
        asked_by=father.pk,
        to_family=mother.pk,
        starts_on=paris_day(utc_now()) + dt.timedelta(days=9),
        ends_on=paris_day(utc_now()) + dt.timedelta(days=10),
        now=utc_now(),
        actor=AGENT,
    )
    sign_in(client, mother)
    for name in ("child-sheet", "child-custody"):
        text = client.get(url(child, name)).content.decode()
        for secret in ("Secrète", "0699887766", "06 99 88 77 66", "0611111111", "06 11 11 11 11"):
            assert secret not in text, (name, secret)
        assert father.name not in text or father.name == mother.name
        assert "Thomas" not in text
    stranger = make_family(last_name="Autre", now=utc_now())
    client.force_login(make_account(stranger))
    for name in ("child-sheet", "child-custody"):
        assert client.get(url(child, name)).status_code == 404


def test_days_are_exchanged_between_the_parents(client, homes):
    child, mother, father = homes
    monday = week_start(paris_day(utc_now())) + dt.timedelta(days=7)
    sign_in(client, mother)

    def day(name, value):
        return {
            f"{name}_day": value.day,
            f"{name}_month": value.month,
            f"{name}_year": value.year,
        }

    asked = {
        "act": "propose",
        "where": "there",
        **day("starts_on", monday),
        **day("ends_on", monday + dt.timedelta(days=1)),
    }
    assert client.post(url(child, "child-custody"), {"act": "propose"}).status_code == 422
    assert client.post(url(child, "child-custody"), asked).status_code == 302
    swap = CustodyException.objects.get()
    told = Message.objects.get(to="t@x.example")
    assert "échange de jours" in told.body and "Amina" not in told.body
    mine = {"act": "agree", "swap": swap.pk}
    assert client.post(url(child, "child-custody"), mine).status_code == 422
    sign_in(client, father)
    assert "chez vous" in client.get(url(child, "child-custody")).content.decode()
    assert client.post(url(child, "child-custody"), mine).status_code == 302
    assert queries.household_on([child.pk], monday, monday)[child.pk][monday] == father.pk


def test_menus_warn_for_ones_own_children(client, homes, django_assert_max_num_queries):
    child, mother, _father = homes
    monday = week_start(paris_day(utc_now()))
    who = {"now": utc_now(), "actor": AGENT}
    save_menu(day=monday, main="Poisson pané", **who)
    save_allergens(day=monday, allergens={"main": ["FISH"]}, **who)
    sheet_services.write_health(
        child_id=child.pk,
        family_id=mother.pk,
        health=sheets.own_health(child.pk).__class__(allergens=("FISH",)),
        **who,
    )
    sign_in(client, mother)
    with django_assert_max_num_queries(15):
        text = client.get(f"{reverse('portal:menus')}?semaine={monday}").content.decode()
    assert "contient poisson" in text and child.first_name in text


def test_agents_ask_before_reading_health(client, homes):
    child, mother, _father = homes
    now = utc_now()
    sheet_services.write_health(
        child_id=child.pk,
        family_id=mother.pk,
        health=sheets.own_health(child.pk).__class__(treatment="Ventoline"),
        now=now,
        actor=AGENT,
    )
    page = reverse("townhall:family-child-sheet", args=[mother.code, child.pk])
    sign_agent(client, "COUNTER")
    assert "Ventoline" not in client.get(page).content.decode()
    assert client.post(page, {"act": "read"}).status_code == 404
    assert not Entry.objects.filter(action="childsheet.read_health").exists()
    sign_agent(client, "CRECHE")
    assert "Ventoline" not in client.get(page).content.decode()
    assert "Ventoline" in client.post(page, {"act": "read"}).content.decode()
    assert Entry.objects.filter(action="childsheet.read_health").count() == 1


def test_an_agent_previews_then_saves_custody(client, homes):
    child, mother, father = homes
    sign_agent(client, "SCHOOL_OFFICE")
    page = reverse("townhall:family-custody", args=[mother.code, child.pk])
    assert client.get(page).status_code == 200
    today = paris_day(utc_now())
    data = {
        "weeks": "DAYS",
        "even": ["0", "1"],
        "odd": ["2", "3", "4"],
        "holidays": "HALVES_EVEN",
        "starts_on_day": today.day,
        "starts_on_month": today.month,
        "starts_on_year": today.year,
        "both": "on",
    }
    preview = client.post(page, {"act": "preview", **data})
    assert preview.status_code == 200 and "Aperçu" in preview.content.decode()
    assert queries.children_of(mother, today)[0].weeks == "EVEN", "nothing was saved"
    assert client.post(page, {"act": "save", **data}).status_code == 302
    here = queries.children_of(mother, today)[0].stay
    there = queries.children_of(father, today)[0].stay
    assert here.days == "1100000" + "0011100"
    assert there.days == "0011111" + "1100011"
    assert (here.holidays, there.holidays) == ("HALVES_EVEN", "HALVES_ODD")
    thomas = adult_of(father)
    record = {
        "act": "record",
        "j-basis": "JUDGMENT",
        "j-effect": "NO_COLLECTION",
        "j-guardian": thomas.pk,
        "j-starts_on_day": today.day,
        "j-starts_on_month": today.month,
        "j-starts_on_year": today.year,
    }
    assert client.post(page, record).status_code == 422, "a judgment needs its copy"
    record["j-document"] = SimpleUploadedFile("j.pdf", b"%PDF-1.4 jugement")
    assert client.post(page, record).status_code == 302
    found = sheets.site_sheets([child], today)[child.pk]
    assert [p.name for p in found.must_not_collect] == ["Thomas Rousseau"]
    assert "Thomas Rousseau" not in [p.name for p in found.may_collect]
    decision = queries.parenting_of(child.pk).get()
    paper = reverse("townhall:family-judgment", args=[mother.code, child.pk, decision.document_id])
    assert client.get(paper).content == b"%PDF-1.4 jugement"
    assert Entry.objects.filter(action="families.read_judgment").count() == 1


def test_a_protected_address_is_read_by_few(client, homes):
    _child, _mother, father = homes
    page = reverse("townhall:family-protection", args=[father.code])
    sign_agent(client, "COUNTER")
    assert client.get(page).status_code == 403
    sign_agent(client, "SCHOOL_OFFICE")
    assert client.post(page, {"act": "protect", "reason": "ordonnance"}).status_code == 302
    file = reverse("townhall:family", args=[father.code])
    assert "Secrète" not in client.get(file).content.decode()
    assert "Secrète" not in client.get(page).content.decode()
    assert "Secrète" in client.post(page, {"act": "read"}).content.decode()
    assert Entry.objects.filter(action="families.read_protected_address").count() == 1


def test_a_protected_home_is_not_asked_its_address_in_a_request(client, homes):
    _child, _mother, father = homes
    services.protect_address(family_id=father.pk, now=utc_now(), actor=AGENT)
    sign_in(client, father)
    text = client.get(reverse("portal:family")).content.decode()
    assert "Secrète" not in text and "adresse est protégée" in text
    today = utc_now().date()
    sent = client.post(
        reverse("portal:request-new", args=["adresse"]),
        {
            "line1": "9 rue Neuve",
            "postcode": "94300",
            "city": "Vincennes",
            "since_day": today.day,
            "since_month": today.month,
            "since_year": today.year,
        },
    )
    assert "ne l’écrivez pas ici" in sent.content.decode()
