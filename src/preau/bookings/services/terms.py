"""How long places wait for an answer: the town's settings."""

from datetime import datetime

from django.db import transaction

from preau.audit.services import record
from preau.bookings.errors import BookingRefused
from preau.bookings.models import Terms
from preau.catalogue.rules import AGE_CUTS
from preau.kernel.actors import Actor


def get_terms() -> Terms:
    """The town's settings, or those of a new town."""
    return Terms.objects.filter(pk=1).first() or Terms(pk=1)


@transaction.atomic
def save_terms(
    *,
    hold_minutes: int,
    offer_hours: int,
    age_cut: int | None = None,
    now: datetime,
    actor: Actor,
) -> Terms:
    """Set how long places are held while a family checks (0: not held), how long an offered place
    waits, and the age at which children pass to the older group (None: as it is). What is held or
    offered already keeps its time; slots that are open keep their age."""
    if not 0 <= hold_minutes <= 120:
        raise BookingRefused("Écrivez de 0 à 120 minutes.")
    if not 1 <= offer_hours <= 336:
        raise BookingRefused("Écrivez de 1 à 336 heures (deux semaines).")
    before = get_terms()
    age_cut = before.age_cut if age_cut is None else age_cut
    if not AGE_CUTS[0] <= age_cut <= AGE_CUTS[1]:
        raise BookingRefused("Écrivez un âge entre 2 et 17 ans.")
    terms = Terms(pk=1, hold_minutes=hold_minutes, offer_hours=offer_hours, age_cut=age_cut)
    terms.save()
    record(
        actor=actor,
        now=now,
        action="bookings.save_terms",
        summary=f"Places gardées {before.hold_minutes} → {hold_minutes} min pendant un envoi, "
        f"{before.offer_hours} → {offer_hours} h après une offre"
        + (f", groupes à {before.age_cut} → {age_cut} ans" if age_cut != before.age_cut else ""),
    )
    return terms
