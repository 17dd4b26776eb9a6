"""In a real browser: the keyboard, a phone, and axe on each page of requests."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from preau.accounts.enums import Role
from preau.casework import services
from preau.casework.models import Request
from preau.casework.values import GivenFile
from preau.kernel.clock import paris_day, utc_now
from tests.bookings.world import make_offering, make_site
from tests.casework.world import agent_actor, make_document_kind, make_file, move, require, submit
from tests.harness.people import child_of, make_account, make_agent, make_family, make_town
from tests.harness.requests import session_of

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page, live_server, user):
    page.context.add_cookies(
        [{"name": "preau_session", "value": session_of(user), "url": live_server.url}]
    )


@pytest.fixture
def family():
    make_town()
    return make_family(email="amina@example.fr", now=utc_now())


def test_an_agent_works_with_the_keyboard_alone(live_server, open_page, family):
    desk = open_page(1280, expected=("422",))
    agent = make_agent(now=utc_now())
    first, second = move(family, now=utc_now()), move(family, now=utc_now())
    sign_in(desk, live_server, agent)
    desk.goto(live_server.url + reverse("townhall:inbox"))
    desk.keyboard.press("j")
    desk.wait_for_url(f"**{reverse('townhall:request', args=[first.reference])}*")
    assert Request.objects.get(pk=first.pk).held_by_id == agent.pk
    desk.keyboard.press("a")
    desk.wait_for_url(f"**{reverse('townhall:request', args=[second.reference])}*")
    assert Request.objects.get(pk=first.pk).status == "APPROVED"
    desk.keyboard.press("r")
    desk.wait_for_selector(".errors")
    assert Request.objects.get(pk=second.pk).status == "SUBMITTED"
    desk.fill("textarea[name=message]", "Pièce illisible.")
    desk.locator("h1").click()
    desk.keyboard.press("r")
    desk.wait_for_url(f"**{reverse('townhall:inbox')}*")
    assert Request.objects.get(pk=second.pk).status == "REFUSED"


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wrong_on_the_pages_of_requests(
    live_server, open_page, assert_accessible, family, width
):
    now = utc_now()
    day = paris_day(now)
    agent = make_agent(Role.ADMINISTRATOR, now=now)
    user = make_account(family, email="amina@example.fr", now=now)
    child = child_of(family, day=day)
    offering = make_offering(site=make_site())
    require(offering.activity, make_document_kind(name="Assurance scolaire"))
    held = move(family, now=now, files=(GivenFile(make_file(family).pk),), user=user)
    waiting = submit(
        family,
        "ENROLMENT",
        {"offering": offering.pk, "starts_on": max(day, offering.starts_on).isoformat()},
        child=child,
        now=now,
        user=user,
    )
    services.ask_piece(
        request_id=waiting.pk, message="L’assurance.", now=now, actor=agent_actor(agent)
    )
    unknown = submit(
        None,
        "NEW_FAMILY",
        {
            "home": {"line1": "8 rue du Lavoir", "postcode": "94300", "city": "Vincennes"},
            "adults": [
                {
                    "first_name": "Amina",
                    "last_name": "Belkacem",
                    "relationship": "mère",
                    "email": "amina@example.fr",
                }
            ],
            "children": [
                {
                    "first_name": "Lina",
                    "last_name": "Rousseau",
                    "birth_on": "2016-06-09",
                    "weeks": "ALL",
                }
            ],
        },
        now=now,
    )
    page = open_page(width)
    sign_in(page, live_server, user)
    asking = reverse("portal:request-new", args=["inscription"])
    for address in (
        reverse("portal:requests"),
        reverse("portal:request-choose"),
        asking,
        f"{asking}?enfant={child.pk}",
        f"{asking}?enfant={child.pk}&activite=cantine",
        reverse("portal:request-new", args=["adresse"]),
        reverse("portal:request-new", args=["responsable"]),
        f"{reverse('portal:request-new', args=['creche'])}?enfant={child.pk}",
        reverse("portal:request", args=[waiting.reference]),
        f"{reverse('portal:request', args=[held.reference])}?envoyee=1",
        reverse("portal:open-file"),
    ):
        page.goto(live_server.url + address)
        assert_accessible(page)
    page = open_page(width)
    sign_in(page, live_server, agent)
    for address in (
        reverse("townhall:inbox"),
        f"{reverse('townhall:inbox')}?onglet=done",
        reverse("townhall:request", args=[held.reference]),
        reverse("townhall:request", args=[unknown.reference]),
        reverse("townhall:family-request", args=[family.code]),
        reverse("townhall:family-request-new", args=[family.code, "adresse"]),
        reverse("townhall:request-kinds"),
        reverse("townhall:request-kind", args=["repas"]),
        reverse("townhall:document-kinds"),
        reverse("townhall:document-kind-new"),
        reverse("townhall:documents"),
        reverse("townhall:childcare"),
        reverse("townhall:childcare-contracts"),
    ):
        page.goto(live_server.url + address)
        assert_accessible(page)


def test_a_family_unknown_so_far_on_a_phone_without_script(live_server, open_page, family):
    from preau.messaging.models import Message

    page = open_page(360, javascript=False)
    page.goto(live_server.url + reverse("portal:open-file"))
    page.get_by_label("Votre adresse e-mail").fill("karim@example.fr")
    page.get_by_role("button", name="Recevoir le lien").click()
    body = Message.objects.get(to="karim@example.fr").body
    link = next(word for word in body.split() if "/ouvrir-un-dossier/lien/" in word)
    page.goto(live_server.url + link[link.index("/ouvrir") :])
    page.get_by_label("Numéro et rue").fill("3 allée des Pins")
    page.get_by_label("Code postal").fill("94300")
    page.get_by_label("Commune").fill("Vincennes")
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Prénom").fill("Karim")
    page.get_by_label("Nom de naissance").fill("Haddad")
    page.get_by_label("Lien avec les enfants").select_option("père")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("link", name="Continuer").click()
    page.get_by_label("Prénom").fill("Zoé")
    page.get_by_label("Jour").fill("4")
    page.get_by_label("Mois").fill("3")
    page.get_by_label("Année").fill("2022")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("link", name="Continuer").click()
    page.get_by_role("button", name="Continuer").click()
    expect(page.locator("main")).to_contain_text("Zoé Haddad")
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.locator("main")).to_contain_text(Request.objects.get().reference)
