"""What an agent writes to a household; it leaves by e-mail and stays in the file."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from preau.families.errors import NoEmail, NothingWritten
from preau.families.services._common import guardian_of, journal, lock_family
from preau.kernel.actors import Actor
from preau.kernel.french import and_join, telephone
from preau.messaging.services import queue_email
from preau.town.queries import get_town


@transaction.atomic
def write_to_family(
    *,
    family_id: int,
    guardian_ids: Iterable[int],
    subject: str,
    body: str,
    now: datetime,
    actor: Actor,
) -> list[str]:
    """Send one message to the adults chosen, one e-mail each; return who it was written to.

    Raises NoEmail when one of them has no address, NothingWritten when there is nothing to say
    or nobody to say it to. A closed file may still be written to.
    """
    subject, body = " ".join(subject.split()), body.strip()
    family = lock_family(family_id, even_closed=True)
    adults = [guardian_of(family, pk) for pk in dict.fromkeys(guardian_ids)]
    if not (subject and body and adults):
        raise NothingWritten
    if not all(adult.email for adult in adults):
        raise NoEmail
    town = get_town()
    reach = f"Répondre : {town.email}" if town.email else "Répondre : au guichet famille"
    if town.phone:
        reach += f" ou {telephone(town.phone)}"
    for address in dict.fromkeys(adult.email for adult in adults):
        queue_email(
            to=address,
            subject=subject,
            body="\n".join(
                [
                    body,
                    "",
                    reach,
                    f"Votre code famille : {family.printed_code}",
                    "",
                    f"{town.name}, {town.subtitle}",
                ]
            ),
            now=now,
            family_id=family.pk,
        )
    names = [str(adult) for adult in adults]
    journal(
        actor,
        now,
        "write",
        f"Message à {and_join(names)} : {subject}",
        family.pk,
    )
    return names
