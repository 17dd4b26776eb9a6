"""The family's side, by plain forms: ask, read again, send, follow, complete, withdraw."""

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from preau.casework import services
from preau.casework.models import Draft, Request
from preau.families import queries as families
from preau.kernel.clock import paris_day, utc_now
from preau.messaging.models import Message
from tests.bookings.world import make_offering, make_site
from tests.casework.world import ADDRESS, PNG, agent_actor, make_document_kind, move, require
from tests.harness.people import child_of, make_account, make_agent, make_family, make_town
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def family():
    make_town()
    return make_family(email="amina@example.fr", now=utc_now())


@pytest.fixture
def client(family):
    return client_of(make_account(family, email="amina@example.fr", now=utc_now()))


def image(name="piece.png"):
    return SimpleUploadedFile(name, PNG, "image/png")


def follow(response):
    assert response.status_code == 302, response.content.decode()[:3000]
    return response["Location"]


def send(client, address, answers):
    """Fill a form, read again, send; the address of the confirmation."""
    check = follow(client.post(address, answers))
    page = client.get(check)
    assert page.status_code == 200, page.content.decode()[:2000]
    return follow(client.post(check, {}))


def test_an_address_change_from_the_chooser_to_the_file(client, family):
    assert client.get(reverse("portal:request-choose")).status_code == 200
    address = reverse("portal:request-new", args=["adresse"])
    assert client.get(address).status_code == 200
    page = client.post(address, {**ADDRESS, "postcode": "94", "piece_0": image()})
    assert page.status_code == 422 and "cinq chiffres" in page.content.decode()
    # The file that came with a wrong answer is kept: nothing is sent twice.
    draft = Draft.objects.get()
    assert len(draft.files) == 1 and draft.files[0]["name"] in page.content.decode()
    done = send(client, address, {**ADDRESS, "brouillon": draft.pk})
    request = Request.objects.get()
    assert done == f"/espace/demandes/{request.reference}/?envoyee=1"
    assert request.files.count() == 1 and request.channel == "PORTAL"
    text = client.get(done).content.decode()
    for words in (request.reference, "Votre demande est reçue", "01\u00a099", "Sans réponse"):
        assert words in text
    assert f"/espace/demandes/{request.reference}/" in Message.objects.get().body
    agent = agent_actor(make_agent())
    services.approve(request_id=request.pk, now=utc_now(), actor=agent, message="Bienvenue.")
    text = client.get(reverse("portal:request", args=[request.reference])).content.decode()
    assert "Acceptée" in text and "Bienvenue." in text
    assert families.get_family(family.pk).address_line1 == ADDRESS["line1"]


def test_the_confirmation_sent_twice_is_one_request(client):
    address = reverse("portal:request-new", args=["question"])
    check = follow(client.post(address, {"subject": "Horaires", "message": "Quand ?"}))
    assert follow(client.post(check)) == follow(client.post(check))
    assert Request.objects.count() == 1
    assert follow(client.get(check)).endswith("?envoyee=1")


def test_an_enrolment_one_question_a_page(client, family):
    site = make_site()
    offering = make_offering(site=site)
    kind = make_document_kind(name="Assurance scolaire")
    require(offering.activity, kind)
    address = reverse("portal:request-new", args=["inscription"])
    text = client.get(address).content.decode()
    assert "Pour quel enfant" in text and "Lina" in text
    lina = child_of(family, day=paris_day(utc_now()))
    text = client.get(f"{address}?enfant={lina.pk}").content.decode()
    assert "À quoi inscrire Lina" in text and "activite=cantine" in text
    address = f"{address}?enfant={lina.pk}&activite=cantine"
    text = client.get(address).content.decode()
    assert site.name in text and "Assurance scolaire" in text
    start = max(paris_day(utc_now()), offering.starts_on)
    answers = {"offering": offering.pk, "starts_on": start.isoformat()}
    check = follow(client.post(address, answers))
    assert "Il manque encore" in client.get(check).content.decode()
    back = client.get(f"{address}&brouillon={Draft.objects.get().pk}")
    assert back.status_code == 200
    done = follow(client.post(check))
    assert Request.objects.get().status == "SUBMITTED"
    reference = Request.objects.get().reference
    page = client.post(reverse("portal:request-piece", args=[reference]), {"piece_0": image()})
    assert follow(page) == reverse("portal:request", args=[reference])
    assert Request.objects.get().files.count() == 1
    assert client.get(done).status_code == 200


KINDS = {
    "coordonnees": lambda f: {
        "guardian": families.guardians_of(f)[0].pk,
        "mobile_phone": "06 39 98 47 02",
        "email": "amina@example.fr",
    },
    "enfant": lambda f: {
        "first_name": "Zoé",
        "last_name": "Petit",
        "birth_on_day": "4",
        "birth_on_month": "3",
        "birth_on_year": "2022",
        "weeks": "ALL",
    },
    "responsable": lambda f: {
        "first_name": "Karim",
        "last_name": "Haddad",
        "relationship": "père",
        "email": "karim@example.fr",
    },
    "quotient": lambda f: {
        "value": "845",
        "source": "CAF",
        "starts_on": paris_day(utc_now()).isoformat(),
    },
    "repas": lambda f: {"diet": "NO_PORK"},
    "carte": lambda f: {"reason": "LOST"},
    "creche": lambda f: {
        "wished_from": paris_day(utc_now()).isoformat(),
        "days": ["0", "1"],
        "arrives_at": "08:00",
        "leaves_at": "17:00",
    },
    "question": lambda f: {"subject": "Horaires", "message": "Quand ?"},
}


@pytest.mark.parametrize("slug", KINDS)
def test_each_form_is_asked_and_sent(client, family, slug):
    child = child_of(family, day=paris_day(utc_now()))
    address = f"{reverse('portal:request-new', args=[slug])}?enfant={child.pk}"
    assert client.get(address).status_code == 200
    done = send(client, address, KINDS[slug](family))
    assert Request.objects.get().family_id == family.pk
    assert client.get(done).status_code == 200
    assert client.get(reverse("portal:requests")).status_code == 200


@pytest.mark.parametrize("slug", [*KINDS, "adresse", "absence", "ecole"])
def test_an_empty_form_is_corrected_in_words(client, family, slug):
    child = child_of(family, day=paris_day(utc_now()))
    address = f"{reverse('portal:request-new', args=[slug])}?enfant={child.pk}"
    answers = {"email": "x"} if slug == "coordonnees" else {}
    page = client.post(address, answers)
    assert page.status_code == 422 and 'class="errors"' in page.content.decode()


def test_a_withdrawal_and_a_refusal_are_said(client, family):
    request = move(family, now=utc_now())
    follow(client.post(reverse("portal:request-withdraw", args=[request.reference])))
    assert "Retirée" in client.get(reverse("portal:requests")).content.decode()
    refused = move(family, now=utc_now())
    services.refuse(
        request_id=refused.pk,
        reason="Pièce illisible.",
        now=utc_now(),
        actor=agent_actor(make_agent()),
    )
    text = client.get(reverse("portal:request", args=[refused.reference])).content.decode()
    assert "Pièce illisible." in text and "recours" in text
    address = reverse("portal:request-piece", args=[refused.reference])
    follow(client.post(address, {"message": "Encore ?"}))
    text = client.get(reverse("portal:request", args=[refused.reference])).content.decode()
    assert "est terminée" in text


def test_another_family_sees_nothing(client, family):
    from preau.casework.values import GivenFile
    from tests.casework.world import make_file

    other = make_family(last_name="Moreau", now=utc_now())
    stored = make_file(other)
    request = move(other, now=utc_now(), files=(GivenFile(stored.pk),))
    draft = services.start_draft(
        kind="QUESTION",
        family_id=other.pk,
        child_id=None,
        user=make_account(other, now=utc_now()),
        payload={"subject": "a", "message": "b"},
        now=utc_now(),
    )
    child = child_of(other, day=paris_day(utc_now()))
    for name, args in (
        ("request", [request.reference]),
        ("file", [stored.pk]),
        ("request-check", [draft.pk]),
    ):
        assert client.get(reverse(f"portal:{name}", args=args)).status_code == 404
    for name in ("request-piece", "request-withdraw"):
        page = client.post(reverse(f"portal:{name}", args=[request.reference]))
        assert page.status_code == 404
    page = client.get(f"{reverse('portal:request-new', args=['repas'])}?enfant={child.pk}")
    assert "Pour quel enfant" in page.content.decode()
    own = client_of(make_account(other, now=utc_now()))
    page = own.get(reverse("portal:file", args=[stored.pk]))
    assert page.status_code == 200
    assert page["X-Content-Type-Options"] == "nosniff" and "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_stay_within_fifteen_queries(
    client, family, count, django_assert_max_num_queries
):
    for _ in range(count):
        request = move(family, now=utc_now())
    for address in (
        reverse("portal:requests"),
        reverse("portal:request", args=[request.reference]),
        reverse("portal:request-choose"),
        reverse("portal:request-new", args=["adresse"]),
    ):
        with django_assert_max_num_queries(15):
            assert client.get(address).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_questions_stay_within_fifteen_queries(count, django_assert_max_num_queries):
    make_town()
    now = utc_now()
    family = make_family(children=count, email="amina@example.fr", now=now)
    user = make_account(family, email="amina@example.fr", now=now)
    client = client_of(user)
    site = make_site()
    for number in range(count):
        offering = make_offering(f"activite-{number}", name=f"Activité {number}", site=site)
        require(offering.activity, make_document_kind(f"piece-{number}"))
    child = child_of(family, day=paris_day(now))
    start = max(paris_day(now), offering.starts_on).isoformat()
    draft = services.start_draft(
        kind="ENROLMENT",
        family_id=family.pk,
        child_id=child.pk,
        user=user,
        payload={"offering": offering.pk, "starts_on": start},
        now=now,
    )
    asking = reverse("portal:request-new", args=["inscription"]) + f"?enfant={child.pk}"
    for address in (
        asking,
        f"{asking}&activite={offering.activity.slug}",
        reverse("portal:request-check", args=[draft.pk]),
        *(
            reverse("portal:request-new", args=[slug]) + f"?enfant={child.pk}"
            for slug in ("ecole", "creche", "piece", "absence", "coordonnees", "carte", "quotient")
        ),
    ):
        with django_assert_max_num_queries(15, info=address):
            assert client.get(address).status_code == 200
    check = reverse("portal:request-check", args=[draft.pk])
    reference = follow(client.post(check)).split("/")[3]
    with django_assert_max_num_queries(15):
        client.get(reverse("portal:request", args=[reference]))


# --- A family unknown so far ------------------------------------------------------------------


def link_of(email):
    body = Message.objects.filter(to=email, is_secret=True).latest("pk").body
    return re.search(r"/ouvrir-un-dossier/lien/[\w-]+/", body)[0]


def test_an_unknown_family_opens_its_file_without_script(client):
    from django.test import Client

    visitor = Client()
    start = reverse("portal:open-file")
    assert visitor.get(start).status_code == 200
    assert visitor.post(start, {"email": "x"}).status_code == 422
    text = visitor.post(start, {"email": "karim@example.fr"}).content.decode()
    assert "karim@example.fr" in text
    assert follow(visitor.get(reverse("portal:open-file-home"))) == start
    home = follow(visitor.get(link_of("karim@example.fr")))
    assert home == reverse("portal:open-file-home")
    assert visitor.post(home, {"line1": ""}).status_code == 422
    answers = {k: v for k, v in ADDRESS.items() if k != "since"}
    adults = follow(visitor.post(home, answers))
    assert adults == reverse("portal:open-file-adults")
    # The link opens the same draft on another device.
    phone = Client()
    assert follow(phone.get(link_of("karim@example.fr"))) == adults
    page = visitor.get(adults)
    assert "karim@example.fr" in page.content.decode()
    adult = {
        "first_name": "Karim",
        "last_name": "Haddad",
        "relationship": "père",
        "email": "karim@example.fr",
    }
    follow(visitor.post(adults, adult))
    follow(visitor.post(f"{adults}?ajouter=1", {**adult, "first_name": "Nadia", "email": ""}))
    follow(visitor.post(f"{adults}?modifier=1", {**adult, "first_name": "Nadja", "email": ""}))
    assert "Nadja" in visitor.get(adults).content.decode()
    follow(visitor.post(adults, {"drop": "1"}))
    assert "Nadja" not in visitor.get(adults).content.decode()
    children = reverse("portal:open-file-children")
    assert 'value="Haddad"' in visitor.get(children).content.decode()
    follow(
        visitor.post(
            children,
            {"first_name": "Zoé", "last_name": "Haddad", "birth_on": "2022-03-04", "weeks": "ALL"},
        )
    )
    pieces = reverse("portal:open-file-pieces")
    assert visitor.get(pieces).status_code == 200
    summary = follow(visitor.post(pieces, {"piece_0": image(), "continuer": "1"}))
    text = visitor.get(summary).content.decode()
    assert "Karim Haddad" in text and "Zoé" in text
    done = follow(visitor.post(summary))
    request = Request.objects.get()
    assert request.reference in visitor.get(done).content.decode()
    assert (request.applicant_email, request.status) == ("karim@example.fr", "SUBMITTED")
    # Sent once: the draft is closed, its link only shows the reference.
    follow(visitor.post(summary))
    assert Request.objects.count() == 1
    assert follow(phone.get(link_of("karim@example.fr"))) == done


def test_a_wrong_or_old_link_is_said(client):
    from django.test import Client

    visitor = Client()
    address = reverse("portal:open-file-link", args=["nimporte"])
    assert follow(visitor.get(address)) == reverse("portal:open-file")
    assert "valable" in visitor.get(reverse("portal:open-file")).content.decode()


def test_abandoned_drafts_are_thrown_away(family):
    user = make_account(family, now=utc_now())
    services.start_draft(
        kind="QUESTION", family_id=family.pk, child_id=None, user=user, payload={}, now=utc_now()
    )
    assert services.purge_drafts(now=utc_now()) == 0
    assert services.purge_drafts(now=utc_now() + dt.timedelta(days=8)) == 1
