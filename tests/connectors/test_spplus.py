"""SP Plus: the published vector, and what a forger may try with values that are glued together."""

from urllib.parse import urlencode

import pytest

from preau.connectors import spplus
from preau.payments.gateway import (
    GatewayMisconfigured,
    GatewayState,
    PaymentGateway,
    PaymentRequest,
    Problem,
)

KEY = "586dfc9c34919b863ffd6463c9134a26ba29741ec7e98079"
OPTIONS = {"siret": "00000000000001-01", "key": KEY, "service_url": "http://bank.example"}
REFERENCE = "PREAU000000000000042"
REFSFP = "0ABCDEF12345"


@pytest.fixture
def gateway():
    return spplus.SpPlusGateway(OPTIONS)


def signed(**fields):
    query = urlencode(fields)
    return f"{query}&hmac={spplus.sign_query(KEY, query)}"


def a_return(etat="10", **changes):
    return signed(**{"reference": REFERENCE, "etat": etat, "refsfp": REFSFP, **changes})


def test_the_published_vector():
    expected = "c04f8266d6ae3ce37551cce996c751be4a95d10a"
    assert spplus.sign_query(KEY, "x=coin").lower() == expected


def test_is_a_gateway(gateway):
    assert isinstance(gateway, PaymentGateway)
    assert gateway.answer == "spcheckok"


def test_the_request_has_every_field_and_its_signature(gateway):
    redirect = gateway.request(
        PaymentRequest(
            reference=REFERENCE,
            amount_cents=1205,
            email="a@example.org",
            first_name="Zoé",
            last_name="Dû",
            return_url="http://shop.example/retour/",
            notify_url="http://shop.example/notification/",
        )
    )
    fields = dict(redirect.fields)
    assert (redirect.method, redirect.url) == ("GET", "http://bank.example/paiement/init.do")
    assert fields["montant"] == "12.05"
    assert fields["devise"] == "978"
    glued = "".join(fields[name] for name in spplus.REQUEST_SIGNED)
    assert fields["hmac"] == spplus.sign_values(KEY, glued)
    assert fields["hmac"] == fields["hmac"].upper()


@pytest.mark.parametrize(
    ("etat", "state"),
    [
        ("1", GatewayState.PENDING),
        ("4", GatewayState.PENDING),
        ("10", GatewayState.PAID),
        ("2", GatewayState.REFUSED),
        ("5", GatewayState.REFUSED),
        ("12", GatewayState.ABANDONED),
        ("11", GatewayState.CANCELLED),
        ("17", GatewayState.REFUNDED),
        ("15", GatewayState.UNKNOWN),
        ("16", GatewayState.UNKNOWN),
        ("20", GatewayState.UNPAID),
        ("21", GatewayState.UNPAID),
        ("30", GatewayState.PENDING),
        ("99", GatewayState.TEST),
        ("7", GatewayState.UNKNOWN),
    ],
)
def test_only_ten_is_paid(gateway, etat, state):
    verdict = gateway.read(a_return(etat))
    assert verdict.verified
    assert verdict.state == state
    assert verdict.reference == REFERENCE
    assert verdict.transaction_id == REFSFP
    assert verdict.amount_cents is None


def test_the_signature_is_over_raw_values_whatever_its_case(gateway):
    assert gateway.read(a_return().replace("hmac=", "hmac=")).verified
    query, _, mac = a_return().rpartition("hmac=")
    assert gateway.read(f"{query}hmac={mac.lower()}".encode()).verified


def test_an_accepted_return_cut_elsewhere_is_not_a_paid_one(gateway):
    genuine = a_return("1")
    forged = genuine.replace(f"etat=1&refsfp={REFSFP}", f"etat=10&refsfp={REFSFP[1:]}")
    # The danger is real: glued together, both have the same signature.
    mac = forged.rpartition("hmac=")[2]
    assert spplus.sign_query(KEY, forged.partition("&hmac")[0]) == mac
    verdict = gateway.read(forged)
    assert not verdict.verified
    assert Problem.FORMAT in verdict.problems


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (a_return().replace("etat=10", "etat=12"), Problem.SIGNATURE),
        (a_return().rpartition("&hmac")[0], Problem.SIGNATURE),
        (a_return() + "x", Problem.SIGNATURE),
        (signed(etat="10", reference=REFERENCE, refsfp=REFSFP), Problem.FORMAT),
        (signed(reference=REFERENCE, etat="10", refsfp=REFSFP, more="1"), Problem.FORMAT),
        (a_return(reference="short"), Problem.REFERENCE),
        (a_return() + "&etat=10", Problem.FORMAT),
        ("", Problem.FORMAT),
        (b"\xff\xfe", Problem.FORMAT),
        ("a" * 100_000, Problem.FORMAT),
        ("reference=%00&etat=10&refsfp=1&hmac=1", Problem.FORMAT),
        ("hmac=é&reference=é&etat=10&refsfp=1", Problem.SIGNATURE),
        ("&".join(f"a{i}=1" for i in range(1000)), Problem.FORMAT),
    ],
)
def test_what_is_not_right_changes_nothing_and_raises_nothing(gateway, message, problem):
    verdict = gateway.read(message)
    assert not verdict.verified
    assert problem in verdict.problems


def test_another_key_does_not_verify(gateway):
    other = spplus.SpPlusGateway({**OPTIONS, "key": KEY.replace("58", "59")})
    assert Problem.SIGNATURE in other.read(a_return()).problems


@pytest.mark.parametrize(
    "options",
    [{"siret": "1"}, {"key": "xyz"}, {"key": "00"}, {"key": ""}, {"refsfp_length": "many"}],
)
def test_settings_that_cannot_work_are_said_at_once(options):
    with pytest.raises(GatewayMisconfigured) as caught:
        spplus.SpPlusGateway({**OPTIONS, **options})
    assert KEY not in str(caught.value)
