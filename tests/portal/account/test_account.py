"""«Notre compte» as a family meets it: pages, payments, refusals, isolation, few queries."""

import re
import uuid

import pytest
from django.test import Client

from preau.billing import counter, credits
from preau.payments.models import Attempt, ProviderEvent
from tests.bookings.world import children_of, make_family, make_offering, user_of
from tests.harness.money import AGENT, NOW, balance, left_on, make_invoice, make_office
from tests.payments.world import message, notify, open_office, send, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def family():
    return make_family(2)


@pytest.fixture
def client(family):
    client = Client()
    client.force_login(user_of(family), backend="preau.families.auth.FamilyBackend")
    return client


@pytest.fixture
def office(family):
    return open_office("SPPLUS")


def page(client, url, status=200):
    response = client.get(url)
    assert response.status_code == status, response.status_code
    return re.sub(r"[\u202f\u00a0]", " ", response.content.decode())


def test_an_empty_account_says_so(client):
    assert "Vous ne devez rien à la ville" in page(client, "/espace/compte/")


def test_what_is_owed_paid_and_in_progress(client, family, office):
    offering = make_offering()
    [lina, _noe] = children_of(family)
    invoice = make_invoice(
        family, office, 3180, 2862, child_id=lina.pk, activity_id=offering.activity_id
    )
    attempt = start(family, office, {invoice: 4000})
    send(attempt)
    html = page(client, "/espace/compte/")
    assert 'Vous devez <b class="nb">60,42 €</b>' in html
    assert "40,00 €</b> sont en cours de paiement" in html and "20,42 €" in html
    assert "Tarif de la tranche C." in html and attempt.reference in html
    contest = f"/espace/demandes/nouvelle/facture/?facture={invoice.number}"
    assert contest in html and client.get(contest).status_code == 200
    assert "Votre compte est en débit de 60,42 €" in html
    notify(Client(), attempt, message(attempt))
    html = page(client, "/espace/compte/")
    assert 'Vous devez <b class="nb">20,42 €</b>' in html and "en cours" not in html
    assert "Paiement par carte" in html


def test_pay_a_part_and_an_advance_then_come_back(client, family, office):
    invoice = make_invoice(family, office, 5000)
    assert "Reste 50,00 €" in page(client, "/espace/compte/payer/enfance/")
    key = str(uuid.uuid4())
    sent = {"key": key, f"invoice_{invoice.pk}": "20,50", "top_up": "10"}
    for _ in range(2):
        response = client.post("/espace/compte/payer/enfance/", sent)
        assert response.status_code == 302
    attempt = Attempt.objects.get()
    assert attempt.amount_cents == 3050
    url = f"/espace/compte/paiement/{attempt.reference}/"
    assert response["Location"] == url
    response = client.get(url)
    csp = response["Content-Security-Policy"]
    assert re.search(r"form-action [^;]*http://bank\.example", csp)
    assert 'action="http://bank.example/paiement/init.do"' in response.content.decode()
    # The browser comes back before the bank's server called: nothing is paid yet.
    back = client.get(f"{url}retour/?{message(attempt)}")
    assert back.status_code == 302 and back["Location"] == url
    assert "Paiement en cours" in page(client, url)
    assert client.get(url, headers={"HX-Request": "true"}).status_code == 204
    assert left_on(invoice) == 5000 and ProviderEvent.objects.get().source == "RETURN"
    notify(Client(), attempt, message(attempt))
    assert client.get(url, headers={"HX-Request": "true"}).status_code == 286
    html = page(client, url)
    assert "Paiement reçu" in html and "30,50 €" in html and "Versé d’avance" in html
    assert left_on(invoice) == 2950 and balance(family, office) == 1950
    html = page(client, "/espace/compte/")
    assert "de crédit" in html
    client.post("/espace/compte/credit/enfance/")
    assert left_on(invoice) == 1950


@pytest.mark.parametrize(
    ("amount", "top_up", "sentence"),
    [
        ("abc", "", "montant en euros"),
        ("0", "", "rien à payer"),
        ("-5", "", "au moins"),
        ("50,01", "", "au plus"),
        ("0", "5", "au moins"),
        ("0", "99999999", "va de"),
        ("", "", "rien à payer"),
        ("1e9", "", "montant en euros"),
        ("5,123", "", "montant en euros"),
    ],
)
def test_bad_amounts_get_a_sentence_and_lose_nothing(
    client, family, office, amount, top_up, sentence
):
    invoice = make_invoice(family, office, 5000)
    response = client.post(
        "/espace/compte/payer/enfance/",
        {"key": str(uuid.uuid4()), f"invoice_{invoice.pk}": amount, "top_up": top_up},
    )
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Attempt.objects.exists()


def test_junk_never_breaks(client, family, office):
    make_invoice(family, office, 5000)
    assert client.post("/espace/compte/payer/enfance/", {}).status_code == 422
    assert client.post("/espace/compte/payer/enfance/", {"key": "x"}).status_code == 422
    assert client.get("/espace/compte/payer/inconnue/").status_code == 404
    assert client.get("/espace/compte/?page=zz").status_code == 200
    assert client.get("/espace/compte/releve/enfance/?page=-1").status_code == 200
    assert client.get("/espace/compte/facture/NOPE/").status_code == 404
    assert client.get("/espace/compte/facture/%00/").status_code == 400
    attempt = start(family, office, top_up=1000)
    url = f"/espace/compte/paiement/{attempt.reference}/"
    assert client.get(f"{url}retour/?%ff=&&&").status_code == 302
    assert client.get(f"{url}abandon/").status_code == 405


def test_refused_abandoned_given_up(client, family, office):
    attempt = start(family, office, top_up=1000)
    url = f"/espace/compte/paiement/{attempt.reference}/"
    client.get(url)
    notify(Client(), attempt, message(attempt, etat="2"))
    assert "La banque a refusé le paiement" in page(client, url)
    other = start(family, office, top_up=1000)
    client.post(f"/espace/compte/paiement/{other.reference}/abandon/")
    assert "abandonné" in page(client, f"/espace/compte/paiement/{other.reference}/")


def test_another_family_sees_nothing(client, office):
    other = make_family(1, name="Autre")
    invoice = make_invoice(other, office, 5000)
    attempt = start(other, office, top_up=1000)
    for url in (
        f"/espace/compte/facture/{invoice.number}/",
        f"/espace/compte/facture/{invoice.number}/pdf/",
        f"/espace/compte/paiement/{attempt.reference}/",
        f"/espace/compte/paiement/{attempt.reference}/retour/",
    ):
        assert client.get(url).status_code == 404
    assert client.post(f"/espace/compte/paiement/{attempt.reference}/abandon/").status_code == 404
    assert invoice.number not in page(client, "/espace/compte/")
    assert Client().get("/espace/compte/").status_code == 302


def test_an_office_without_a_bank_is_paid_at_the_counter(client, family):
    office = make_office("guichet")
    make_invoice(family, office, 5000)
    assert "au guichet" in page(client, "/espace/compte/")
    assert client.get("/espace/compte/payer/guichet/").status_code == 302


@pytest.mark.parametrize("many", [1, 3])
def test_few_queries(client, family, office, many, django_assert_max_num_queries):
    offering = make_offering()
    for rank in range(many):
        child = children_of(family)[rank % 2]
        invoice = make_invoice(
            family, office, *[1000] * many, child_id=child.pk, activity_id=offering.activity_id
        )
        counter.take_payment(
            family_id=family.pk,
            cash_office_id=office.pk,
            means="CASH",
            amount_cents=100,
            key=uuid.uuid4(),
            actor=AGENT,
            now=NOW,
        )
        send(start(family, office, top_up=1000))
        make_invoice(family, make_office(f"autre{rank}"), 100)
    line = invoice.lines.first()
    credits.issue_credit_note(
        invoice_id=invoice.pk, lines={line.pk: 100}, reason="Erreur", actor=AGENT, now=NOW
    )
    for url, most in (
        ("/espace/compte/", 11),
        (f"/espace/compte/facture/{invoice.number}/", 15),
        ("/espace/compte/releve/enfance/", 15),
        ("/espace/compte/payer/enfance/", 15),
    ):
        with django_assert_max_num_queries(most):
            page(client, url)


def test_pages_of_invoices_and_what_is_unpaid_whatever_the_page(client, family, office):
    made = [make_invoice(family, office, 1000) for _ in range(8)]
    first, second = page(client, "/espace/compte/"), page(client, "/espace/compte/?page=2")
    assert [f'id="f{one.pk}"' in first for one in made] == [False] * 2 + [True] * 6
    assert [f'id="f{one.pk}"' in second for one in made] == [True] * 2 + [False] * 6
    for found in (first, second):
        assert "8 factures" in found
    # A page that does not exist is the last one; what is no number is the first.
    assert f'id="f{made[0].pk}"' in page(client, "/espace/compte/?page=99")
    assert f'id="f{made[-1].pk}"' in page(client, "/espace/compte/?page=x")


def test_the_pdf_is_made_once_and_served_again(client, family, office, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    invoice = make_invoice(family, office, 3180, 45)
    url = f"/espace/compte/facture/{invoice.number}/pdf/"
    first = client.get(url)
    assert first["Content-Type"] == "application/pdf" and first.content.startswith(b"%PDF")
    assert client.get(url).content == first.content
    from io import BytesIO

    from pypdf import PdfReader

    text = "".join(p.extract_text() for p in PdfReader(BytesIO(first.content)).pages)
    assert invoice.number in text and "32,25" in text and "Tarif de la tranche C." in text
