"""A town with one household and one agent, for the tests of the kinds."""

import pytest

from tests.casework.deciding import make_world


@pytest.fixture
def world():
    return make_world()
