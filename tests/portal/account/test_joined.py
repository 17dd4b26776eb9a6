"""The invoices of a file that joined another: read by the family that goes on, until an undo."""

import uuid
from typing import Any

import pytest

from preau.billing.documents import invoice_document
from preau.journeys.merging.merge import Choices, merge_families
from preau.journeys.merging.undo import undo_act
from preau.kernel.clock import utc_now
from tests.harness.money import make_invoice, make_office
from tests.harness.people import AGENT, adult_of, make_account, make_agent, make_family, make_town
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db


def test_old_invoices_are_read_paid_by_report_and_given_back() -> None:
    make_town()
    office = make_office("enfance")
    kept, other = (make_family(children=0, adults=1, last_name=n) for n in ("Petit", "Ptit"))
    owed = make_invoice(other, office, 3500)
    stranger = make_invoice(make_family(children=0, last_name="Moreau"), office, 900)
    parent, former = client_of(make_account(kept)), make_account(other)
    page = f"/espace/compte/facture/{owed.number}/"
    assert parent.get(page).status_code == 404
    assert parent.get("/espace/compte/ancien-dossier/").status_code == 404
    who: dict[str, Any] = {"now": utc_now(), "actor": AGENT}
    act = merge_families(
        kept_id=kept.pk,
        other_id=other.pk,
        choices=Choices(adults={adult_of(other).pk: adult_of(kept).pk}),
        key=uuid.uuid4(),
        **who,
    )
    account = parent.get("/espace/compte/").content.decode()
    assert "ancien-dossier" in account and "35,00" in account, "the report is owed here"
    old = parent.get("/espace/compte/ancien-dossier/").content.decode()
    assert owed.number in old and "Reportée" in old and "Contester" not in old
    shown = parent.get(page).content.decode()
    assert "ancien dossier" in shown and "/payer/" not in shown.split("<main")[1]
    pdf = parent.get(f"{page}pdf/")
    assert pdf.status_code == 200 and b"".join(pdf).startswith(b"%PDF")
    assert parent.get(f"/espace/compte/facture/{stranger.number}/").status_code == 404
    issued = invoice_document(owed, now=utc_now())
    assert parent.get(f"/espace/documents/{issued.number}.pdf").status_code == 200
    agent = client_of(make_agent("ADMINISTRATOR"))
    theirs = agent.get(f"/mairie/dossiers/{kept.code}/compte/").content.decode()
    assert owed.number in theirs and other.printed_code in theirs and "Reportée" in theirs
    undo_act(act_id=act.pk, **who)
    assert parent.get(page).status_code == 404
    assert parent.get("/espace/compte/ancien-dossier/").status_code == 404
    assert client_of(former).get(page).status_code == 200
    theirs = agent.get(f"/mairie/dossiers/{kept.code}/compte/").content.decode()
    assert f"/factures/{owed.number}/" not in theirs
