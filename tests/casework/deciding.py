"""What the tests of the kinds share: deciding as an agent, a canteen, a school."""

import datetime as dt
from types import SimpleNamespace

from preau.casework import services
from preau.casework.kinds import get_kind
from preau.casework.models import Request
from preau.schools import services as school_services
from preau.schools.services import Placement
from tests.bookings.world import make_offering, make_year
from tests.casework.world import (
    agent_actor,
)
from tests.harness.people import (
    DAY,
    NOW,
    child_of,
    make_agent,
    make_family,
    make_town,
)

MINUTE = dt.timedelta(minutes=1)

CHILD = {
    "first_name": "Zoé",
    "last_name": "Rousseau",
    "birth_on": "2022-03-04",
    "sex": "F",
    "weeks": "ALL",
}


ADULT = {
    "first_name": "Karim",
    "last_name": "Haddad",
    "relationship": "père",
    "email": "karim.haddad@example.fr",
    "mobile_phone": "06 39 98 00 11",
}


def make_world():
    """A town, a household, an agent and the household's first child."""
    make_town()
    family = make_family()
    return SimpleNamespace(family=family, agent=agent_actor(make_agent()), child=child_of(family))


def approve(world, request, **kwargs):
    kind = get_kind(request.kind)
    services.hold(request_id=request.pk, now=NOW, actor=world.agent)
    request = Request.objects.get(pk=request.pk)
    seen = kind.fingerprint(request, DAY)
    assert kind.facts(request)
    kind.consequences(request, DAY)
    return services.approve(
        request_id=request.pk,
        now=NOW,
        actor=world.agent,
        version=request.version,
        seen=seen,
        **kwargs,
    )


def undo(world, request):
    return services.undo(request_id=request.pk, now=NOW + MINUTE, actor=world.agent)


def canteen(site=None, **fields):
    return make_offering(site=site, **fields)


def at_school(world, site, level="CE2", child=None):
    year = make_year()
    return school_services.place_pupil(
        placement=Placement(
            child_id=(child or world.child).pk,
            establishment_id=site.pk,
            school_class_id=None,
            level=level,
            school_year_id=year.pk,
            starts_on=year.starts_on,
            ends_on=year.ends_on,
        ),
        source="test",
        family_id=world.family.pk,
        both_agreed=True,
        now=NOW,
        actor=world.agent,
    )
