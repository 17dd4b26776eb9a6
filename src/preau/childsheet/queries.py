"""Reading the child's sheet. What is health is read by `services.read_health`, which journals it:
here are the signs alone, counts that name nobody, and what a home reads of its own child."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import QuerySet

from preau.childsheet.enums import CollectorKind, ConsentKind
from preau.childsheet.health import Health, Signs, SitePerson, SiteSheet, open_health
from preau.childsheet.models import ChildSheet, Collector, Consent, EmergencyPhone, Pai
from preau.childsheet.rules import leave_words, vaccines_missing, vaccines_required
from preau.families.enums import ParentingEffect
from preau.families.queries import (
    both_must_sign,
    get_children,
    guardians_in,
    household_on,
    parenting_in_force,
)
from preau.kernel import sealing


def get_sheet(child_id: int) -> ChildSheet:
    """The child's sheet; an empty one, not saved, when nothing was said yet."""
    return ChildSheet.objects.filter(child_id=child_id).first() or ChildSheet(child_id=child_id)


def sheets_of(child_ids: Iterable[int]) -> dict[int, ChildSheet]:
    return {row.child_id: row for row in ChildSheet.objects.filter(child_id__in=list(child_ids))}


def own_health(child_id: int) -> Health:
    """What a home reads of its own child: the caller has scoped the child to the household."""
    return open_health(get_sheet(child_id).sealed)


def health_without_reader(child_ids: Iterable[int]) -> dict[int, Health]:
    """For counts and signs made by the software: no person reads it. One query."""
    rows = ChildSheet.objects.filter(child_id__in=list(child_ids)).exclude(sealed="")
    return {pk: open_health(sealed) for pk, sealed in rows.values_list("child_id", "sealed")}


def signs_of(child_ids: Iterable[int]) -> dict[int, Signs]:
    """For a site's list: that there is an allergy, that there is a PAI. Two queries."""
    ids = list(child_ids)
    running = set(pais_running().filter(child_id__in=ids).values_list("child_id", flat=True))
    allergic = {pk for pk, health in health_without_reader(ids).items() if health.has_allergy}
    flagged = {child.pk for child in get_children(ids).values() if child.has_pai}
    return {pk: Signs(pk in allergic, pk in running or pk in flagged) for pk in ids}


def collectors_of(child_id: int) -> QuerySet[Collector]:
    """Who may and who must not collect the child, removed ones left out."""
    return Collector.objects.filter(child_id=child_id, removed_at__isnull=True).order_by(
        "kind", "name", "pk"
    )


def phones_of(child_id: int, family_id: int) -> QuerySet[EmergencyPhone]:
    """Whom this home says to call, in order."""
    return EmergencyPhone.objects.filter(child_id=child_id, family_id=family_id).order_by("rank")


def current_consents(child_id: int) -> dict[str, Consent]:
    """The answer that stands for each consent, confirmed or waiting for the other parent."""
    return {c.kind: c for c in Consent.objects.filter(child_id=child_id, ended_at__isnull=True)}


def consent_history(child_id: int) -> QuerySet[Consent]:
    return Consent.objects.filter(child_id=child_id).order_by("-signed_at", "-pk")


def get_pai(child_id: int) -> Pai | None:
    """The plan that runs, if there is one."""
    return pais_running().filter(child_id=child_id).first()


def pais_running() -> QuerySet[Pai]:
    """The health plans that no agent has ended."""
    return Pai.objects.filter(ended_on__isnull=True)


def pais_to_review(until: date) -> QuerySet[Pai]:
    """Plans whose yearly review is due by the day, the most urgent first."""
    return pais_running().filter(review_on__lte=until).select_related("child").order_by("review_on")


def provisional_children() -> QuerySet[ChildSheet]:
    """Children admitted without their vaccinations, who must bring them first first."""
    return (
        ChildSheet.objects.filter(provisional_until__isnull=False)
        .select_related("child")
        .order_by("provisional_until", "pk")
    )


def awaiting_other_parent(child_ids: Iterable[int]) -> tuple[list[Consent], list[Collector]]:
    """What one parent signed and the other has not yet; two queries."""
    ids = list(child_ids)
    return (
        list(
            Consent.objects.filter(
                child_id__in=ids, ended_at__isnull=True, confirmed_at__isnull=True
            ).order_by("pk")
        ),
        list(
            Collector.objects.filter(
                child_id__in=ids, removed_at__isnull=True, confirmed_at__isnull=True
            ).order_by("pk")
        ),
    )


def vaccine_state(child: Any, health: Health) -> tuple[list[str], list[str]]:
    """The vaccinations required of the child, and those not proved, in words."""
    required = [str(v.label) for v in vaccines_required(child.birth_on)]
    missing = vaccines_missing(child.birth_on, health.vaccines, health.vaccines_excused)
    return required, [str(v.label) for v in missing]


def site_sheets(
    children: Iterable[Any],
    day: date,
    *,
    health: dict[int, Health] | None = None,
    measures: dict[int, str] | None = None,
) -> dict[int, SiteSheet]:
    """What the site needs of these children, and no more: eight queries, whatever the number.

    The adults of the day's household are called first. `health` and `measures` come from
    `services.read_health_for_site`, and from nowhere else.
    """
    kids = {child.pk: child for child in children}
    ids = list(kids)
    sheets, signs = sheets_of(ids), signs_of(ids)
    homes = household_on(ids, day, day)
    judged = parenting_in_force(ids, day)
    found: dict[int, SiteSheet] = {}
    plans = {plan.child_id: plan for plan in pais_running().filter(child_id__in=ids)}
    for pk, child in kids.items():
        sheet = sheets.get(pk)
        found[pk] = SiteSheet(
            child=child,
            leave=leave_words(
                sheet.may_leave_alone if sheet else None, sheet.leave_alone_from if sheet else None
            ),
            consents={str(ConsentKind(k).label): None for k in ConsentKind.values},
            diet=child.get_diet_display(),
            signs=signs[pk],
            health=(health or {}).get(pk),
            pai_measures=(measures or {}).get(pk, ""),
            pai_review_on=plans[pk].review_on if pk in plans else None,
            provisional_until_on=sheet.provisional_until if sheet else None,
            has_photo=bool(sheet and sheet.photo_id),
        )
    for consent in Consent.objects.filter(
        child_id__in=ids, ended_at__isnull=True, confirmed_at__isnull=False
    ):
        label = str(ConsentKind(consent.kind).label)
        found[consent.child_id].consents[label] = consent.is_given
    barred = {
        (pk, record.guardian_id)
        for pk, records in judged.items()
        for record in records
        if record.guardian_id and record.effect != ParentingEffect.BOTH_SIGN
    }
    others: dict[int, list[SitePerson]] = {pk: [] for pk in ids}
    for child_id, adult in guardians_in(ids, day):
        if adult.has_authority and (child_id, adult.pk) not in barred:
            today = homes.get(child_id, {}).get(day) == adult.family_id
            person = SitePerson(
                str(adult), adult.relationship, adult.mobile_phone or adult.home_phone
            )
            found[child_id].may_collect.append(person)
            (found[child_id].to_call if today else others[child_id]).append(person)
    for pk in ids:
        found[pk].to_call += others[pk]
    for row in Collector.objects.filter(child_id__in=ids, removed_at__isnull=True).order_by("name"):
        person = SitePerson(row.name, row.relationship, row.phone)
        if row.kind == CollectorKind.FORBIDDEN:
            found[row.child_id].must_not_collect.append(person)
        elif row.confirmed_at is not None:
            found[row.child_id].may_collect.append(person)
    for pk, records in judged.items():
        for record in records:
            if record.effect == ParentingEffect.NO_COLLECTION:
                name = str(record.guardian) if record.guardian else record.person_name
                found[pk].must_not_collect.append(SitePerson(name, note="décision enregistrée"))
    for phone in EmergencyPhone.objects.filter(child_id__in=ids).order_by("rank", "pk"):
        found[phone.child_id].to_call.append(
            SitePerson(phone.name, phone.relationship, phone.phone)
        )
    return found


def needs_both(child_id: int, day: date) -> bool:
    """Whether a lasting choice about the child takes effect only when both parents signed."""
    return child_id in both_must_sign([child_id], day)


def measures_of(plan: Pai) -> str:
    """The words of the plan: for who has been journaled already, or its own home."""
    return sealing.unseal(plan.sealed_measures)
