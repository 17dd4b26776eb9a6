"""A crèche in a real browser, from the pre-registration to the first monthly statement and its
invoice, checked against figures worked out by hand.

The family: 36 000 € a year, two children: 3 000 € × 0,0516 % = 1,548, that is 1,55 € an hour.
The contract: Monday, Tuesday and Thursday from 8 h 30 to 17 h 30, 1 October to 31 December, one
week off; the crèche is closed on 24 and 31 December. 13 + 13 + 12 days × 9 h = 342 h, less 27 h:
315 h × 1,55 € ÷ 3 months = 162,75 € a month.

October, by hand:
    117 h contracted (13 days × 9 h)
    5   arrives 8 h 20, leaves 17 h 40: two half-hours begun = 1 h           +  1,55 €
    12–19 ill, certificate sent: 12 and 13 due, 15 and 19 given back: 18 h   − 27,90 €
    22  strike, told after the contract was signed: 9 h                      − 13,95 €
    real 8 × 9 h + 1 h = 73 h; invoiced 105 + 1 − 18 − 9 = 79 h
    162,75 + 1,55 − 27,90 − 13,95 = 122,45 €
"""

import re
import sys
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from preau.accounts.enums import Role
from preau.billing import services as billing
from preau.billing.models import Invoice
from preau.childcare import queries, services
from preau.childcare.models import Contract, Statement
from preau.kernel.actors import Actor
from tests.bookings.world import instant
from tests.childcare.world import WHO, came, close_site, day, make_world
from tests.harness.money import make_office
from tests.harness.people import make_account, make_agent
from tests.harness.requests import session_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PDF = {"name": "certificat.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}


@pytest.fixture
def clock(monkeypatch):
    """Every module's own `utc_now` reads this clock."""
    found = SimpleNamespace(now=instant("2026-09-14T21:40"))
    for name, module in list(sys.modules.items()):
        if name.startswith("preau.") and hasattr(module, "utc_now"):
            monkeypatch.setattr(module, "utc_now", lambda: found.now)
    return found


@pytest.fixture
def world(clock, live_server):
    from preau.billing.models import ActivityAccounting

    world = make_world()
    close_site(world.site, "2026-12-24", "2026-12-31")
    scale = services.save_scale(
        label="Critères 2026",
        criteria=[
            {"label": "Parents au travail", "points": 10, "most": 1, "proof": "Attestation"},
            {"label": "Autre enfant petit", "points": 3, "most": 3, "proof": "Livret de famille"},
        ],
        **WHO,
    )
    services.publish_scale(scale_id=scale.pk, applies_from=day("2026-01-01"), **WHO)
    world.office = make_office()
    ActivityAccounting.objects.create(
        activity=world.activity, cash_office=world.office, accounting_code="70661"
    )
    world.user = make_account(world.family, now=instant("2026-09-14T21:00"))
    world.agent = make_agent(Role.CRECHE, now=instant("2026-09-14T09:00"))
    return world


def open_as(open_page, live_server, user, width):
    page = open_page(width, base_url=live_server.url)
    page.context.add_cookies(
        [{"name": "preau_session", "value": session_of(user), "url": live_server.url}]
    )
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def fill_date(page, name, text):
    year, month, on = text.split("-")
    for part, value in (("day", on), ("month", month), ("year", year)):
        page.fill(f"[name={name}_{part}]", value)


def test_from_the_preregistration_to_the_first_statement(
    world, clock, open_page, live_server, assert_accessible
):
    parent = open_as(open_page, live_server, world.user, 360)
    agent = open_as(open_page, live_server, world.agent, 1280)

    # The parent asks, with a criterion and a piece.
    parent.goto(f"/espace/demandes/nouvelle/creche/?enfant={world.baby.pk}")
    fill_date(parent, "wished_from", "2026-10-01")
    for index in (2, 4):
        parent.uncheck(f"[name=days][value='{index}']")
    parent.select_option("[name=establishment]", label="Crèche des Lilas")
    parent.check("[name=critere-parents-au-travail]")
    parent.set_input_files("input[type=file]", PDF)
    assert_accessible(parent)
    parent.get_by_role("button", name="Continuer").click()
    parent.get_by_role("button", name=re.compile("Envoyer")).click()
    reference = re.search(r"/demandes/([A-Z0-9-]+)/", parent.url).group(1)

    # The service approves, then checks the proof: ten points.
    clock.now = instant("2026-09-15T09:00")
    agent.goto(f"/mairie/demandes/{reference}/")
    agent.get_by_role("button", name=re.compile("Approuver")).click()
    agent.goto("/mairie/creche/")
    assert_accessible(agent)
    agent.get_by_role("link", name="Zélie Rousseau").click()
    assert_accessible(agent)
    agent.get_by_role("button", name=re.compile("Accepter.*Attestation")).click()
    expect(agent.locator("main")).to_contain_text("10 points prouvés")

    # The commission, on numbers alone.
    agent.goto("/mairie/creche/commissions/")
    agent.fill("[name=label]", "Commission de septembre")
    fill_date(agent, "held_on", "2026-09-15")
    agent.get_by_role("button", name="Ouvrir").click()
    agent.locator("summary", has_text="Ajouter des places").click()
    fill_date(agent, "starts_on", "2026-10-01")
    agent.get_by_role("button", name="Ajouter").click()
    table = agent.locator("table", has_text="Dossier")
    assert "Rousseau" not in agent.inner_text("main") and "P-" in table.inner_text()
    assert_accessible(agent)
    agent.get_by_role("button", name=re.compile("Attribuer")).click()
    agent.get_by_role("button", name=re.compile("Clore et proposer")).click()
    expect(agent.locator("main")).to_contain_text("Procès-verbal arrêté")
    minutes = agent.context.request.get(
        f"{live_server.url}{agent.locator('a', has_text='Procès-verbal').get_attribute('href')}"
    )
    assert minutes.ok and minutes.body().startswith(b"%PDF")

    # The family accepts on its phone.
    clock.now = instant("2026-09-16T21:10")
    parent.goto("/espace/creche/")
    assert_accessible(parent)
    parent.get_by_role("button", name=re.compile("Accepter la place")).click()
    expect(parent.locator("main")).to_contain_text("Vous avez accepté la place")

    # The contract: the price and the instalment are shown before it is written.
    clock.now = instant("2026-09-17T10:00")
    agent.goto("/mairie/creche/propositions/")
    agent.get_by_role("link", name="Écrire le contrat").click()
    fill_date(agent, "ends_on", "2026-12-31")
    agent.fill("[name=weeks_off]", "1")
    agent.get_by_role("button", name="Calculer sans signer").click()
    said = agent.inner_text("main").replace("\u00a0", " ").replace("\u202f", " ")
    assert "315 h × 1,55 € de l’heure ÷ 3 mois = 162,75 € par mois" in said
    assert_accessible(agent)
    agent.get_by_role("button", name="Écrire le contrat").click()
    expect(agent.locator("h1")).to_contain_text("Contrat de Zélie")
    assert_accessible(agent)
    contract = Contract.objects.get()

    # October. On the 5th the parent types the code at the door, early and late.
    for on in ("01", "06", "08", "20", "26", "27", "29"):
        came(contract, f"2026-10-{on}")
    agent.goto(f"/mairie/creche/pointage/{world.site.pk}/")
    for at, word in (("2026-10-05T08:20", "est arrivé"), ("2026-10-05T17:40", "est parti")):
        clock.now = instant(at)
        agent.fill("[name=code]", contract.punch_code.lower())
        agent.get_by_role("button", name="Arrivée ou départ").click()
        expect(agent.locator("main")).to_contain_text(f"Zélie {word}")
    assert_accessible(agent)

    # Ill from the 12th; the certificate goes with the report.
    clock.now = instant("2026-10-12T07:10")
    parent.goto(f"/espace/creche/contrats/{contract.pk}/")
    assert_accessible(parent)
    expect(parent.locator("main")).to_contain_text(contract.punch_code)
    parent.get_by_role("link", name="Signaler une absence").click()
    parent.check("[name=reason][value=ILLNESS]")
    fill_date(parent, "starts_on", "2026-10-12")
    fill_date(parent, "ends_on", "2026-10-19")
    parent.set_input_files("[name=file]", PDF)
    assert_accessible(parent)
    parent.get_by_role("button", name="Signaler l’absence").click()
    expect(parent.locator("main")).to_contain_text("justificatif reçu")
    close_site(world.site, "2026-10-22", reason="grève")

    # The month is over: closed, read by both, billed.
    clock.now = instant("2026-11-04T10:00")
    agent.goto("/mairie/creche/releves/?mois=2026-10")
    agent.get_by_role("button", name=re.compile("Arrêter les relevés")).click()
    agent.get_by_role("link", name="Zélie Rousseau").click()
    hand = ("117 h", "73 h", "79 h", "162,75 €", "1,55 €", "−27,90 €", "−13,95 €", "122,45 €")
    said = agent.inner_text("main").replace("\u00a0", " ").replace("\u202f", " ")
    assert [figure for figure in hand if figure not in said] == []
    assert_accessible(agent)
    parent.goto("/espace/creche/")
    parent.get_by_role("link", name=re.compile("Zélie, octobre 2026")).click()
    said = parent.inner_text("main").replace("\u00a0", " ").replace("\u202f", " ")
    assert [figure for figure in hand if figure not in said] == []
    assert_accessible(parent)
    pdf = parent.context.request.get(f"{parent.url}releve.pdf")
    assert pdf.ok and pdf.body().startswith(b"%PDF")

    by = {"actor": Actor.system(), "now": clock.now}
    run = billing.open_run(cash_office_id=world.office.pk, month=day("2026-10-01"), **by)
    billing.preview(run_id=run.pk, now=clock.now)
    run.refresh_from_db()
    billing.approve_run(run_id=run.pk, fingerprint=run.fingerprint, **by)
    billing.issue(run_id=run.pk, now=clock.now)
    invoice = Invoice.objects.get()
    assert invoice.total_cents == 12_245
    statement = Statement.objects.get()
    assert statement.invoice_id == invoice.pk
    assert list(queries.statements_of_family(world.family.pk)) == [statement]
    parent.goto("/espace/compte/")
    expect(parent.locator("main")).to_contain_text("122,45")

    # Billed once: a second run of the month, and November's, find nothing of October.
    again = billing.open_run(cash_office_id=world.office.pk, month=day("2026-10-01"), **by)
    billing.preview(run_id=again.pk, now=clock.now)
    again.refresh_from_db()
    assert again.total_cents == 0
