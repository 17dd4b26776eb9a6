"""One family's whole path, through the real site, worker and bank: from the pupils' register to a
statement at zero, then certificates and a lost card. In three settings: on a phone, at a desk,
on a phone without JavaScript. The autumn of 2026 goes by as the story moves the site's clock.
"""

import re
from typing import Any

import pytest

from preau.accounts.enums import Role
from preau.attendance.models import AbsenceReport, Attendance, Card
from preau.billing.models import FamilyAccount, Invoice
from preau.billing.queries import with_left
from preau.bookings.models import Booking, Slot
from preau.casework.models import Request
from preau.certificates.models import Certificate
from preau.enrolments.models import Enrolment
from preau.enrolments.services import enrol
from preau.families.models import Child, Family, Guardian, LetterBatch
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.messaging.models import Message
from preau.payments.models import Attempt, ProviderEvent
from preau.schools.models import Schooling
from tests.casework.world import PNG
from tests.e2e.town import EMAILS, SCHOOL, SERVICES, at, build_town, register_files
from tests.e2e.walk import Person, once_a_page, pdf_text

pytestmark = pytest.mark.django_db(transaction=True)
NEW_PASSWORD = "Quatre cartables bleus"
PIECE = {"name": "assurance.png", "mimeType": "image/png", "buffer": PNG}


class Story:
    """The people of the story and what they make, chapter by chapter."""

    def __init__(
        self,
        *,
        site: Any,
        open_page: Any,
        look: Any,
        patch: Any,
        width: int,
        javascript: bool,
        bank: str,
    ) -> None:
        self.site, self.bank = site, bank
        self._open = lambda **more: open_page(
            width, javascript=javascript, base_url=site.url, **more
        )
        self._look = once_a_page(look) if look else None
        self._javascript = javascript
        site.set_clock(at(5))
        self.town = build_town(patch, bank=bank)

    def person(self, *expected: str) -> Person:
        page = self._open(expected=expected)
        return Person(page, self.site, self._look, javascript=self._javascript)

    def agent(self, role: Role) -> Person:
        someone = self.person()
        someone.sign_in_as_agent(EMAILS[role])
        return someone

    # --- 1. The pupils' register opens the files -------------------------------------------

    def import_register(self) -> None:
        agent = self.agent(Role.SCHOOL_OFFICE)
        agent.go("/mairie/imports/", "Aucun import")
        pupils, adults = register_files()
        agent.page.get_by_label("Fichier des élèves").set_input_files(pupils)
        agent.page.get_by_label("Fichier des responsables").set_input_files(adults)
        agent.press(
            "Lire et montrer l’aperçu",
            "dossiers à ouvrir 3",
            "enfants à créer 3",
            "refusée",
        )
        assert not Family.objects.exists()
        agent.press("Appliquer l’import")
        agent.wait_for("appliqué ")
        assert Family.objects.count() == 3
        assert Child.objects.get(first_name="Jeanne").custodies.count() == 2
        self.family = Guardian.objects.get(first_name="Amina").family
        self.lina, self.noe = Child.objects.filter(last_name="Rousseau").order_by("first_name")
        school = Schooling.objects.get(child=self.lina).establishment_id
        assert school == self.town.sites[SCHOOL]

    # --- 2. Letters with a code and a password that serves once ----------------------------

    def print_letters(self) -> None:
        agent = self.counter = self.agent(Role.COUNTER)
        agent.go("/mairie/dossiers/")
        agent.go("/mairie/lettres/", "4 adultes n’ont jamais ouvert leur accès")
        agent.press("Préparer les lettres")
        agent.wait_for("Les lettres sont prêtes", "4 lettres")
        batch = LetterBatch.objects.latest("pk")
        link = agent.page.get_by_role("link", name="Ouvrir le PDF à imprimer")
        letters = pdf_text(agent.download(link.get_attribute("href")))
        assert batch.status == "DONE" and letters.count("Mot de passe provisoire") == 4
        found = re.search(
            r"Mme Amina Belkacem.*?(\d{7} [A-Z]) ((?:[A-Z0-9]{4}-){2}[A-Z0-9]{4})", letters
        )
        assert found, letters
        self.code, self.password = found[1], found[2]
        assert self.code == self.family.printed_code.replace("\u202f", " ").replace("\xa0", " ")

    # --- 3. The parent comes in for the first time ------------------------------------------

    def first_sign_in(self) -> None:
        parent = self.parent = self.person()
        parent.sign_in("/connexion/", self.code, self.password)
        parent.sees("Nouveau mot de passe")
        parent.page.goto("/espace/compte/")
        assert "/premiere-connexion/" in parent.page.url  # nothing else is open before
        parent.page.get_by_label("Nouveau mot de passe").fill(NEW_PASSWORD)
        parent.press("Entrer dans notre espace", "Amina", "Lina", "Noé")
        user = Guardian.objects.get(family=self.family, first_name="Amina").user
        assert user.check_password(NEW_PASSWORD) and not user.must_change_password

    # --- 4. She asks to enrol her daughter, with the piece that is required ------------------

    def ask_to_enrol(self) -> None:
        parent = self.parent
        parent.follow("Inscrire à une activité", "Pour quel enfant")
        parent.follow("Lina", "À quoi inscrire Lina")
        parent.follow("Restauration scolaire", "Inscription à une activité", "Simone-Veil")
        parent.page.get_by_label("Assurance scolaire et extrascolaire").set_input_files(PIECE)
        parent.press("Continuer", "Relisez avant d’envoyer", "assurance.png")
        parent.press("Envoyer la demande", "Enfance et loisirs")
        self.request = Request.objects.get()
        assert self.request.channel == Channel.PORTAL and self.request.status == "SUBMITTED"
        parent.sees(self.request.reference)
        assert not Enrolment.objects.exists()
        assert Message.objects.filter(body__contains=self.request.reference).exists()

    # --- 5. An agent approves it: nothing is typed again -------------------------------------

    def approve(self) -> None:
        agent = self.counter
        agent.page.goto("/mairie/demandes/")
        agent.sees("Lina")
        agent.page.locator(f'a[href*="{self.request.reference}"]').first.click()
        agent.sees("Ce que la demande change", "non inscrit", "assurance.png")
        agent.press("Approuver")
        self.request.refresh_from_db()
        assert self.request.status == "APPROVED"
        enrolment = Enrolment.objects.get(child=self.lina)
        assert enrolment.request_id == self.request.pk
        self.canteen = enrolment.offering
        # Her brother was enrolled at the counter; his card and hers are handed out.
        enrol(
            child_id=self.noe.pk,
            family_id=self.family.pk,
            offering_id=enrolment.offering_id,
            starts_on=at(5).date(),
            channel=Channel.COUNTER,
            now=at(5, 9, 30),
            actor=Actor.system(),
        )
        agent.page.goto(f"/mairie/dossiers/{self.family.code}/")
        agent.sees("Belkacem", "Lina", "Noé")
        agent.go(f"/mairie/dossiers/{self.family.code}/cartes/", "Pas de carte active")
        agent.press("Remettre la carte suivante Lina", "Carte active")
        self.card = Card.objects.get(child=self.lina)

    # --- 6. She books days ------------------------------------------------------------------

    def book(self) -> None:
        parent = self.parent
        parent.page.goto("/espace/")
        parent.sees("Lina")
        parent.follow("Réserver des jours", "Octobre 2026")
        for who, day in (
            ("Lina", "jeudi 8"),
            ("Lina", "vendredi 9"),
            ("Lina", "lundi 12"),
            ("Noé", "jeudi 8"),
            ("Noé", "lundi 12"),
        ):
            cell = parent.page.locator("label.slot", has_text=re.compile(rf"{who}, {day}\b"))
            cell.click()
        assert not Booking.objects.exists()
        parent.press("Vérifier et envoyer", "5 jours", "25,50 €", last=True)
        parent.press("Envoyer", "C’est envoyé", "Lina", "jeudi 8 octobre")
        assert Booking.objects.filter(status="CONFIRMED").count() == 5
        assert set(Booking.objects.values_list("channel", flat=True)) == {Channel.PORTAL}

    # --- 7. She reports an absence ahead ----------------------------------------------------

    def report_absence(self) -> None:
        parent = self.parent
        self.site.set_clock(at(6, 19))
        parent.page.goto("/espace/absences/")
        parent.follow("Signaler une absence", "Quel enfant")
        parent.page.get_by_label("Lina").check()
        for part, value in (("day", "9"), ("month", "10"), ("year", "2026")):
            parent.page.locator(f"[name=starts_on_{part}]").fill(value)
        parent.page.get_by_label("Maladie").check()
        parent.press("Voir ce que cela change", "Vendredi 9 octobre", "rien n’est dû")
        parent.press("Signaler l’absence", "Absence")
        report = AbsenceReport.objects.get()
        assert report.child_id == self.lina.pk and report.channel == Channel.PORTAL
        parent.sees(report.reference)

    # --- 8. At the canteen ------------------------------------------------------------------

    def attend(self) -> None:
        manager = self.manager = self.agent(Role.SITE_MANAGER)
        self.site.set_clock(at(8, 12))
        manager.page.goto("/mairie/sites/")
        self.open_sheet(8)
        manager.sees("Lina", "Noé", "2 attendus")
        manager.press("Présent : Lina Rousseau")
        manager.press("Absent : Noé Rousseau")
        manager.press("Clore la liste", "Liste close")

    def scan_card(self) -> None:
        manager = self.manager
        self.site.set_clock(at(9, 12))
        self.open_sheet(9)
        manager.sees("Personne dans cette liste")  # reported in time: her place is free again
        assert Booking.objects.get(slot__day=at(9).date()).status == "CANCELLED"
        self.site.set_clock(at(12, 12))
        self.open_sheet(12)
        manager.page.get_by_label("Carte scannée ou code tapé").fill(self.card.code.lower())
        manager.press("Pointer la carte", "Lina Rousseau : présent.")
        manager.press("Présent : Noé Rousseau")
        seen = {
            (a.slot.day.day, a.child.first_name): a.presence
            for a in Attendance.objects.select_related("slot", "child")
        }
        assert seen[8, "Lina"] == seen[12, "Lina"] == seen[12, "Noé"] == "PRESENT"
        assert seen[8, "Noé"] == "ABSENT"

    def open_sheet(self, day: int, month: int = 10) -> None:
        slot = Slot.objects.get(offering=self.canteen, day=at(day, month=month).date())
        manager = self.manager
        manager.page.goto("/mairie/sites/")
        manager.go(f"/mairie/sites/seances/{slot.pk}/")

    # --- 9. The month is billed -------------------------------------------------------------

    def bill(self) -> None:
        self.site.set_clock(at(2, month=11))
        accountant = self.agent(Role.ACCOUNTANT)
        accountant.page.goto("/mairie/factures/")
        accountant.go("/mairie/facturation/", "Facturer un mois")
        accountant.page.get_by_label("Régie").select_option(SERVICES[self.bank])
        accountant.page.get_by_label("Mois à facturer").select_option("2026-10-01")
        accountant.press("Calculer")
        accountant.wait_for("en tout", "20,40 €")
        assert not Invoice.objects.exists()
        accountant.press("Émettre")
        accountant.wait_for("Voir les factures émises")
        self.invoice = Invoice.objects.get()
        assert self.invoice.family_id == self.family.pk
        assert self.invoice.total_cents == 2040

    # --- 10. She pays at the bank -----------------------------------------------------------

    def pay(self) -> None:
        parent = self.parent
        parent.page.goto("/espace/compte/")
        parent.sees("Vous devez 20,40 €", self.invoice.number, "2 repas × 5,10 €")
        parent.page.get_by_text("Noé, Restauration scolaire").click()
        parent.sees("absent, facturé")
        parent.press("Payer 20,40", "Vérifiez, puis payez")
        parent.press("sur la page de la banque", "Paiement par carte", "20,40 €")
        assert parent.page.url.startswith(self.site.bank_url)
        parent.press("Payer 20,40")
        assert parent.page.url.startswith(self.site.url)
        parent.wait_for("Paiement reçu", self.invoice.number)
        attempt = Attempt.objects.get()
        assert attempt.status == "SETTLED" and attempt.amount_cents == 2040
        assert ProviderEvent.objects.filter(attempt=attempt).exists()
        assert Message.objects.filter(body__contains=attempt.reference).exists()
        assert with_left().get(pk=self.invoice.pk).left_cents == 0
        assert FamilyAccount.objects.get(family=self.family).balance_cents == 0
        parent.follow("Voir notre compte", "Vous ne devez rien à la ville")
        parent.follow("Tout le relevé", self.invoice.number, "0,00 €")

    # --- 11. A certificate, and whoever receives it checks it -------------------------------

    def certify(self) -> None:
        parent = self.parent
        parent.page.goto("/espace/")
        parent.follow("Demander une attestation", "Attestation de présence")
        form = parent.page.locator("form", has_text="Recevoir l’attestation de présence")
        form.get_by_label("Enfant").select_option("Lina Rousseau")
        for name, day, month in (("first", "1", "10"), ("last", "31", "10")):
            for part, value in (("day", day), ("month", month), ("year", "2026")):
                form.locator(f"[name$={name}_{part}]").fill(value)
        parent.press("Recevoir l’attestation de présence", "Attestation de présence")
        number = Certificate.objects.get().document.number
        certificate = pdf_text(parent.download(f"/espace/documents/{number}.pdf"))
        assert "Lina Rousseau" in certificate and number in certificate
        code = Certificate.objects.get().document.code
        assert code in certificate.replace("-", "").replace(" ", "")
        anyone = self.person("?code=AAAA")  # the answer to it is a 404, with its page
        anyone.page.goto("/verifier/")
        anyone.look()
        anyone.page.locator("[name=code]").fill(code)
        anyone.press("Vérifier", "Ce document a bien été délivré par la ville", number)
        anyone.page.locator("[name=code]").fill("AAAA-BBBB-CCCC")
        anyone.press("Vérifier", "Aucun document ne porte ce code")

    # --- 12. The card is lost: dead at once -------------------------------------------------

    def lose_card(self) -> None:
        parent = self.parent
        parent.page.goto("/espace/")
        parent.follow("Déclarer une carte perdue", "Carte active")
        parent.follow("Déclarer cette carte perdue", "cessera de marcher tout de suite")
        parent.press("Déclarer la carte perdue", "Carte demandée")
        self.card.refresh_from_db()
        assert self.card.status == "LOST"
        self.site.set_clock(at(3, 12, month=11))
        self.open_sheet(3, month=11)
        self.manager.page.get_by_label("Carte scannée ou code tapé").fill(self.card.code)
        self.manager.press("Pointer la carte", "perdue")
        assert not Attendance.objects.filter(slot__day=at(3, month=11).date()).exists()

    CHAPTERS = (
        "import_register",
        "print_letters",
        "first_sign_in",
        "ask_to_enrol",
        "approve",
        "book",
        "report_absence",
        "attend",
        "scan_card",
        "bill",
        "pay",
        "certify",
        "lose_card",
    )

    def tell(self) -> None:
        for chapter in self.CHAPTERS:
            getattr(self, chapter)()


@pytest.mark.parametrize(
    ("width", "javascript", "bank"),
    [
        pytest.param(360, True, "SPPLUS", id="phone"),
        pytest.param(1280, True, "SYSTEMPAY", id="desk"),
        pytest.param(360, False, "SYSTEMPAY", id="phone-without-script"),
    ],
)
def test_one_familys_whole_path(
    site: Any,
    open_page: Any,
    assert_accessible: Any,
    monkeypatch: Any,
    width: int,
    javascript: bool,
    bank: str,
) -> None:
    Story(
        site=site,
        open_page=open_page,
        # One path is enough for axe: it also reads each page of the town in one look or another
        # (tests/architecture/test_crawl.py). The two others see to their width.
        look=assert_accessible if javascript and width == 360 else None,
        patch=monkeypatch,
        width=width,
        javascript=javascript,
        bank=bank,
    ).tell()
