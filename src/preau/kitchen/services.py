"""Meals fixed at the cut-off and sent; later changes sent as differences. Jobs are in tasks."""

from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import validate_email
from django.db import transaction
from django.utils.text import slugify

from preau.audit.services import record
from preau.catalogue.queries import get_establishment
from preau.documents.services import store_raw
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.locks import advisory_lock
from preau.kitchen import papers
from preau.kitchen.enums import AgeBand, Plate
from preau.kitchen.errors import KitchenRefused
from preau.kitchen.models import KitchenSetting, MealCount
from preau.kitchen.papers import differences_of
from preau.kitchen.queries import due_counts, meals_on, setting_of, word_of
from preau.kitchen.rules import Difference, Meals, differences
from preau.messaging.services import queue_email
from preau.town.queries import get_town

COUNT_LOCK = 74


@transaction.atomic
def save_setting(
    *,
    establishment_id: int | None,
    emails: Sequence[str],
    days_before: int,
    hour: time,
    is_active: bool,
    now: datetime,
    actor: Actor,
) -> KitchenSetting:
    """When meals are fixed and to whom they go; None: the whole town. Raises KitchenRefused."""
    clean = list(dict.fromkeys(e.strip().lower() for e in emails if e.strip()))
    for email in clean:
        try:
            validate_email(email)
        except ValidationError as error:
            raise KitchenRefused(f"L’adresse « {email} » n’est pas une adresse e-mail.") from error
    if not 0 <= days_before <= 10:
        raise KitchenRefused("Choisissez entre 0 et 10 jours.")
    setting, _made = KitchenSetting.objects.update_or_create(
        establishment_id=establishment_id,
        defaults={
            "emails": clean,
            "days_before": days_before,
            "hour_at": hour,
            "is_active": is_active,
        },
    )
    record(
        actor=actor,
        now=now,
        action="kitchen.save_setting",
        summary="Envoi à la cuisine réglé",
        object_type="catalogue.Establishment",
        object_id=establishment_id,
        data={"emails": clean, "days_before": days_before},
    )
    return setting


@transaction.atomic
def remove_setting(*, establishment_id: int, now: datetime, actor: Actor) -> None:
    """The site follows the town's setting again."""
    gone, _ = KitchenSetting.objects.filter(establishment=establishment_id).delete()
    if gone:
        record(
            actor=actor,
            now=now,
            action="kitchen.save_setting",
            summary="Réglage propre au site retiré",
            object_type="catalogue.Establishment",
            object_id=establishment_id,
        )


def fix_due(*, now: datetime, today: date) -> int:
    """For each site and day past its cut-off: fix what was not, tell what changed; how many."""
    sent = 0
    by_day: dict[date, list[int]] = {}
    for due in due_counts(now, today):
        by_day.setdefault(due.day, []).append(due.establishment_id)
    for day, sites in by_day.items():
        meals = meals_on(sites, day)
        for site in sites:
            if _fix(site, day, meals[site], now, Actor.system()) is not None:
                sent += 1
    return sent


def fix_now(*, establishment_id: int, day: date, now: datetime, actor: Actor) -> MealCount | None:
    """An agent sends the meals as they stand, cut-off or not; None when nothing changed."""
    return _fix(
        establishment_id, day, meals_on([establishment_id], day)[establishment_id], now, actor
    )


@transaction.atomic
def _fix(
    establishment_id: int, day: date, meals: Meals, now: datetime, actor: Actor
) -> MealCount | None:
    advisory_lock(COUNT_LOCK, establishment_id)
    before = (
        MealCount.objects.filter(establishment=establishment_id, day=day).order_by("-rank").first()
    )
    changed = differences(before.counts, meals.counts) if before else []
    if before is not None and not changed and before.allergens == meals.allergens:
        return None
    setting = setting_of(establishment_id)
    emails = list(setting.emails) if setting else []
    count = MealCount.objects.create(
        establishment_id=establishment_id,
        day=day,
        rank=before.rank + 1 if before else 1,
        counts=meals.counts,
        allergens=meals.allergens,
        differences=[[d.band, d.plate, d.before, d.after] for d in changed],
        total=meals.total,
        fixed_at=now,
        fixed_by=actor.label,
        sent_to=emails,
    )
    site = get_establishment(establishment_id)
    assert site is not None
    if emails:
        subject, body = message_of(count, site.name)
        files = _keep_papers(count, site.name, now, actor)
        for email in emails:
            queue_email(to=email, subject=subject, body=body, now=now, attached=files)
    record(
        actor=actor,
        now=now,
        action="kitchen.fix" if count.rank == 1 else "kitchen.change",
        summary=(
            f"{site.name}, {french.day(day)} : {french.count(count.total, 'repas', 'repas')}, "
            f"envoi n° {count.rank}"
        ),
        object_type="catalogue.Establishment",
        object_id=establishment_id,
    )
    return count


def _keep_papers(count: MealCount, site: str, now: datetime, actor: Actor) -> list[UUID]:
    """The PDF and the CSV of a sending, kept once for all its addresses."""
    stem = f"repas-{count.day.isoformat()}-{slugify(site)[:60]}-{count.rank}"
    made = (
        (papers.pdf_of(count, site), f"{stem}.pdf", "application/pdf"),
        (papers.csv_of(count, site), f"{stem}.csv", "text/csv"),
    )
    return [
        store_raw(
            content=ContentFile(content), name=name, content_type=kind, actor=actor, now=now
        ).pk
        for content, name, kind in made
    ]


def differences_between(sent: MealCount, standing: Meals) -> list[Difference]:
    """What changed since this sending: what the next one would tell."""
    return differences(sent.counts, standing.counts)


def message_of(count: MealCount, site: str) -> tuple[str, str]:
    """Subject and text of the e-mail: figures alone, no name."""
    day = french.day(count.day, year=True)
    what = "repas" if count.rank == 1 else f"changement n° {count.rank - 1}"
    lines = [f"{site}, {day} : {french.count(count.total, 'repas', 'repas')}.", ""]
    changed = differences_of(count)
    if changed:
        lines += [
            "Ce qui change depuis l’envoi précédent :",
            *(f"- {d.words}" for d in changed),
            "",
        ]
    elif count.rank > 1:
        lines += ["Les nombres restent les mêmes, les allergènes changent.", ""]
    for band in AgeBand.values:
        plates = count.counts[band]
        lines.append(f"{AgeBand(band).label.capitalize()} : {sum(plates.values())}")
        lines += [f"- {Plate(p).label} : {n}" for p, n in plates.items() if n]
    if count.allergens:
        lines += ["", "Enfants concernés par un allergène (déjà comptés ci-dessus) :"]
        lines += [f"- {word_of(code)} : {n}" for code, n in sorted(count.allergens.items())]
    town = get_town()
    lines += ["", f"{town.name}, {town.subtitle}"]
    return f"{site} : {what} du {french.day(count.day)}", "\n".join(lines)
