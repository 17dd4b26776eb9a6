"""The crèches' contracts as a table that leaves, with what is signed of each."""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from preau.childcare import queries
from preau.childcare.rules.week import week_words
from preau.kernel import french
from preau.kernel.clock import paris_day
from preau.townhall.childcare.scope import today
from preau.ui.exports import Cents, Column

EXPORTED_AT_ONCE = 500


def terms_now(row: Any) -> Any:
    return queries.terms_on(row, today())


def with_papers(found: Any) -> Iterator[Any]:
    """The contracts with what is signed of each, some hundreds at a time."""
    rows = iter(found.iterator(EXPORTED_AT_ONCE))
    while some := list(islice(rows, EXPORTED_AT_ONCE)):
        papers = queries.papers_of_contracts(some, today())
        for row in some:
            row.papers = papers.get(row.pk, [])
            yield row


def _signature_words(papers: list[Any]) -> str:
    """Where the first document that is not signed stands, as the list shows it."""
    open_one = next((paper for paper in papers if not paper.is_signed), None)
    if not papers:
        return ""
    if open_one is None:
        return str(_("Signé"))
    words = {
        "unsent": _("À envoyer"),
        "sent": _("À signer"),
        "half": _("Attend la seconde signature"),
    }
    return str(words[open_one.state])


def _signed_on(papers: list[Any]) -> date | None:
    """The day of the last signature, once everything is signed."""
    if not papers or any(not paper.is_signed for paper in papers):
        return None
    return max(paris_day(paper.last.recorded_at) for paper in papers)


def _signers(papers: list[Any]) -> list[str]:
    """Who signed the last document that has a signature."""
    signed = [paper for paper in papers if paper.signatures]
    return list(dict.fromkeys(one.name for one in signed[-1].signatures)) if signed else []


COLUMNS = [
    Column("Enfant", lambda row: str(row.child)),
    Column("Né(e) le", "child.birth_on"),
    Column("Famille", "family.name"),
    Column("Code famille", "family.printed_code"),
    Column("Crèche", "establishment.name"),
    Column("Section", lambda row: row.section.name if row.section else ""),
    Column("Du", "starts_on"),
    Column("Au", "ends_on"),
    Column("Semaine", lambda row: week_words(row.weekly_minutes)),
    Column(
        "Tarif horaire", lambda row: Cents(terms_now(row).hourly_cents) if terms_now(row) else ""
    ),
    Column(
        "Mensualité", lambda row: Cents(terms_now(row).instalment_cents) if terms_now(row) else ""
    ),
    Column("Signature", lambda row: _signature_words(row.papers)),
    Column("Signé le", lambda row: _signed_on(row.papers)),
    Column("Par", lambda row: french.and_join(_signers(row.papers))),
]
