"""Letters to many households in one PDF, set by the worker a thousand at a time: those of a message
to many, and those that ask to renew enrolments."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from preau.documents import prints
from preau.documents.long import join, render_parts
from preau.enrolments.queries import get_campaign as get_renewal_campaign
from preau.families import queries as families
from preau.families.contacts import Contact, contacts_of
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import utc_now
from preau.messaging.queries import get_campaign
from preau.town.queries import get_town

if TYPE_CHECKING:
    from preau.documents.models import Print

KEPT = timedelta(days=30)
AT_ONCE = 1_000
MESSAGE, RENEWAL = "message", "renewal"


def about(kind: str, campaign_id: int) -> str:
    return f"letters-{kind}:{campaign_id}"


@transaction.atomic
def ask_letters_print(
    *,
    kind: str,
    campaign_id: int,
    title: str,
    family_ids: Sequence[int],
    now: datetime,
    actor: Actor,
) -> "Print":
    """Have the letters to these households set by the worker, in this order; the print to follow.

    Joins the caller's transaction: undone, nothing is set.
    """
    from preau.journeys.tasks import print_letters

    row, is_new = prints.ask_print(
        about=about(kind, campaign_id),
        title=title,
        total=len(family_ids),
        now=now,
        actor=actor,
        subjects=family_ids,
    )
    if is_new:
        print_letters.defer(print_id=row.pk)
    return row


def ask_again(*, about: str, print_id: int, now: datetime, actor: Actor) -> "Print | None":
    """Set the same letters again: those of a print that failed or was wiped."""
    row = prints.prints_of(about).filter(pk=print_id).first()
    if row is None or not row.subjects:
        return None
    kind, campaign_id = _parse(row.about)
    return ask_letters_print(
        kind=kind,
        campaign_id=campaign_id,
        title=row.title,
        family_ids=row.subjects,
        now=now,
        actor=actor,
    )


def run_letters(*, print_id: int) -> None:
    """The job: read and set a thousand households at a time, then one PDF. Killed, it starts over.

    A household closed since is left out, and told.
    """
    row = prints.start_print(print_id=print_id)
    if row is None:
        return
    now, written = utc_now(), _Written()
    try:
        kind, campaign_id = _parse(row.about)
        words = KINDS[kind](campaign_id, row.asked_at)
        parts = list(render_parts(words.template, _parts(row, words, written)))
        pdf = join(parts, title=row.title) if parts else None
    except Exception as failure:
        prints.finish_print(
            print_id=print_id, pdf=None, now=utc_now(), error=type(failure).__name__
        )
        raise
    told = "Aucun de ces dossiers n’est encore ouvert."
    if pdf is not None:
        gone = len(row.subjects) - written.letters
        told = f"{french.count(gone, 'dossier')} sans lettre : fermés depuis." if gone else ""
    prints.finish_print(print_id=print_id, pdf=pdf, now=max(now, utc_now()), error=told, kept=KEPT)


@dataclass(slots=True)
class _Written:
    letters: int = 0


def _parts(row: "Print", words: "Words", written: _Written) -> Iterator[dict[str, Any]]:
    for start in range(0, len(row.subjects), AT_ONCE):
        if start:
            prints.note_progress(print_id=row.pk, done=start)
        letters = words.letters(row.subjects[start : start + AT_ONCE])
        if letters:
            written.letters += len(letters)
            yield words.facts | {"letters": letters}


def recipient(contact: Contact, name: str) -> list[str]:
    """The lines of the window of an envelope."""
    address = contact.address
    lines = [name, address.line1, address.line2, f"{address.postcode} {address.city}"]
    if address.country.upper() != "FRANCE":
        lines.append(address.country)
    return [line for line in lines if line.strip()]


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind of letter says: its template, what all of them share, what each household's
    bears; `letters` reads some households with one query, in the order given."""

    template: str
    facts: dict[str, Any]
    letters: Callable[[Sequence[int]], list[dict[str, Any]]]


def _message(campaign_id: int, written_at: datetime) -> Words:
    campaign = get_campaign(campaign_id, site_ids=None)
    assert campaign is not None
    facts = {
        "title": campaign.subject,
        "paragraphs": [part.strip() for part in campaign.body.split("\n\n") if part.strip()],
        "day": french.day(written_at, year=True, weekday=False),
    }
    return Words("mass_letter", facts, _message_letters)


def _message_letters(ids: Sequence[int]) -> list[dict[str, Any]]:
    first: dict[int, Contact] = {}
    for contact in contacts_of(ids):
        first.setdefault(contact.family_id, contact)
    found = [first[pk] for pk in ids if pk in first]
    return [{"recipient": recipient(one, f"{one.civility} {one.name}".strip())} for one in found]


def _renewal(campaign_id: int, written_at: datetime) -> Words:
    campaign = get_renewal_campaign(campaign_id)
    assert campaign is not None
    facts = {
        "title": f"Vos inscriptions pour l’année {campaign.to_year.label}",
        "year": campaign.to_year.label,
        "until": french.day(campaign.closes_on, year=True),
        "phone": french.telephone(get_town().phone),
        "site": settings.BASE_URL.removeprefix("https://").removeprefix("http://"),
        "day": french.day(written_at, year=True, weekday=False),
    }
    return Words("renewal", facts, _renewal_letters)


def _renewal_letters(ids: Sequence[int]) -> list[dict[str, Any]]:
    adults: dict[int, list[Contact]] = {}
    for contact in contacts_of(ids):
        adults.setdefault(contact.family_id, []).append(contact)
    known = families.get_families(adults)
    return [
        {
            "recipient": recipient(adults[pk][0], french.and_join(a.name for a in adults[pk])),
            "code": known[pk].printed_code,
        }
        for pk in ids
        if pk in adults
    ]


KINDS: dict[str, Callable[[int, datetime], Words]] = {MESSAGE: _message, RENEWAL: _renewal}


def _parse(about: str) -> tuple[str, int]:
    kind, _, campaign_id = about.removeprefix("letters-").partition(":")
    return kind, int(campaign_id)
