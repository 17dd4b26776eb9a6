"""A town with schools, for the journeys that need one."""

from datetime import date
from types import SimpleNamespace

import pytest

from preau.catalogue.models import Establishment, SchoolYear

NURSERY = ["TPS", "PS", "MS", "GS"]
ELEMENTARY = ["CP", "CE1", "CE2", "CM1", "CM2", "ULIS"]


@pytest.fixture
def schools(db: None) -> SimpleNamespace:
    """The school year 2026-2027, two nursery schools and two elementary ones."""
    year = SchoolYear.objects.create(
        label="2026-2027", starts_on=date(2026, 9, 1), ends_on=date(2027, 8, 31)
    )
    made = [
        Establishment.objects.create(kind="SCHOOL", name=name, slug=name.lower(), levels=levels)
        for name, levels in (
            ("Aulnes", NURSERY),
            ("Tilleuls", NURSERY),
            ("Curie", ELEMENTARY),
            ("Moulin", ELEMENTARY),
        )
    ]
    return SimpleNamespace(year=year, all=made)
