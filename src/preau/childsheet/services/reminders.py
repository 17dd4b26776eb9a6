"""E-mails to the homes: vaccinations to bring, a plan to review. Never a word of the illness."""

from datetime import date, datetime, timedelta

from django.db import transaction

from preau.childsheet.models import ChildSheet, Pai
from preau.families.queries import families_of_child, guardians_of
from preau.kernel import french
from preau.kernel.clock import paris_day
from preau.messaging.services import queue_email
from preau.town.queries import get_town

# Before the end of the three months; and each week once they are over.
VACCINE_STEPS = (timedelta(days=60), timedelta(days=30), timedelta(days=7), timedelta(0))
PAI_BEFORE = timedelta(days=45)
AGAIN = timedelta(days=30)


def send_reminders(*, now: datetime) -> int:
    """Write to the homes that must bring something; how many children it was about.

    Each child apart, so that one failure stops nobody else.
    """
    today = paris_day(now)
    sent = 0
    for pk in list(
        ChildSheet.objects.filter(
            provisional_until__isnull=False, provisional_until__lte=today + VACCINE_STEPS[0]
        ).values_list("pk", flat=True)
    ):
        sent += _vaccines(pk, today, now)
    for pk in list(
        Pai.objects.filter(ended_on__isnull=True, review_on__lte=today + PAI_BEFORE).values_list(
            "pk", flat=True
        )
    ):
        sent += _plan(pk, today, now)
    return sent


def step_due(until: date, reminded_on: date | None, today: date) -> bool:
    """Whether a step of VACCINE_STEPS was passed since the last reminder; then each month."""
    passed = [until - step for step in VACCINE_STEPS if until - step <= today]
    if not passed:
        return False
    if reminded_on is None:
        return True
    return reminded_on < passed[-1] or (today > until and today - reminded_on >= AGAIN)


@transaction.atomic
def _vaccines(pk: int, today: date, now: datetime) -> int:
    sheet = (
        ChildSheet.objects.select_for_update(of=("self",), no_key=True)
        .select_related("child")
        .get(pk=pk)
    )
    until = sheet.provisional_until
    if until is None or not step_due(until, sheet.provisional_reminded_on, today):
        return 0
    sheet.provisional_reminded_on = today
    sheet.save(update_fields=["provisional_reminded_on"])
    name = sheet.child.first_name
    over = today > until
    end = french.day(until, year=True)
    _write(
        sheet.child_id,
        today,
        now,
        f"Une pièce à apporter pour {name}",
        (
            f"{name} a été accueilli pour trois mois en attendant une pièce de sa fiche sanitaire. "
            + (f"Ce délai s’est terminé {end}." if over else f"Ce délai se termine {end}.")
            + "\n\nOuvrez sa fiche dans votre espace famille et joignez une photo du carnet, ou "
            "venez au guichet."
        ),
    )
    return 1


@transaction.atomic
def _plan(pk: int, today: date, now: datetime) -> int:
    held = Pai.objects.select_for_update(of=("self",), no_key=True)
    plan = held.select_related("child").get(pk=pk)
    if plan.reminded_on is not None and today - plan.reminded_on < AGAIN:
        return 0
    plan.reminded_on = today
    plan.save(update_fields=["reminded_on"])
    name = plan.child.first_name
    _write(
        plan.child_id,
        today,
        now,
        f"Le projet d’accueil de {name} est à revoir",
        (
            f"Le projet d’accueil individualisé de {name} se revoit chaque année. Le sien est à "
            f"revoir avant {french.day(plan.review_on, year=True)}.\n\nEnvoyez le document à jour "
            "depuis sa fiche, dans votre espace famille."
        ),
    )
    return 1


def _write(child_id: int, today: date, now: datetime, subject: str, body: str) -> None:
    town = get_town()
    for family in families_of_child(child_id, today):
        emails = {
            adult.email.lower(): None
            for adult in guardians_of(family.pk)
            if adult.email and adult.has_authority
        }
        for email in emails:
            queue_email(
                to=email,
                subject=subject,
                body=f"Bonjour,\n\n{body}\n\n{town.name}, {town.subtitle}",
                now=now,
                family_id=family.pk,
            )
