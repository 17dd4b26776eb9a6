"""A family, and the demo's bank in threads of this process."""

import pytest

from tests.harness.bank import BankProcess
from tests.harness.money import make_family


@pytest.fixture
def bank(live_server):
    bank = BankProcess(live_server.url)
    yield bank
    bank.stop()


@pytest.fixture
def family(db):
    return make_family()
