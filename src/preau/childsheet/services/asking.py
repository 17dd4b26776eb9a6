"""What waits for the other parent's signature is told to it: what, and where to sign."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from preau.childsheet.services._common import child_name
from preau.families.enums import ParentingEffect
from preau.families.queries import guardians_in, parenting_in_force
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.messaging.services import queue_email
from preau.town.queries import get_town


def ask_other_parent(*, child_id: int, what: str, key: str, now: datetime, actor: Actor) -> int:
    """Write to the parents who did not propose it and have an address; how many.

    `what` says what is proposed («l’autorisation de photographier»), never where the other lives.
    An adult whom a judgment keeps from acting is not written to.
    """
    day, town = paris_day(now), get_town()
    judged = parenting_in_force([child_id], day).get(child_id, [])
    barred = {one.guardian_id for one in judged if one.effect == ParentingEffect.SOLE}
    address = settings.BASE_URL + reverse("portal:child-sheet", args=[child_id]) + "#sign"
    name, asked = child_name(child_id), 0
    for _child, adult in guardians_in([child_id], day):
        if (
            not (adult.has_authority and adult.email)
            or adult.pk in barred
            or (adult.user_id is not None and adult.user_id == actor.user_id)
        ):
            continue
        phone = f"Téléphone : {french.telephone(town.phone)}\n" if town.phone else ""
        queue_email(
            to=adult.email,
            subject=f"Votre signature est demandée pour {name}",
            body=(
                f"Bonjour {adult},\n\nL’autre parent {french.of(name)} propose {what}. Un "
                "désaccord ou une décision de justice est enregistré pour cet enfant : rien ne "
                f"change tant que vous n’avez pas signé aussi.\n\n"
                f"Lire et signer : {address}\n{phone}\n"
                f"{town.name}, {town.subtitle}\n"
            ),
            now=now,
            family_id=adult.family_id,
            key=f"{key}-{adult.pk}",
        )
        asked += 1
    return asked
