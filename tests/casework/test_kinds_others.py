"""A question, an invoice contested, a family unknown so far."""

import pytest
from django.db import connection

from preau.casework.errors import CannotUndo, CaseRefusal, InvalidPayload
from preau.casework.kinds import get_kind
from preau.casework.values import GivenFile
from preau.enrolments.models import ProvidedDocument
from preau.families import queries as families
from preau.messaging.models import Message
from tests.casework.deciding import ADULT, CHILD, approve, undo
from tests.casework.world import (
    ADDRESS,
    make_document_kind,
    make_file,
    submit,
)
from tests.harness.people import (
    DAY,
    NOW,
    make_family,
)

pytestmark = pytest.mark.django_db


def test_a_question_is_closed_by_its_answer(world):
    request = submit(
        world.family, "QUESTION", {"subject": "Horaires", "message": "À quelle heure ouvre… ?"}
    )
    with pytest.raises(CaseRefusal):
        approve(world, request)
    approve(world, request, message="À 8 h 30.")
    mail = Message.objects.filter(subject__contains="Réponse").get()
    assert "À 8 h 30." in mail.body and "recours" not in mail.body


def test_an_invoice_rightly_contested_gives_a_credit_note(world):
    from preau.billing import queries as billing
    from tests.harness.money import make_invoice, make_office

    invoice = make_invoice(world.family, make_office(), 450, 900, now=NOW)
    line = billing.get_invoice(invoice.number).lines.all()[0]
    request = submit(
        world.family,
        "INVOICE_DISPUTE",
        {"invoice": invoice.number, "lines": [line.pk], "reason": "Lina était absente."},
    )
    changes = get_kind("INVOICE_DISPUTE").changes(request, DAY)
    assert [(c.label, c.after) for c in changes] == [(line.label, "0,00\u202f€")]
    approve(world, request)
    note = billing.family_invoices(world.family.pk).filter(kind="CREDIT_NOTE").get()
    assert note.total_cents == -line.amount_cents
    assert billing.get_invoice(invoice.number).left_cents == 1350 - line.amount_cents
    # Another household's invoice is none of its choices.
    with pytest.raises(InvalidPayload):
        submit(
            make_family(last_name="Moreau"),
            "INVOICE_DISPUTE",
            {"invoice": invoice.number, "reason": "non"},
        )


def test_what_was_credited_meanwhile_is_not_credited_again(world):
    from preau.billing import queries as billing
    from preau.billing.credits import issue_credit_note
    from tests.harness.money import AGENT, make_invoice, make_office

    invoice = make_invoice(world.family, make_office(), 450, now=NOW)
    line = invoice.lines.get()
    given = {"invoice": invoice.number, "lines": [line.pk], "reason": "Lina était absente."}
    request = submit(world.family, "INVOICE_DISPUTE", given)
    issue_credit_note(
        invoice_id=invoice.pk, lines={line.pk: 150}, reason="Grève", actor=AGENT, now=NOW
    )
    assert get_kind("INVOICE_DISPUTE").changes(request, DAY)[0].before == "3,00\u202f€"
    approve(world, request, despite=True)
    notes = billing.family_invoices(world.family.pk).filter(kind="CREDIT_NOTE")
    assert sorted(note.total_cents for note in notes) == [-300, -150]


HOME = {k: v for k, v in ADDRESS.items() if k != "since"}
NEWCOMERS = {
    "home": HOME,
    "adults": [{**ADULT, "birth_on": "1990-01-02"}],
    "children": [{**CHILD, "last_name": "Haddad"}],
}


def test_an_unknown_family_opens_its_file(world):
    given = make_file()
    kind = make_document_kind("justificatif-domicile", subject="FAMILY")
    request = submit(
        None,
        "NEW_FAMILY",
        NEWCOMERS,
        email="karim.haddad@example.fr",
        files=(GivenFile(given.pk, kind.pk),),
    )
    assert (request.family_id, request.summary) == (None, "Haddad (Zoé)")
    assert get_kind("NEW_FAMILY").duplicates(request) == []
    approve(world, request)
    request.refresh_from_db()
    family = families.get_family(request.family_id)
    assert family.name == "Haddad" and family.channel == "PORTAL" and family.is_resident
    assert [c.first_name for c in families.children_of(family, DAY)] == ["Zoé"]
    assert ProvidedDocument.objects.get().family_id == family.pk
    given.refresh_from_db()
    assert given.family_id == family.pk
    told = Message.objects.filter(subject__contains="acceptée").get().body
    assert family.printed_code in told
    assert Message.objects.filter(to="karim.haddad@example.fr", body__contains="/mot-de-passe/")


def test_a_likely_duplicate_is_attached_without_doubling_anyone(world):
    twice = {
        "home": HOME,
        "adults": [
            {
                "first_name": "Amina",
                "last_name": "Belkacem",
                "relationship": "mère",
                "email": "amina@example.fr",
                "mobile_phone": "06 39 98 11 20",
            }
        ],
        "children": [
            {**CHILD, "first_name": "Lina", "birth_on": "2016-06-09"},
            {**CHILD, "first_name": "Zoé"},
        ],
    }
    request = submit(None, "NEW_FAMILY", twice)
    matches = get_kind("NEW_FAMILY").duplicates(request)
    assert [match.family_id for match in matches] == [world.family.pk]
    with pytest.raises(CaseRefusal, match="déjà connu"):
        approve(world, request)
    approve(world, request, choice=f"attach:{world.family.pk}")
    assert families.guardians_of(world.family).count() == 2
    assert len(families.children_of(world.family, DAY)) == 3
    with pytest.raises(CannotUndo):
        undo(world, request)


def test_an_incomplete_opening_is_told(world):
    with pytest.raises(InvalidPayload) as refused:
        submit(None, "NEW_FAMILY", {"home": HOME, "adults": [{**ADULT, "email": "x"}]})
    assert set(refused.value.errors) == {"adults.0.email", "children"}


def test_a_part_of_a_contested_line_is_granted_and_told(world):
    """Some of its days, or an amount with its reason; the family reads what was granted."""
    from preau.billing import queries as billing
    from preau.billing.models import InvoiceLine
    from preau.casework.kinds.invoice_decision import NothingGiven
    from preau.kernel.errors import Refusal
    from tests.harness.money import make_invoice, make_office

    invoice = make_invoice(world.family, make_office(), 1272, 900, now=NOW)
    with_days, other = billing.get_invoice(invoice.number).lines.all()
    with connection.cursor() as cursor:  # issued lines never change: the test writes one with days
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("ALTER TABLE billing_invoiceline DISABLE TRIGGER USER")
        InvoiceLine.objects.filter(pk=with_days.pk).update(
            quantity=4,
            unit_cents=318,
            dates=[{"day": f"2026-10-0{day}", "note": ""} for day in (1, 2, 5, 6)],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("ALTER TABLE billing_invoiceline ENABLE TRIGGER USER")
    given = {"invoice": invoice.number, "reason": "Grève le 5 et le 6."}
    request = submit(world.family, "INVOICE_DISPUTE", given)
    kind = get_kind("INVOICE_DISPUTE")
    days, amount = f"days_{with_days.pk}", f"amount_{other.pk}"
    asked = {f"part_{with_days.pk}": "DAYS", f"part_{other.pk}": "AMOUNT", amount: "9,01"}
    wrong = kind.decision(request, DAY, asked)
    assert set(wrong.errors) == {days, amount, "why"}
    nothing = kind.decision(
        request, DAY, {f"part_{line.pk}": "NOTHING" for line in (with_days, other)} | {"why": "x"}
    )
    assert nothing.is_valid()
    with pytest.raises(NothingGiven):
        approve(world, request, decided=nothing.decided())
    right = kind.decision(
        request,
        DAY,
        asked | {days: ["2026-10-05", "2026-10-06"], amount: "2,50", "why": "Grève deux jours"},
    )
    assert right.is_valid(), right.errors
    approve(world, request, decided=right.decided())
    note = billing.family_invoices(world.family.pk).filter(kind="CREDIT_NOTE").get()
    assert note.total_cents == -(2 * 318 + 250) and "Grève deux jours" in note.reason
    request.refresh_from_db()
    told = request.result["told"]
    assert "6,36" in told and "le 5 octobre et le 6 octobre" in told and "Grève deux jours" in told
    assert "2,50" in Message.objects.filter(body__contains=note.number).latest("pk").body
    assert issubclass(NothingGiven, Refusal)
