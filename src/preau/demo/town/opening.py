"""The next holidays' opening day, and a planning under way whose places are held."""

from datetime import date, time, timedelta

from preau.bookings.queries import slots_between
from preau.bookings.services import change_draft, hold_places
from preau.bookings.services.drafts import pair
from preau.catalogue import queries as catalogue
from preau.demo.town.days import Days
from preau.demo.town.population import DemoHome
from preau.demo.town.story import Story, actor_of
from preau.kernel.clock import at_paris
from preau.openings.enums import Audience
from preau.openings.services import save_window


def set_windows(story: Story) -> None:
    """The holidays after what is booked already open soon: to the town's families first, three
    days later to all."""
    coming = next(
        (
            h
            for h in catalogue.list_holidays()
            if h.starts_on > story.last and h.starts_on.month < 7
        ),
        None,
    )
    if coming is None:
        return
    first = story.today + timedelta(days=3)
    for (activity, _site), offering_id in sorted(story.offerings.items()):
        if activity != "vacances":
            continue
        for audience, day in ((Audience.RESIDENTS, first), (Audience.ALL, first + timedelta(3))):
            save_window(
                offering_id=offering_id,
                audience=audience.value,
                opens_at=at_paris(day, time(9)),
                first_day=coming.starts_on,
                last_day=min(coming.ends_on, date(story.rentree.year + 1, 8, 31)),
                now=story.now,
                actor=story.town_hall,
            )


def hold_a_place(story: Story, days: Days, homes: dict[str, DemoHome]) -> None:
    """The mother is at her recap: the days that she adds are held while she checks."""
    mother = homes["mother"]
    child_id = mother.children[0]
    offering_id = next(
        offering
        for (child, family, offering) in days.enrolments
        if child == child_id and family == mother.family_id
    )
    slots = slots_between([offering_id], story.last + timedelta(1), story.last + timedelta(30))
    actor = actor_of(mother.user, mother.label, is_agent=False)
    assert actor.user_id is not None
    wanted = [(slot.pk, child_id) for slot in slots]
    change_draft(
        family_id=mother.family_id,
        user_id=actor.user_id,
        changes={pair(*each): True for each in wanted},
        now=story.now,
    )
    hold_places(family_id=mother.family_id, add=wanted, now=story.now, actor=actor)
