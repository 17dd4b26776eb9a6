"""The agents' side, by plain forms: hold, compare, decide, undo, ask for a family, set."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from preau.accounts.enums import Role
from preau.casework import services
from preau.casework.models import KindSettings, Request
from preau.casework.values import GivenFile
from preau.childcare import queries as childcare
from preau.enrolments import queries as enrolments
from preau.enrolments.models import DocumentKind, ProvidedDocument
from preau.families import queries as families
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.messaging.models import Message
from tests.bookings.world import make_offering, make_site
from tests.casework.world import (
    ADDRESS,
    PNG,
    agent_actor,
    make_document_kind,
    make_file,
    move,
    submit,
)
from tests.harness.people import child_of, make_account, make_agent, make_family, make_town
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def family():
    make_town()
    return make_family(email="amina@example.fr", now=utc_now())


@pytest.fixture
def agent():
    return make_agent(now=utc_now())


@pytest.fixture
def client(agent):
    return client_of(agent)


def follow(response):
    assert response.status_code == 302, response.content.decode()[:3000]
    return response["Location"]


def case(request):
    return reverse("townhall:request", args=[request.reference])


def decide(client, request, decision, **answers):
    request.refresh_from_db()
    page = client.get(case(request))
    form = page.context["form"]
    return client.post(
        reverse("townhall:request-decide", args=[request.reference]),
        {
            "decision": decision,
            "version": form.initial["version"],
            "seen": form.initial["seen"],
            **answers,
        },
    )


def test_the_inbox_shows_counts_late_ones_and_tabs(client, family):
    late = move(family, now=utc_now() - dt.timedelta(days=9))
    move(family, now=utc_now())
    text = client.get(reverse("townhall:inbox")).content.decode()
    assert "<b>2</b> à traiter" in text and 'class="badc">1</b> en retard' in text
    assert "en retard de 2 j" in text and "data-walk" in text
    for tab in ("todo", "mine", "waiting", "done", "nimporte"):
        address = f"{reverse('townhall:inbox')}?onglet={tab}"
        assert client.get(address).status_code == 200
    address = f"{reverse('townhall:inbox')}?onglet=todo&late=on&q=belkacem&kind=ADDRESS_CHANGE"
    text = client.get(address).content.decode()
    assert text.count("/mairie/demandes/2026") + text.count("/mairie/demandes/2027") >= 1
    assert late.reference in text
    assert client.get(f"{reverse('townhall:inbox')}?kind=NIMPORTE&page=99").status_code == 200


def test_a_case_is_held_compared_and_approved(client, family, agent):
    given = make_file(family)
    request = move(family, now=utc_now(), files=(GivenFile(given.pk),))
    text = client.get(case(request)).content.decode()
    for words in (
        "8 rue du Lavoir",
        "41 bis, avenue des Aulnes",
        "Vous tenez cette demande",
        'data-key="a"',
        'data-key="d"',
        'data-key="r"',
        "piece.png",
    ):
        assert words in text, words
    request.refresh_from_db()
    assert request.held_by_id == agent.pk
    other = client_of(make_agent(email="karim@example.fr", now=utc_now()))
    text = other.get(case(request)).content.decode()
    assert "personne d’autre ne le peut" in text and 'data-key="a"' not in text
    assert "ouverte par Sonia Lopes" in other.get(reverse("townhall:inbox")).content.decode()
    page = other.post(
        reverse("townhall:request-decide", args=[request.reference]),
        {"decision": "approve", "version": 1, "seen": ""},
    )
    assert page.status_code == 422
    follow(decide(client, request, "approve", message="Bonne installation."))
    assert families.get_family(family.pk).address_line1 == ADDRESS["line1"]
    text = client.get(case(request)).content.decode()
    assert "Acceptée par Sonia Lopes" in text and "Annuler cette décision" in text
    follow(decide(client, request, "undo"))
    assert families.get_family(family.pk).address_line1 == "8 rue du Lavoir"


def test_approving_goes_to_the_next_of_the_queue(client, family):
    first, second = move(family, now=utc_now()), move(family, now=utc_now())
    assert follow(decide(client, first, "approve")) == case(second)
    assert follow(decide(client, second, "refuse", message="Trop tard.")).startswith(
        reverse("townhall:inbox")
    )


def test_what_changed_meanwhile_is_shown_and_nothing_is_lost(client, family):
    request = move(family, now=utc_now())
    client.get(case(request))
    page = client.post(
        reverse("townhall:request-decide", args=[request.reference]),
        {"decision": "approve", "version": 1, "seen": "autre", "message": "Mon mot"},
    )
    text = page.content.decode()
    assert page.status_code == 422 and "a changé depuis" in text and "Mon mot" in text
    page = decide(client, request, "refuse", message="")
    assert page.status_code == 422 and "motif du refus" in page.content.decode()


def test_every_other_act_of_a_case(client, family):
    request = move(family, now=utc_now())
    follow(decide(client, request, "keep"))
    assert "chez vous pour la journée" in client.get(case(request)).content.decode()
    assert "Chez moi 1" in client.get(f"{reverse('townhall:inbox')}?onglet=mine").content.decode()
    follow(decide(client, request, "note", message="Vu avec Karim."))
    follow(decide(client, request, "message", message="Nous regardons."))
    assert Message.objects.filter(body__contains="Nous regardons.").exists()
    page = client.post(
        reverse("townhall:request-piece", args=[request.reference]),
        {"piece_0": SimpleUploadedFile("bail.png", PNG, "image/png")},
    )
    follow(page)
    assert request.files.count() == 1
    follow(decide(client, request, "ask", message="La page 2 du bail."))
    request.refresh_from_db()
    assert request.status == "WAITING_FAMILY"
    portal = client_of(make_account(family, now=utc_now()))
    text = portal.get(reverse("portal:request", args=[request.reference])).content.decode()
    assert "La page 2 du bail." in text and "Vu avec Karim" not in text
    client.get(case(request))
    assert (
        client.post(reverse("townhall:request-hold", args=[request.reference])).status_code == 204
    )
    follow(decide(client, request, "release"))


def test_a_piece_is_seen_beside_the_case(client, family):
    given = make_file(family)
    request = move(family, now=utc_now(), files=(GivenFile(given.pk),))
    text = client.get(f"{case(request)}?piece={given.pk}").content.decode()
    assert f'src="{reverse("townhall:file", args=[given.pk])}"' in text
    page = client.get(reverse("townhall:file", args=[given.pk]))
    assert page.status_code == 200 and page["Content-Type"] == "image/png"
    assert client.get(reverse("townhall:file", args=[make_file().pk])).status_code == 404


def test_an_unknown_family_beside_its_likely_file(client, family):
    request = submit(
        None,
        "NEW_FAMILY",
        {
            "home": {k: v for k, v in ADDRESS.items() if k != "since"},
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
        now=utc_now(),
    )
    text = client.get(case(request)).content.decode()
    assert "Dossiers semblables" in text and family.printed_code in text
    page = decide(client, request, "approve")
    assert page.status_code == 422 and "déjà connu, ou nouveau" in page.content.decode()
    follow(decide(client, request, "approve", choice=f"attach:{family.pk}"))
    assert families.guardians_of(family).count() == 2


# --- For a family, from its file ----------------------------------------------------------------


def ask(client, family, slug, answers, query="", **sending):
    address = reverse("townhall:family-request-new", args=[family.code, slug]) + query
    assert client.get(address).status_code == 200
    check = follow(client.post(address, answers))
    assert client.get(check).status_code == 200
    adult = families.guardians_of(family)[0]
    return client.post(
        check, {"channel": "PHONE", "adult": adult.pk, "decision": "apply", **sending}
    )


def test_every_kind_is_asked_at_the_counter_and_applied(family):
    now = utc_now()
    day = paris_day(now)
    client = client_of(make_agent(Role.ADMINISTRATOR, now=now))
    child = child_of(family, day=day)
    query = f"?enfant={child.pk}"
    offering = make_offering(site=make_site())
    kind = make_document_kind("assurance")
    adult = families.guardians_of(family)[0]
    start = max(day, offering.starts_on).isoformat()
    asked = {
        "adresse": (ADDRESS, ""),
        "coordonnees": (
            {"guardian": adult.pk, "mobile_phone": "06 39 98 47 02", "email": "amina@example.fr"},
            f"?adulte={adult.pk}",
        ),
        "enfant": (
            {"first_name": "Zoé", "last_name": "Petit", "birth_on": "2022-03-04", "weeks": "ALL"},
            "",
        ),
        "responsable": ({"first_name": "Karim", "last_name": "Haddad", "relationship": "père"}, ""),
        "quotient": ({"value": "845", "source": "CAF", "starts_on": day.isoformat()}, ""),
        "repas": ({"diet": "NO_PORK"}, query),
        "carte": ({"reason": "FIRST"}, query),
        "inscription": ({"offering": offering.pk, "starts_on": start}, f"{query}&activite=cantine"),
        "creche": (
            {
                "wished_from": day.isoformat(),
                "days": ["0"],
                "arrives_at": "08:00",
                "leaves_at": "17:00",
            },
            query,
        ),
        "piece": (
            {
                "document": kind.pk,
                "child": child.pk,
                "piece_0": SimpleUploadedFile("a.png", PNG, "image/png"),
            },
            "",
        ),
    }
    for slug, (answers, options) in asked.items():
        page = ask(client, family, slug, answers, options)
        follow(page)
        request = Request.objects.latest("pk")
        assert (request.status, request.channel) == ("APPROVED", "PHONE"), slug
        assert request.applicant_email == "amina@example.fr"
    assert enrolments.active_enrolments(family.pk, day).get().channel == Channel.PHONE
    assert childcare.preregistrations().count() == 1
    assert ProvidedDocument.objects.get(kind=kind).status == "ACCEPTED"
    assert Message.objects.filter(subject__contains="reçue").count() == len(asked)


def test_a_request_of_another_service_is_recorded_and_left_to_it(client, family):
    child = child_of(family, day=paris_day(utc_now()))
    answers = {
        "wished_from": paris_day(utc_now()).isoformat(),
        "days": ["0"],
        "arrives_at": "08:00",
        "leaves_at": "17:00",
    }
    page = ask(client, family, "creche", answers, f"?enfant={child.pk}", decision="later")
    assert follow(page) == reverse("townhall:family-request", args=[family.code])
    request = Request.objects.get()
    assert client.get(case(request)).status_code == 404
    creche = client_of(make_agent(Role.CRECHE, email="creche@example.fr", now=utc_now()))
    assert creche.get(case(request)).status_code == 200


def test_who_may_not_come_in(family):
    request = move(family, now=utc_now())
    cashier = client_of(make_agent(Role.CASHIER, email="regie@example.fr", now=utc_now()))
    parent = client_of(make_account(family, now=utc_now()))
    for address in (
        reverse("townhall:inbox"),
        case(request),
        reverse("townhall:inbox-export"),
        reverse("townhall:request-kinds"),
        reverse("townhall:childcare"),
    ):
        assert cashier.get(address).status_code == 403
        assert parent.get(address).status_code == 404


def test_an_agent_of_one_site_sees_what_is_asked_of_it(family):
    here, there = make_site("École A"), make_site("École B")
    day = paris_day(utc_now())
    child = child_of(family, day=day)
    requests = [
        submit(
            family,
            "ENROLMENT",
            {
                "offering": offering.pk,
                "starts_on": max(day, offering.starts_on).isoformat(),
            },
            child=child,
            now=utc_now(),
        )
        for offering in (make_offering(site=here), make_offering(site=there))
    ]
    client = client_of(make_agent(Role.COUNTER, site=here.pk, now=utc_now()))
    assert client.get(case(requests[0])).status_code == 200
    assert client.get(case(requests[1])).status_code == 404


def test_export(client, family):
    move(family, now=utc_now())
    page = client.get(f"{reverse('townhall:inbox-export')}?onglet=todo")
    text = b"".join(page.streaming_content).decode()
    assert family.printed_code in text and "Changement d’adresse" in text


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_the_queue(client, family, count, django_assert_max_num_queries):
    for _ in range(count):
        request = move(family, now=utc_now(), files=(GivenFile(make_file(family).pk),))
    client.get(case(request))
    with django_assert_max_num_queries(12):
        client.get(reverse("townhall:inbox"))
    with django_assert_max_num_queries(32):
        client.get(case(request))


# --- What the town sets -------------------------------------------------------------------------


def test_settings_of_kinds_and_documents(family):
    client = client_of(make_agent(Role.ADMINISTRATOR, now=utc_now()))
    assert client.get(reverse("townhall:request-kinds")).status_code == 200
    address = reverse("townhall:request-kind", args=["repas"])
    assert client.get(address).status_code == 200
    assert client.post(address, {"days": "0"}).status_code == 422
    follow(client.post(address, {"days": "12", "next_step": "Nous lisons."}))
    assert KindSettings.objects.get(kind="DIET").is_automatic is False
    address = reverse("townhall:document-kind-new")
    answers = {"name": "Assurance scolaire", "subject": "CHILD", "until_school_year_end": "on"}
    follow(client.post(address, answers))
    assert client.post(address, answers).status_code == 422
    kind = DocumentKind.objects.get()
    assert (kind.slug, kind.until_school_year_end) == ("assurance-scolaire", True)
    assert client.get(reverse("townhall:document-kind", args=[kind.slug])).status_code == 200
    offering = make_offering()
    address = reverse("townhall:required-documents", args=["cantine"])
    assert client.get(address).status_code == 200
    follow(client.post(address, {"kinds": [kind.pk]}))
    assert enrolments.required_documents([offering.activity_id])[offering.activity_id] == [kind]
    follow(client.post(address, {}))
    assert not enrolments.required_documents([offering.activity_id])
    assert client.get(reverse("townhall:document-kinds")).status_code == 200


def test_pieces_are_reviewed(client, family):
    kind = make_document_kind(subject="FAMILY")
    services_actor = agent_actor(make_agent(email="x@example.fr", now=utc_now()))
    from preau.enrolments import services as enrolment_services

    for _ in range(2):
        enrolment_services.provide_document(
            kind_id=kind.pk,
            family_id=family.pk,
            child_id=None,
            file_id=make_file(family).pk,
            now=utc_now(),
            actor=services_actor,
        )
    first, second = ProvidedDocument.objects.order_by("pk")
    assert kind.name in client.get(reverse("townhall:documents")).content.decode()
    assert client.get(reverse("townhall:file", args=[first.file_id])).status_code == 200
    follow(
        client.post(reverse("townhall:document-review", args=[first.pk]), {"decision": "accept"})
    )
    address = reverse("townhall:document-review", args=[second.pk])
    follow(client.post(address, {"decision": "refuse"}))
    second.refresh_from_db()
    assert second.status == "RECEIVED"
    follow(client.post(address, {"decision": "refuse", f"{second.pk}-reason": "Illisible"}))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("ACCEPTED", "REFUSED")
    assert services.purge_drafts(now=utc_now()) == 0
