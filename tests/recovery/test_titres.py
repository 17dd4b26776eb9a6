"""The ordonnateur's list and the titre: after it, the cash office collects no more."""

import datetime as dt
import uuid

import pytest
from django.apps import apps

from preau.billing import credits, ledger
from preau.billing.counter import take_payment
from preau.billing.errors import BillingRefusal, InvoiceClosed
from preau.billing.queries import family_accounts, invoices_for_agents, paid_lines
from preau.directdebit.errors import NothingToDebit
from preau.journeys import debts
from preau.payments import services as payments
from preau.payments.gateways import save_gateway
from preau.recovery import services
from preau.recovery.errors import ListNotReady, NothingToList, TitreNotOpen, TitreRefused
from preau.recovery.queries import titres_by_invoice
from preau.recovery.titres import left_of
from tests.directdebit.world import make_creditor, sign
from tests.harness.money import AGENT, NOW, balance, left_on, make_invoice, make_office
from tests.recovery.world import DAY, LATE, both_levels, household, listed, set_levels, titre_of

pytestmark = pytest.mark.django_db
PAYER = payments.Payer("Amina", "Belkacem", "amina@example.org")


@pytest.fixture
def town(db):
    set_levels()
    services.save_treasury(
        name="SGC de Vincennes", address="1 rue du Trésor", phone="", days_after_last=15,
        actor=AGENT, now=NOW,
    )  # fmt: skip
    office, family = make_office("enfance"), household()
    return office, family, make_invoice(family, office, 5000)


def settled(family, office, cents, attempt=900):
    from preau.billing import online

    online.settle(
        family_id=family.pk, cash_office_id=office.pk, attempt_id=attempt, amount_cents=cents,
        chosen=online.lock_and_list_left(family_id=family.pk, cash_office_id=office.pk),
        label="x", actor_label="x", now=LATE,
    )  # fmt: skip


def test_only_what_was_reminded_to_the_end_and_reaches_15_euros(town):
    office, _family, invoice = town
    small = household("Petit", email="p@example.org")
    make_invoice(small, office, 1400)
    with pytest.raises(NothingToList):
        debts.prepare_list(cash_office_id=office.pk, actor=AGENT, now=LATE)
    both_levels(office)
    soon = debts.ripe_debts(cash_office_id=office.pk, now=LATE + 34 * DAY)
    assert soon.ripe == ()
    found = debts.ripe_debts(cash_office_id=office.pk, now=LATE + 36 * DAY)
    assert [i.pk for i in found.ripe] == [invoice.pk]
    assert [i.left_cents for i in found.waiting] == [1400]
    second = make_invoice(small, office, 100, month=dt.date(2026, 11, 1))
    both_levels(office, now=LATE + 80 * DAY)
    found = debts.ripe_debts(cash_office_id=office.pk, now=LATE + 140 * DAY)
    assert second.pk in {i.pk for i in found.ripe}  # grouped, they reach it


def test_before_the_titre_the_cash_office_still_collects(town):
    office, family, invoice = town
    both_levels(office)
    drawn = debts.prepare_list(cash_office_id=office.pk, actor=AGENT, now=LATE + 40 * DAY)
    settled(family, office, 2000)
    services.approve_list(list_id=drawn.pk, actor=AGENT, now=LATE + 41 * DAY)
    assert drawn.items.get().amount_cents == 3000
    settled(family, office, 1000, attempt=901)
    titre = titre_of(services.approve_list and _fresh(drawn), family, 3000)
    assert left_on(invoice) == 0 and balance(family, office) == 0
    [reduction] = titre.reductions.all()
    assert reduction.amount_cents == 1000 and "avant" in reduction.reason
    assert ledger.verify() == []


def _fresh(drawn):
    drawn.refresh_from_db()
    return drawn


def test_once_issued_every_door_of_the_cash_office_is_closed(town):
    office, family, invoice = town
    make_creditor(office)
    sign(family, office)
    both_levels(office)
    titre = titre_of(listed(office), family, 5000)
    assert left_on(invoice) == 0 and balance(family, office) == 0
    assert titres_by_invoice([invoice.pk])[invoice.pk] == titre
    # The agents' list says where it is: nobody reads «payée» there.
    assert not invoices_for_agents(state="paid").filter(pk=invoice.pk).exists()
    assert invoices_for_agents(state="titre").get().pk == invoice.pk
    with pytest.raises(BillingRefusal):  # the counter
        take_payment(
            family_id=family.pk, cash_office_id=office.pk, means="CASH", amount_cents=500,
            key=uuid.uuid4(), actor=AGENT, now=LATE, chosen={invoice.pk: 500},
        )  # fmt: skip
    with pytest.raises(InvoiceClosed):  # on line
        payments.start_payment(
            family_id=family.pk, cash_office_id=office.pk, invoices={invoice.pk: 500},
            top_up_cents=0, payer=PAYER, key=uuid.uuid4(), actor=AGENT, now=LATE,
        )  # fmt: skip
    with pytest.raises(NothingToDebit):  # by debit
        debts.prepare_debits(
            cash_office_id=office.pk, collection_on=(LATE + 90 * DAY).date(), actor=AGENT,
            now=LATE + 60 * DAY,
        )  # fmt: skip
    with pytest.raises(InvoiceClosed):  # and its correction
        line = invoice.lines.get()
        credits.issue_credit_note(
            invoice_id=invoice.pk, lines={line.pk: 500}, reason="erreur", actor=AGENT, now=LATE
        )
    assert all(not row.unpaid for row in family_accounts(family.pk))
    # Nothing was paid to the town's cash office: nothing counts for taxes.
    year = {"first": dt.date(2026, 1, 1), "last": dt.date(2027, 12, 31)}
    assert paid_lines(family_id=family.pk, **year) == []
    assert ledger.verify() == []


def test_a_correction_is_a_reduction_request(town):
    office, family, _invoice = town
    both_levels(office)
    titre = titre_of(listed(office), family, 5000)
    ask = {"titre_id": titre.pk, "actor": AGENT, "now": LATE + 50 * DAY}
    with pytest.raises(TitreRefused):
        services.ask_reduction(amount_cents=5001, reason="trop", **ask)
    request = services.ask_reduction(amount_cents=800, reason="jour d’absence", **ask)
    services.answer_reduction(
        request_id=request.pk, status="GRANTED", answer="", actor=AGENT, now=LATE + 60 * DAY
    )
    assert left_of(titre) == 4200
    with pytest.raises(TitreRefused):
        services.answer_reduction(
            request_id=request.pk, status="REFUSED", answer="x", actor=AGENT, now=LATE + 61 * DAY
        )


def test_what_a_titre_must_be(town):
    office, family, _invoice = town
    both_levels(office)
    drawn = listed(office)
    for wrong in (
        {"amount_cents": 4000}, {"number": " "}, {"issued_on": dt.date(2020, 1, 1)},
        {"reference": "a b"}, {"family_id": household("Autre", email="").pk},
    ):  # fmt: skip
        values = {"cents": 5000, **wrong}
        with pytest.raises(TitreRefused):
            titre_of(drawn, family, values.pop("cents"), **values)
    titre_of(drawn, family, 5000)
    with pytest.raises(TitreRefused):
        titre_of(drawn, family, 5000, number="1205")
    with pytest.raises(ListNotReady):
        services.cancel_list(list_id=drawn.pk, reason="x", actor=AGENT, now=LATE)


def test_a_table_of_titres_all_or_none(town):
    office, family, invoice = town
    other = household("Autre", email="b@example.org")
    second = make_invoice(other, office, 2000)
    both_levels(office)
    drawn = listed(office)
    now = drawn.approved_at + DAY

    def row(family, number, cents):
        return services.TitreData(family.code, number, now.date(), cents)

    with pytest.raises(TitreRefused) as refusal:
        services.import_titres(
            list_id=drawn.pk, rows=[row(family, "1", 5000), row(other, "2", 1)], actor=AGENT,
            now=now,
        )  # fmt: skip
    assert "Ligne 3" in str(refusal.value)
    assert left_on(invoice) == 5000 and left_on(second) == 2000
    done = services.import_titres(
        list_id=drawn.pk, rows=[row(family, "1", 5000), row(other, "2", 2000)], actor=AGENT, now=now
    )
    assert len(done) == 2 and left_on(invoice) == 0 and left_on(second) == 0


def test_a_cancelled_titre_gives_the_invoice_back(town):
    office, family, invoice = town
    both_levels(office)
    titre = titre_of(listed(office), family, 5000)
    services.cancel_titre(titre_id=titre.pk, reason="erreur", actor=AGENT, now=LATE + 50 * DAY)
    assert left_on(invoice) == 5000 and balance(family, office) == 5000
    assert titres_by_invoice([invoice.pk]) == {}
    with pytest.raises(TitreNotOpen):
        services.cancel_titre(titre_id=titre.pk, reason="x", actor=AGENT, now=LATE + 50 * DAY)
    settled(family, office, 5000)
    assert left_on(invoice) == 0 and ledger.verify() == []


def test_a_titre_is_paid_by_payfip_under_its_own_reference(town, live_server):
    """eopayment's own class on our side; the simulator tells what it was asked."""
    from preau.demo.bank import merchants as demo
    from tests.harness.bank import BankProcess, http

    office, family, _invoice = town
    bank = BankProcess(live_server.url)
    try:
        save_gateway(
            cash_office_id=office.pk, gateway="PAYFIP", use="TITRE",
            options={
                "numcli": demo.DEMO_TITRE_NUMCLI, "saisie": "T", "service_url": bank.url
            }, secret="", is_test=True, is_active=True, actor=AGENT, now=NOW,
        )  # fmt: skip
        both_levels(office)
        titre = titre_of(listed(office), family, 5000)
        when = LATE + 45 * DAY
        attempt = payments.start_titre_payment(
            family_id=family.pk, cash_office_id=office.pk, titre_id=titre.pk,
            document=titre.reference, year=titre.year, amount_cents=5000, payer=PAYER,
            key=uuid.uuid4(), now=when,
        )  # fmt: skip
        redirect = payments.send_to_bank(
            family_id=family.pk, reference=attempt.reference, payer=PAYER,
            return_url=f"{live_server.url}/r/",
            notify_url=f"{live_server.url}/api/paiements/enfance/titres/notification/", now=when,
        )  # fmt: skip
        [idop] = [value for name, value in redirect.fields if name == "idop"]
        asked = bank.app.book.payments[idop].fields
        assert (asked["refdet"], asked["exer"], asked["numcli"]) == (
            titre.reference, str(titre.year), demo.DEMO_TITRE_NUMCLI,
        )  # fmt: skip
        with pytest.raises(payments.TitreBeingPaid):
            payments.start_titre_payment(
                family_id=family.pk, cash_office_id=office.pk, titre_id=titre.pk,
                document=titre.reference, year=titre.year, amount_cents=5000, payer=PAYER,
                key=uuid.uuid4(), now=when,
            )  # fmt: skip
        http(f"{bank.url}/tpa/paiementws.web?idop={idop}", {"decision": "payer"})
        from preau.payments import asking

        assert asking.ask(attempt_id=attempt.pk, now=when + dt.timedelta(minutes=2))
        attempt.refresh_from_db()
        assert attempt.status == "SETTLED"
        # The public accountant was paid: no account of the cash office moved.
        assert balance(family, office) == 0
        Movement = apps.get_model("billing", "Movement")
        assert not Movement.objects.filter(kind="PAYMENT_ONLINE").exists()
    finally:
        bank.stop()


test_a_titre_is_paid_by_payfip_under_its_own_reference = pytest.mark.django_db(transaction=True)(
    test_a_titre_is_paid_by_payfip_under_its_own_reference
)
