"""Absences told by families, sheets closed, children who came without booking, cards."""

from datetime import date, datetime, timedelta

from preau.attendance import services as attendance
from preau.attendance.bulk import close_sheets
from preau.attendance.enums import AbsenceReason, Presence
from preau.attendance.errors import AbsenceRefused, AttendanceRefused
from preau.attendance.queries import active_card_of
from preau.attendance.services import Mark
from preau.demo.town.days import ONE_PAGE, Days
from preau.demo.town.population import DemoHome
from preau.demo.town.story import ONE_DAY, Story, utc
from preau.documents.bulk import store_for_families
from preau.families.queries import payers_of
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel

REPORTS = 60
WALK_INS = 24
MISSED = 0.02
REASONS = (
    [AbsenceReason.ILLNESS] * 5
    + [AbsenceReason.FAMILY] * 3
    + [AbsenceReason.SCHOOL_TRIP, AbsenceReason.TEACHER_ABSENT]
)


def family_actor(family_id: int, *, channel: Channel = Channel.PORTAL) -> Actor:
    """The payer of a household, acting on the portal (or at the counter)."""
    payer = payers_of([family_id])[family_id]
    return Actor(user_id=payer.user_id, label=str(payer), channel=channel)


def tell_absences(story: Story, days: Days, homes: dict[str, DemoHome]) -> None:
    """Some families say that a child is ill or away; agents decide all but the latest."""
    span = (story.today - story.first).days
    habits = story.dice.sample(days.of("cantine"), REPORTS)
    told = (
        sorted(
            (story.first + timedelta(days=story.dice.randrange(1, span)), rank)
            for rank in range(REPORTS)
        )
        if span > 2
        else []
    )
    for day, rank in told:
        habit = habits[rank]
        reason = story.dice.choice(REASONS)
        length = story.dice.choice((0, 0, 1, 2)) if reason == AbsenceReason.ILLNESS else 0
        _report(
            story,
            habit.family_id,
            habit.pupil.child_id,
            day,
            length,
            reason,
            with_document=reason == AbsenceReason.ILLNESS and story.chance(0.7),
        )
    three = homes["three"]
    ill = story.today - timedelta(days=13)
    _report(
        story, three.family_id, three.children[0], ill, 2, AbsenceReason.ILLNESS, with_document=True
    )
    coming = story.today + timedelta(days=8)
    _report(
        story,
        three.family_id,
        three.children[1],
        coming,
        0,
        AbsenceReason.FAMILY,
        with_document=False,
        at=story.now - timedelta(hours=3),
    )


def _report(
    story: Story,
    family_id: int,
    child_id: int,
    day: date,
    length: int,
    reason: AbsenceReason,
    *,
    with_document: bool,
    at: datetime | None = None,
) -> None:
    last = day + timedelta(days=length)
    now = at or min(
        utc(day - ONE_DAY, 20) if story.chance(0.5) else utc(day, 7, 50),
        story.now - timedelta(hours=1),
    )
    document = None
    if with_document:
        document = store_for_families(
            content=ONE_PAGE,
            name="certificat.pdf",
            content_type="application/pdf",
            family_ids=[family_id],
            now=now,
        )[0]
    try:
        report = attendance.report_absence(
            family_id=family_id,
            child_id=child_id,
            starts_on=day,
            ends_on=last,
            reason=reason,
            document_id=document,
            channel=Channel.PORTAL,
            now=now,
            actor=family_actor(family_id),
        )
    except AbsenceRefused:
        return
    if last > story.today - timedelta(days=6):
        return
    justified = with_document or reason in (AbsenceReason.SCHOOL_TRIP, AbsenceReason.TEACHER_ABSENT)
    attendance.justify_absence(
        report_id=report.pk,
        justified=justified,
        comment="" if justified else "Aucun justificatif reçu dans les huit jours.",
        now=min(utc(last + timedelta(days=4), 11), story.now),
        actor=story.agent("COUNTER"),
    )


def keep_sheets(story: Story, days: Days) -> None:
    """Every sheet to yesterday is closed, but one; some children missed, some came unannounced."""
    yesterday = story.today - ONE_DAY
    _walk_in(story, days)
    missed = _missed(story, days)
    last_school_day = max(
        (slot.day for slots in days.slots.values() for slot in slots if slot.day <= yesterday),
        default=yesterday,
    )
    evening = story.offerings["soir", story.sites["elementaire-simone-veil"]]
    left_open = [slot.pk for slot in days.slots[evening] if slot.day == last_school_day]
    close_sheets(
        first=story.first,
        last=yesterday,
        absent=missed,
        left_open=left_open,
        now=story.now,
        actor=story.agent("SITE_MANAGER"),
    )


def _missed(story: Story, days: Days) -> list[tuple[int, int]]:
    found = []
    for habit in days.habits:
        if habit.activity in ("judo", "natation"):
            continue
        for slot in days.slots[story.offerings[habit.key]]:
            if slot.day < story.today and story.chance(MISSED):
                found.append((slot.pk, habit.pupil.child_id))
    return found


def _walk_in(story: Story, days: Days) -> None:
    """A child enrolled but not booked that day eats all the same: it is never refused."""
    habits = [h for h in days.of("cantine") if len(h.weekdays) < 4]
    for habit in story.dice.sample(habits, min(WALK_INS, len(habits))):
        slots = [
            slot
            for slot in days.slots[story.offerings[habit.key]]
            if slot.day < story.today and slot.day.weekday() not in habit.weekdays
        ]
        if not slots:
            continue
        slot = story.dice.choice(slots)
        try:
            attendance.record_presences(
                slot_id=slot.pk,
                marks=[Mark(habit.pupil.child_id, Presence.PRESENT)],
                now=utc(slot.day, 12, 10),
                actor=story.agent("SITE_MANAGER"),
                walk_in=True,
            )
        except AttendanceRefused:
            continue


def give_cards(story: Story, days: Days, homes: dict[str, DemoHome]) -> None:
    """A card for each child enrolled; some were lost since, some wait for the next one."""
    actor = story.agent("COUNTER")
    attendance.issue_first_cards(
        child_ids={habit.pupil.child_id for habit in days.habits}, now=story.opening, actor=actor
    )
    lost = [(h.pupil.child_id, h.family_id) for h in story.dice.sample(days.of("cantine"), 9)]
    lost.append((homes["three"].children[1], homes["three"].family_id))
    for rank, (child_id, family_id) in enumerate(lost):
        card = active_card_of(child_id)
        if card is None:
            continue
        when = story.ago(30 - 3 * rank)
        family = family_actor(family_id)
        attendance.declare_card_lost(card_id=card.pk, family_id=family_id, now=when, actor=family)
        attendance.order_card(
            child_id=child_id,
            family_id=family_id,
            channel=family.channel,
            now=when + timedelta(minutes=2),
            actor=family,
        )
        if rank % 3 != 1:
            attendance.issue_card(
                child_id=child_id, family_id=family_id, now=when + timedelta(days=2), actor=actor
            )
