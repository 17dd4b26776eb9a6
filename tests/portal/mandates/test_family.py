"""What a family does of its mandates, instalments and titres; another family sees nothing."""

import datetime as dt
import re

import pytest
from django.test import Client

from preau.demo.bank import merchants as demo
from preau.directdebit import services as directdebit
from preau.directdebit.models import Mandate
from preau.kernel.clock import utc_now
from preau.payments.gateways import save_gateway
from preau.recovery import services
from preau.recovery.models import Plan
from tests.bookings.world import make_family, user_of
from tests.directdebit.world import IBAN, OTHER_IBAN, make_creditor
from tests.harness.money import AGENT, NOW, left_on, make_invoice, make_office
from tests.harness.people import make_town
from tests.recovery.world import LATE, both_levels, listed, set_levels, titre_of

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def signed_in(family):
    client = Client()
    client.force_login(user_of(family), backend="preau.families.auth.FamilyBackend")
    return client


def text(response, status=200):
    assert response.status_code == status, (response.status_code, response.content[:400])
    return re.sub(r"[\u202f\u00a0]", " ", response.content.decode())


@pytest.fixture
def family(db):
    make_town()
    return make_family(1)


@pytest.fixture
def office(db):
    return make_office("enfance")


@pytest.fixture
def client(family):
    return signed_in(family)


PAGE = "/espace/compte/prelevement/"


def test_signed_on_line_with_its_proof(client, family, office):
    assert "Aucune régie ne propose" in text(client.get(PAGE))
    make_creditor(office)
    assert "Mettre en place" in text(client.get(PAGE))
    to = f"{PAGE}regie/enfance/"
    account = {"holder": "C Élan", "iban": IBAN[:-1] + "0", "bic": ""}
    html = text(client.post(to, account), 422)
    assert "clé de contrôle" in html and not Mandate.objects.exists()
    account["iban"] = "fr76 3000 6000 0112 3456 7890 189"
    html = text(client.post(to, account))
    assert "•••• 0189" in html and "8 semaines" in html and not Mandate.objects.exists()
    assert "Cochez" in text(client.post(to, {**account, "step": "accept"}), 422)
    assert not Mandate.objects.exists()
    response = client.post(to, {**account, "step": "accept", "accepted": "on"}, follow=True)
    assert "•••• 0189" in text(response)
    mandate = Mandate.objects.get()
    assert mandate.proof["address_hash"] and "127.0.0.1" not in str(mandate.proof)
    assert mandate.proof["text_version"] == 1 and mandate.proof["user_id"]
    copy = f"{PAGE}{mandate.pk}/copie/"
    first = client.get(copy).content
    assert first.startswith(b"%PDF") and client.get(copy).content == first
    client.post(f"{PAGE}{mandate.pk}/compte/", {"holder": "C", "iban": OTHER_IBAN, "bic": ""})
    mandate.refresh_from_db()
    assert mandate.iban_end == OTHER_IBAN[-4:]
    assert client.post(f"{PAGE}{mandate.pk}/fin/", {}).status_code == 422
    other = signed_in(make_family(1, name="Autre"))
    assert other.get(f"{PAGE}{mandate.pk}/fin/").status_code == 404
    assert other.get(copy).status_code == 404
    assert client.get(copy).content != first  # the account changed: another paper
    assert other.post(f"{PAGE}{mandate.pk}/compte/", {}).status_code == 404
    client.post(f"{PAGE}{mandate.pk}/fin/", {"sure": "on"})
    mandate.refresh_from_db()
    assert mandate.status == "REVOKED"


def test_an_announced_debit_is_told_and_not_asked_twice(client, family, office):
    make_creditor(office)
    now = utc_now()
    directdebit.sign_mandate(
        family_id=family.pk, cash_office_id=office.pk, holder="C", iban=IBAN, actor=AGENT, now=now
    )
    make_invoice(family, office, 4200, now=now)
    assert "automatique en place" in text(client.get("/espace/compte/"))
    batch = directdebit.prepare_batch(
        cash_office_id=office.pk, collection_on=(now + 26 * DAY).date(), actor=AGENT, now=now
    )
    directdebit.approve_batch(batch_id=batch.pk, actor=AGENT, now=now)
    html = text(client.get("/espace/compte/"))
    assert "seront prélevés le" in html and "Payer 42,00" not in html
    assert "automatique en place" not in html  # told with its day and its amount
    assert "Annoncé" in text(client.get(PAGE))


def test_paying_in_several_times(client, family, office):
    invoice = make_invoice(family, office, 9000, now=utc_now())
    to = f"/espace/compte/facture/{invoice.number}/fois/"
    assert client.get(to).status_code == 404  # no decision
    services.save_instalment_rule(
        cash_office_id=office.pk, decision="DEL-42", decided_on=dt.date(2026, 1, 1),
        min_cents=1000, max_count=3, is_active=True, actor=AGENT, now=utc_now(),
    )  # fmt: skip
    assert "Payer en plusieurs fois" in text(
        client.get(f"/espace/compte/facture/{invoice.number}/")
    )
    assert "En 3 fois" in text(client.get(to)) and "DEL-42" in text(client.get(to))
    assert client.post(to, {"count": "9"}).status_code == 422
    client.post(to, {"count": "3"})
    assert Plan.objects.get().instalments.count() == 3
    assert client.get(to).status_code == 404
    save_gateway(
        cash_office_id=office.pk, gateway="PAYFIP",
        options={"numcli": demo.DEMO_NUMCLI, "saisie": "T", "service_url": "http://localhost:1"},
        secret="", is_test=True, is_active=True, actor=AGENT, now=NOW,
    )  # fmt: skip
    html = text(client.get("/espace/compte/"))
    assert "Votre échéancier" in html and "Payer 30,00 €" in html
    assert 'value="30,00"' in text(client.get("/espace/compte/payer/enfance/"))


def test_a_titre_says_where_to_pay(client, family, office):
    set_levels()
    services.save_treasury(
        name="SGC de Vincennes", address="1 rue du Trésor", phone="", days_after_last=15,
        actor=AGENT, now=NOW,
    )  # fmt: skip
    invoice = make_invoice(family, office, 5000)
    both_levels(office, now=LATE)
    titre = titre_of(listed(office), family, 5000)
    html = text(client.get("/espace/compte/"))
    assert "Titre n° 1204" in html and "Au Trésor public" in html
    assert "Payée" not in html
    page = f"/espace/compte/titre/{titre.pk}/"
    html = text(client.get(page))
    assert "SGC de Vincennes" in html and titre.reference in html and "sur PayFiP" not in html
    save_gateway(
        cash_office_id=office.pk, gateway="PAYFIP", use="TITRE",
        options={"numcli": demo.DEMO_TITRE_NUMCLI, "saisie": "T"}, secret="", is_test=True,
        is_active=True, actor=AGENT, now=NOW,
    )  # fmt: skip
    assert "sur PayFiP" in text(client.get(page))
    other = signed_in(make_family(1, name="Autre"))
    assert other.get(page).status_code == 404
    assert other.post(f"{page}payer/", {"key": "x"}).status_code == 404
    assert left_on(invoice) == 0
    assert "Trésor public" in text(client.get(f"/espace/compte/facture/{invoice.number}/"))
