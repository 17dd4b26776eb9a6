"""From one school year to the next: each pupil's level and school, prepared, applied, undone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from preau.audit.services import record
from preau.catalogue.enums import Level
from preau.catalogue.queries import establishments, get_school_year
from preau.catalogue.services import save_school_year
from preau.enrolments.queries import year_has_served
from preau.families.figures import home_addresses
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.text import search_key
from preau.schools.enums import Outcome, RollOverStatus
from preau.schools.errors import SchoolRefusal
from preau.schools.models import Promotion, RollOver, Schooling
from preau.schools.queries import ROLLOVER, pupils_between
from preau.schools.sectors import SectorMap, cycle_of
from preau.schools.services import Placement, place_pupils

LADDER = [level for level in Level.values if level != Level.ULIS]
BATCH = 2000


class RollOverRefused(SchoolRefusal):
    message = "Ce passage n’est pas possible."
    code = "roll_over_refused"


def next_level(level: str, outcome: str = Outcome.UP) -> str:
    """The level of the next year; "" for one who leaves. ULIS stays ULIS."""
    if outcome == Outcome.LEAVES:
        return ""
    if outcome == Outcome.REPEAT or level == Level.ULIS:
        return level
    index = LADDER.index(level) + (2 if outcome == Outcome.SKIP else 1)
    return LADDER[index] if index < len(LADDER) else ""


@dataclass(slots=True)
class _Chooser:
    """Which school a pupil goes to, from the one it is in."""

    sectors: SectorMap
    levels: dict[int, set[str]]

    def school(self, school_id: int, level_from: str, level_to: str, line: str) -> int | None:
        """The same school while it holds the level; else that of the address's sector."""
        if not level_to:
            return None
        held = self.levels.get(school_id, set())
        if cycle_of(level_from) == cycle_of(level_to) and (not held or level_to in held):
            return school_id
        found = self.sectors.school_of(line, cycle_of(level_to))
        if found is not None:
            return found
        return school_id if level_to in held else None


def _chooser() -> _Chooser:
    return _Chooser(SectorMap(), {site.pk: set(site.levels) for site in establishments("SCHOOL")})


@transaction.atomic
def prepare_roll_over(*, from_year: Any, now: datetime, actor: Actor) -> RollOver:
    """What becomes of each pupil of `from_year`, by the usual rule; nothing else is written.

    The next school year is opened if need be. Raises RollOverRefused when one is prepared already.
    """
    label = f"{from_year.starts_on.year + 1}-{from_year.starts_on.year + 2}"
    to_year = get_school_year(label) or save_school_year(
        starts_on=date(from_year.starts_on.year + 1, 9, 1), now=now, actor=actor
    )
    try:
        with transaction.atomic():
            row = RollOver.objects.create(
                from_year=from_year, to_year=to_year, created_at=now, created_by=actor.label
            )
    except IntegrityError as error:
        raise RollOverRefused(f"Le passage vers {label} est déjà préparé.") from error
    day = min(max(paris_day(now), from_year.starts_on), from_year.ends_on)
    pupils = pupils_between(from_year.pk, day)
    ready = dict(
        Schooling.objects.filter(school_year=to_year).values_list("child_id", "establishment_id")
    )
    chooser = _chooser()
    moving = [child for child, _s, level, _p in pupils if next_level(level) in {"CP", "PS"}]
    lines = home_addresses(moving)
    Promotion.objects.bulk_create(
        [
            _promotion(row, chooser, child_id, school_id, level, lines, ready)
            for child_id, school_id, level, _schooling in pupils
        ],
        batch_size=BATCH,
    )
    _journal(row, "prepare_roll_over", french.count(len(pupils), "élève"), now, actor)
    return row


def _promotion(
    row: RollOver,
    chooser: _Chooser,
    child_id: int,
    school_id: int,
    level: str,
    lines: dict[int, str],
    ready: dict[int, int],
) -> Promotion:
    up = next_level(level)
    target = ready.get(child_id) or chooser.school(school_id, level, up, lines.get(child_id, ""))
    return Promotion(
        roll_over=row,
        child_id=child_id,
        level_from=level,
        level_to=up,
        school_from_id=school_id,
        school_to_id=target,
        outcome=Outcome.UP if up else Outcome.LEAVES,
        reason="Déjà inscrit pour cette année" if child_id in ready else "",
    )


@transaction.atomic
def change_promotion(
    *,
    promotion_id: int,
    outcome: str,
    school_id: int | None,
    reason: str,
    now: datetime,
    actor: Actor,
) -> Promotion:
    """An exception: maintien, passage anticipé, another school. Raises RollOverRefused."""
    found = Promotion.objects.select_related("roll_over", "child").get(pk=promotion_id)
    row = RollOver.objects.select_for_update(of=("self",), no_key=True).get(pk=found.roll_over_id)
    if row.status != RollOverStatus.PREPARED:
        raise RollOverRefused("Ce passage est déjà appliqué : changez la classe de l’élève.")
    usual = Outcome.UP if next_level(found.level_from) else Outcome.LEAVES
    outcome = Outcome(outcome)
    if outcome != usual and not reason.strip():
        raise RollOverRefused("Dites pourquoi.")
    level = next_level(found.level_from, outcome)
    if outcome not in (Outcome.LEAVES, usual) and not level:
        raise RollOverRefused("Ce niveau n’existe pas dans nos écoles.")
    if school_id is None and level:
        lines = home_addresses([found.child_id])
        school_id = _chooser().school(
            found.school_from_id, found.level_from, level, lines.get(found.child_id, "")
        )
    found.outcome, found.level_to, found.reason = outcome, level, reason.strip()[:160]
    found.school_to_id = school_id if level else None
    found.is_manual = True
    found.save()
    words = f"{found.child} : {outcome.label} {level}".strip()
    _journal(row, "change_promotion", words, now, actor)
    return found


@transaction.atomic
def apply_roll_over(*, roll_over_id: int, now: datetime, actor: Actor) -> int:
    """Write next year's schoolings, all or none; how many. Classes come later, from ONDE.

    Those without a school are left for the agent. Raises RollOverRefused.
    """
    row = RollOver.objects.select_for_update(of=("self",), no_key=True).get(pk=roll_over_id)
    if row.status != RollOverStatus.PREPARED:
        raise RollOverRefused("Ce passage est déjà appliqué, ou annulé.")
    ready = set(
        Schooling.objects.filter(school_year_id=row.to_year_id).values_list("child_id", flat=True)
    )
    wanted = [
        p
        for p in Promotion.objects.filter(roll_over=row, school_to__isnull=False)
        if p.level_to and p.child_id not in ready
    ]
    place_pupils(
        placements=[
            Placement(
                child_id=p.child_id,
                establishment_id=p.school_to_id,  # type: ignore[arg-type]
                school_class_id=None,
                level=p.level_to,
                school_year_id=row.to_year_id,
                starts_on=row.to_year.starts_on,
                ends_on=row.to_year.ends_on,
            )
            for p in wanted
        ],
        source=ROLLOVER,
        now=now,
        actor=actor,
    )
    written = dict(
        Schooling.objects.filter(school_year_id=row.to_year_id, source=ROLLOVER).values_list(
            "child_id", "pk"
        )
    )
    for promotion in wanted:
        promotion.schooling_id = written.get(promotion.child_id)
    Promotion.objects.bulk_update(wanted, ["schooling_id"], batch_size=BATCH)
    row.status, row.applied_at, row.applied_by = RollOverStatus.APPLIED, now, actor.label
    row.save(update_fields=["status", "applied_at", "applied_by"])
    _journal(row, "apply_roll_over", french.count(len(wanted), "élève"), now, actor)
    return len(wanted)


def why_not_undo(row: RollOver) -> str:
    """Why the roll-over cannot be undone, in a sentence; "" when it can."""
    if row.status != RollOverStatus.APPLIED or row.applied_at is None:
        return "" if row.status == RollOverStatus.PREPARED else "Ce passage est déjà annulé."
    if year_has_served(row.to_year_id, since=row.applied_at):
        return (
            "Des familles ont déjà répondu ou inscrit pour cette année : on ne peut plus annuler."
        )
    ids = Promotion.objects.filter(roll_over=row, schooling_id__isnull=False).values("schooling_id")
    kept = Schooling.objects.filter(pk__in=ids, source=ROLLOVER, school_class=None)
    if kept.count() != ids.count():
        return "Des élèves ont déjà changé d’école ou de classe pour cette année."
    return ""


@transaction.atomic
def undo_roll_over(*, roll_over_id: int, now: datetime, actor: Actor) -> int:
    """Take next year's schoolings away, or the preparation alone. Raises RollOverRefused."""
    row = RollOver.objects.select_for_update(of=("self",), no_key=True).get(pk=roll_over_id)
    if reason := why_not_undo(row):
        raise RollOverRefused(reason)
    ids = list(
        Promotion.objects.filter(roll_over=row, schooling_id__isnull=False).values_list(
            "schooling_id", flat=True
        )
    )
    Schooling.objects.filter(pk__in=ids).delete()
    row.status, row.undone_at, row.undone_by = RollOverStatus.UNDONE, now, actor.label
    row.save(update_fields=["status", "undone_at", "undone_by"])
    _journal(row, "undo_roll_over", french.count(len(ids), "élève"), now, actor)
    return len(ids)


# --- Reading ---------------------------------------------------------------------------------


def list_roll_overs() -> QuerySet[RollOver]:
    return RollOver.objects.select_related("from_year", "to_year")


def get_roll_over(pk: int) -> RollOver | None:
    return list_roll_overs().filter(pk=pk).first()


def get_promotion(pk: int) -> Promotion | None:
    return (
        Promotion.objects.select_related("child", "roll_over", "school_from", "school_to")
        .filter(pk=pk)
        .first()
    )


def promotions_of(
    row: RollOver,
    *,
    text: str = "",
    outcome: str = "",
    school_id: int | None = None,
    level: str = "",
    only: str = "",
) -> QuerySet[Promotion]:
    """The pupils of a roll-over. `only`: «manual» (exceptions), «unplaced» (no school yet)."""
    found = Promotion.objects.filter(roll_over=row).select_related(
        "child", "school_from", "school_to"
    )
    for word in search_key(text).split():
        found = found.filter(child__search_key__contains=word)
    if outcome:
        found = found.filter(outcome=outcome)
    if school_id:
        found = found.filter(Q(school_from_id=school_id) | Q(school_to_id=school_id))
    if level:
        found = found.filter(level_from=level)
    if only == "manual":
        found = found.filter(is_manual=True)
    elif only == "unplaced":
        found = found.filter(school_to=None).exclude(outcome=Outcome.LEAVES)
    return found.order_by("child__search_key", "pk")


@dataclass(frozen=True, slots=True)
class SchoolPromotion:
    """How many pupils a school has now, how many next year."""

    name: str
    now: int
    next: int


@dataclass(slots=True)
class RollOverNumbers:
    """The preview's figures."""

    pupils: int
    by_outcome: dict[str, int]
    unplaced: int
    schools: list[SchoolPromotion]


def numbers_of(row: RollOver) -> RollOverNumbers:
    """The figures of a roll-over: four queries."""
    rows = Promotion.objects.filter(roll_over=row)
    by_outcome = dict(rows.order_by().values_list("outcome").annotate(n=Count("pk")))
    now = dict(rows.order_by().values_list("school_from__name").annotate(n=Count("pk")))
    following = dict(
        rows.filter(school_to__isnull=False)
        .order_by()
        .values_list("school_to__name")
        .annotate(n=Count("pk"))
    )
    return RollOverNumbers(
        pupils=sum(by_outcome.values()),
        by_outcome=by_outcome,
        unplaced=promotions_of(row, only="unplaced").count(),
        schools=[
            SchoolPromotion(name, now.get(name, 0), following.get(name, 0))
            for name in sorted({*now, *following})
        ],
    )


def next_schools(child_ids: Iterable[int], to_year_id: int) -> dict[int, tuple[int, str]]:
    """(school, level) of each child in a coming school year, as written or as prepared."""
    ids = list(child_ids)
    found = {
        child: (school, level)
        for child, school, level in Promotion.objects.filter(
            roll_over__to_year_id=to_year_id, child_id__in=ids, school_to__isnull=False
        )
        .exclude(roll_over__status=RollOverStatus.UNDONE)
        .values_list("child_id", "school_to_id", "level_to")
        if school is not None
    }
    for child, school, level in Schooling.objects.filter(
        school_year_id=to_year_id, child_id__in=ids
    ).values_list("child_id", "establishment_id", "level"):
        found[child] = (school, level)
    return found


def _journal(row: RollOver, verb: str, words: str, now: datetime, actor: Actor) -> None:
    record(
        actor=actor,
        now=now,
        action=f"schools.{verb}",
        summary=f"Passage vers {row.to_year.label} : {words}",
        object_type="schools.RollOver",
        object_id=row.pk,
    )
