"""School by request: enrolment, derogation, departure, name; and both parents’ agreement."""

import datetime as dt

import pytest

from preau.casework import services
from preau.casework.errors import InvalidPayload
from preau.casework.kinds import get_kind
from preau.catalogue.models import Establishment
from preau.messaging.models import Message
from preau.schools import queries as schools
from tests.bookings.world import make_year
from tests.casework.deciding import (
    approve,
    at_school,
    undo,
)
from tests.casework.world import (
    submit,
)
from tests.harness.people import (
    DAY,
    NOW,
)

pytestmark = pytest.mark.django_db


def test_school_enrolment(world):
    year = make_year()
    site = Establishment.objects.create(
        name="École Jean-Moulin", kind="SCHOOL", slug="jean-moulin", levels=["CP", "CE1", "CE2"]
    )
    answers = {"school_year": year.pk, "level": "CE2", "establishment": site.pk}
    with pytest.raises(InvalidPayload, match="niveau"):
        submit(world.family, "SCHOOL_ENROLMENT", {**answers, "level": "PS"}, child=world.child)
    request = submit(world.family, "SCHOOL_ENROLMENT", answers, child=world.child)
    approve(world, request)
    held = schools.schooling_on([world.child.pk], DAY)[world.child.pk]
    assert (held.establishment_id, held.level) == (site.pk, "CE2")
    undo(world, request)
    assert not schools.schooling_on([world.child.pk], DAY)


SITES = ("Jean-Moulin", "Simone-Veil")


def school(name):
    return Establishment.objects.create(
        name=f"École {name}", kind="SCHOOL", slug=name.lower(), levels=["CP", "CE1", "CE2"]
    )


def test_derogation(world):
    year, here, there = make_year(), *(school(name) for name in SITES)
    at_school(world, here)
    answers = {"school_year": year.pk, "level": "CE2", "establishment": there.pk}
    with pytest.raises(InvalidPayload):
        submit(world.family, "DEROGATION", answers, child=world.child)
    wanted = {**answers, "reasons": ["SIBLING", "WORK"], "comment": "Notre travail est à côté."}
    request = submit(world.family, "DEROGATION", wanted, child=world.child)
    kind = get_kind("DEROGATION")
    assert "Simone-Veil demandée" in request.summary
    said = {fact.label: fact.value for fact in kind.facts(request)}
    assert said["Raisons"].startswith("Un frère ou une sœur") and "travail" in said["Explication"]
    assert any("Aucun frère" in c.text for c in kind.consequences(request, DAY))
    change = next(c for c in kind.changes(request, DAY) if "Lina" in c.label)
    assert (change.before, change.after) == ("École Jean-Moulin", "École Simone-Veil")
    approve(world, request)
    held = schools.schooling_on([world.child.pk], DAY)[world.child.pk]
    assert (held.establishment_id, held.source) == (there.pk, "derogation")
    undo(world, request)
    assert schools.schooling_on([world.child.pk], DAY)[world.child.pk].establishment_id == here.pk
    refused = submit(world.family, "DEROGATION", wanted, child=world.child)
    services.refuse(request_id=refused.pk, reason="Classe pleine", now=NOW, actor=world.agent)
    mail = Message.objects.filter(subject__contains="refusée").get()
    assert "Classe pleine" in mail.body and "contester" in mail.body


def test_a_departure_is_noted_and_taken_back(world):
    at_school(world, school("Jean-Moulin"))
    with pytest.raises(InvalidPayload, match="aucune"):
        submit(world.family, "SCHOOL_LEAVING", {"last_day": "2030-01-04"}, child=world.child)
    request = submit(world.family, "SCHOOL_LEAVING", {"last_day": "2026-12-18"}, child=world.child)
    approve(world, request)
    later = dt.date(2027, 1, 5)
    assert not schools.schooling_on([world.child.pk], later)
    undo(world, request)
    assert schools.schooling_on([world.child.pk], later)


def test_a_name_is_corrected_and_put_back(world):
    answers = {"first_name": "Lina", "last_name": "Belkacem Rousseau"}
    request = submit(world.family, "CHILD_NAME", answers, child=world.child)
    approve(world, request)
    world.child.refresh_from_db()
    assert world.child.last_name == "Belkacem Rousseau"
    undo(world, request)
    world.child.refresh_from_db()
    assert world.child.last_name == "Rousseau"
