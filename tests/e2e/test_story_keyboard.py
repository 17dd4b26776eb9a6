"""The way in, a month's days and a payment at the bank, by the keyboard alone."""

from typing import Any

import pytest

from preau.billing.models import CashOffice
from preau.bookings.models import Booking
from preau.enrolments.services import enrol
from preau.kernel.enums import Channel
from preau.payments.models import Attempt
from tests.e2e.town import SCHOOL, at, build_town
from tests.e2e.walk import Typist
from tests.harness.money import left_on, make_invoice
from tests.harness.people import AGENT, PASSWORD, child_of, make_account, make_family

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_parent_without_a_mouse(site: Any, open_page: Any, monkeypatch: Any) -> None:
    site.set_clock(at(5))
    town = build_town(monkeypatch, bank="SPPLUS")
    family = make_family(children=1, now=at(5, 8))
    lina = child_of(family, day=at(5).date())
    enrol(
        child_id=lina.pk,
        family_id=family.pk,
        starts_on=at(5).date(),
        channel=Channel.COUNTER,
        offering_id=town.offerings["cantine", town.sites[SCHOOL]],
        now=at(5, 8),
        actor=AGENT,
    )
    invoice = make_invoice(
        family,
        CashOffice.objects.get(code="enfance"),
        1530,
        now=at(5, 8),
        child_id=lina.pk,
        month=at(1, month=9).date(),
        activity_id=town.activities["cantine"],
    )
    make_account(family, email="amina@example.org", now=at(5, 8))
    parent = Typist(open_page(1280, base_url=site.url), site)

    parent.page.goto("/connexion/")
    parent.reach("Aller au contenu")  # the first stop of every page
    parent.type_in("Code famille ou adresse e-mail", "amina@example.org")
    parent.type_in("Mot de passe", PASSWORD)
    parent.enter("Se connecter", "Amina")

    parent.enter("Réservations", "Octobre 2026")
    for day in ("jeudi 8", "lundi 12"):
        parent.reach(f"Lina, {day} :")
        parent.page.keyboard.press("Space")
    parent.enter("Vérifier et envoyer", "Vérifiez")
    parent.enter("Envoyer", "C’est envoyé")
    assert Booking.objects.filter(child=lina, status="CONFIRMED").count() == 2

    parent.enter("Compte", "Vous devez 15,30 €")
    parent.enter("Payer 15,30", "Vérifiez, puis payez")
    parent.enter("sur la page de la banque", "Paiement par carte")
    parent.enter("Payer 15,30")
    parent.wait_for("Paiement reçu")
    assert Attempt.objects.get().status == "SETTLED"
    assert left_on(invoice) == 0
