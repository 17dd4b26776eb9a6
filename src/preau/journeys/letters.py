"""First letters: a family code and a one-time password for each adult, on paper.

A password is shown on its letter and nowhere else. Hashes are slow on purpose (some 100 ms each):
one letter is made while the agent waits, a batch by the worker.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from preau.documents.errors import RenderingFailed
from preau.documents.render import render_pdf
from preau.families import queries, services
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal
from preau.town.queries import get_town

if TYPE_CHECKING:
    from preau.families.models import Family, Guardian, LetterBatch

PROGRESS_EVERY = 10
MAX_LETTERS = 2_000


class NoLetter(Refusal):
    message = "Personne n’attend de première lettre."
    code = "no_letter"


def first_letter(
    *, family: "Family", guardian_id: int, now: datetime, actor: Actor
) -> tuple["Guardian", bytes]:
    """One adult's letter, as a PDF; any former password of this adult is dead."""
    with transaction.atomic():
        guardian, password = services.grant_first_password(
            family_id=family.pk, guardian_id=guardian_id, now=now, actor=actor
        )
        pdf = _render([_letter(family, guardian, password)], now)
        services.note_letter_printed(guardian=guardian, now=now, actor=actor)
    return guardian, pdf


def ask_letters(
    *, family_ids: Sequence[int] | None, label: str, now: datetime, actor: Actor
) -> "LetterBatch":
    """Have the worker make the first letters of these files (of all when None).

    Adults who already came in are left out. Raises NoLetter.
    """
    from preau.journeys.tasks import make_letters

    ids = list(queries.guardians_to_invite(family_ids).values_list("pk", flat=True)[:MAX_LETTERS])
    if not ids:
        raise NoLetter
    with transaction.atomic():
        batch = services.open_batch(guardian_ids=ids, label=label, now=now, actor=actor)
        make_letters.defer(batch_id=batch.pk)
    return batch


def make_batch(*, batch_id: int) -> None:
    """The job: passwords, one PDF in the order of the files, sealed; progress as it goes.

    Taken again after a kill, it starts over: the passwords of an unfinished batch were never
    printed, so nothing is lost.
    """
    batch = services.start_batch(batch_id=batch_id)
    if batch is None:
        return
    actor = Actor(batch.created_by_id, batch.created_by, Channel.POST, is_agent=True)
    now = utc_now()
    letters: list[dict[str, Any]] = []
    wanted = queries.guardians_by_id(batch.guardian_ids)
    for done, guardian_id in enumerate(batch.guardian_ids, 1):
        adult = wanted.get(guardian_id)
        if adult is not None and not (adult.user and adult.user.last_login):
            try:
                with transaction.atomic():
                    guardian, password = services.grant_first_password(
                        family_id=adult.family_id, guardian_id=guardian_id, now=now, actor=actor
                    )
                    services.note_letter_printed(guardian=guardian, now=now, actor=actor)
            except Refusal:
                continue  # closed or gone since the batch was asked
            letters.append(_letter(adult.family, guardian, password))
        if done % PROGRESS_EVERY == 0:
            services.note_progress(batch_id=batch.pk, done=done)
    batch.done = len(batch.guardian_ids)
    pdf, error = None, "" if letters else NoLetter.message
    if letters:
        try:
            pdf = _render(letters, now)
        except RenderingFailed as failure:
            services.finish_batch(batch=batch, pdf=None, now=utc_now(), error=str(failure))
            raise
    services.finish_batch(batch=batch, pdf=pdf, now=utc_now(), error=error)


def _letter(family: "Family", guardian: "Guardian", password: str) -> dict[str, Any]:
    civility = guardian.get_civility_display()
    name = f"{civility} {guardian}".strip()
    address = queries.address_of(family)
    recipient = [name, address.line1, address.line2, f"{address.postcode} {address.city}"]
    if address.country.upper() != "FRANCE":
        recipient.append(address.country)
    greeting = {"Mme": "Madame,", "M.": "Monsieur,"}.get(civility, "Madame, Monsieur,")
    return {
        "recipient": [line for line in recipient if line.strip()],
        "greeting": greeting,
        "code": family.printed_code,
        "password": password,
    }


def _render(letters: list[dict[str, Any]], now: datetime) -> bytes:
    until = paris_day(now) + timedelta(days=get_town().initial_password_days)
    site = settings.BASE_URL.removeprefix("https://").removeprefix("http://")
    return render_pdf(
        "letter",
        {
            "title": "Votre espace familles",
            "letters": letters,
            "sign_in": f"{site}/connexion/",
            "phone": french.telephone(get_town().phone),
            "until": french.day(until, year=True, weekday=False),
            "day": french.day(now, year=True, weekday=False),
        },
    )
