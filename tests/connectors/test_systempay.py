"""Systempay through eopayment's real class: each trap that it leaves is closed."""

import logging
from urllib.parse import parse_qsl, urlencode

import eopayment
import pytest

from preau.connectors.systempay import SystempayGateway
from preau.demo.bank.signatures import systempay_is_signed, systempay_signature
from preau.payments.gateway import (
    GatewayMisconfigured,
    GatewayState,
    PaymentGateway,
    PaymentRequest,
    Problem,
)

SECRET = "secretdetest"
OPTIONS = {
    "site_id": "12345678",
    "secret_test": SECRET,
    "ctx_mode": "TEST",
    "service_url": "http://bank.example/vads-payment/",
}
REFERENCE = "PREAU000000000000042"


@pytest.fixture
def gateway():
    return SystempayGateway(OPTIONS)


def ask(gateway, **changes):
    return dict(
        gateway.request(
            PaymentRequest(
                **{
                    "reference": REFERENCE,
                    "amount_cents": 1205,
                    "email": "zoe@example.org",
                    "first_name": "Zoé",
                    "last_name": "Dû",
                    "return_url": "http://shop.example/retour/",
                    "notify_url": "http://shop.example/notification/",
                    **changes,
                }
            )
        ).fields
    )


def answer(gateway, secret=SECRET, **changes):
    fields = {k: v for k, v in ask(gateway).items() if k != "signature"} | {
        "vads_result": "00",
        "vads_auth_result": "00",
        "vads_trans_status": "AUTHORISED",
        "vads_operation_type": "DEBIT",
        "vads_trans_uuid": "f" * 32,
        "vads_effective_amount": "1205",
        "vads_auth_number": "123456",
    }
    fields = {k: v for k, v in (fields | changes).items() if v is not None}
    return urlencode(fields | {"signature": systempay_signature(secret, fields)})


def test_is_a_gateway(gateway):
    assert isinstance(gateway, PaymentGateway)


def test_the_request_is_signed_as_the_bank_expects(gateway):
    fields = ask(gateway)
    assert systempay_is_signed(SECRET, fields)
    assert fields["vads_amount"] == "1205"
    assert fields["vads_order_id"] == fields["vads_ext_info_eopayment_trans_id"] == REFERENCE
    assert fields["vads_url_check"] == "http://shop.example/notification/"


def test_paid(gateway):
    verdict = gateway.read(answer(gateway))
    assert verdict.verified and verdict.state == GatewayState.PAID
    assert (verdict.reference, verdict.amount_cents) == (REFERENCE, 1205)
    assert (verdict.currency, verdict.merchant) == ("978", "12345678")
    assert verdict.transaction_id == "f" * 32


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        (
            {"vads_result": "05", "vads_auth_result": "51", "vads_trans_status": "REFUSED"},
            GatewayState.REFUSED,
        ),
        (
            {"vads_result": "17", "vads_auth_result": "", "vads_trans_status": "ABANDONED"},
            GatewayState.ABANDONED,
        ),
        ({"vads_trans_status": "AUTHORISED_TO_VALIDATE"}, GatewayState.PENDING),
        (
            {"vads_trans_status": "WAITING_AUTHORISATION", "vads_auth_result": ""},
            GatewayState.PENDING,
        ),
        ({"vads_trans_status": "CAPTURED"}, GatewayState.PAID),
        ({"vads_trans_status": "CAPTURE_FAILED"}, GatewayState.UNPAID),
        ({"vads_trans_status": "EXPIRED"}, GatewayState.EXPIRED),
        ({"vads_trans_status": "CANCELLED"}, GatewayState.CANCELLED),
        ({"vads_trans_status": "SOMETHING_NEW"}, GatewayState.UNKNOWN),
        ({"vads_operation_type": "CREDIT", "vads_trans_status": "CAPTURED"}, GatewayState.REFUNDED),
    ],
)
def test_states(gateway, changes, state):
    verdict = gateway.read(answer(gateway, **changes))
    assert verdict.verified, verdict.problems
    assert verdict.state == state


def test_eopayment_alone_would_call_a_refusal_paid(gateway):
    message = answer(gateway, vads_trans_status="REFUSED")  # with result 00/00
    theirs = eopayment.Payment(
        "systempayv2",
        {
            "vads_site_id": "12345678",
            "secret_test": SECRET,
            "vads_ctx_mode": "TEST",
            "signature_algo": "hmac_sha256",
        },
    ).response(message)
    assert theirs.result == eopayment.PAID and theirs.signed
    verdict = gateway.read(message)
    assert not verdict.verified and verdict.problems == (Problem.CONTRADICTION,)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"vads_result": "05"}, Problem.CONTRADICTION),
        ({"vads_auth_result": "05"}, Problem.CONTRADICTION),
        ({"vads_effective_amount": "5"}, Problem.CONTRADICTION),
        ({"vads_operation_type": "VERIFICATION"}, Problem.CONTRADICTION),
        ({"vads_operation_type": None}, Problem.CONTRADICTION),
        ({"vads_currency": "840"}, Problem.CURRENCY),
        ({"vads_site_id": "87654321"}, Problem.MERCHANT),
        ({"vads_amount": "12.05"}, Problem.AMOUNT),
        ({"vads_amount": "-5"}, Problem.AMOUNT),
        ({"vads_amount": None}, Problem.AMOUNT),
        ({"vads_order_id": "OTHER000000000000001"}, Problem.REFERENCE),
        ({"vads_order_id": None}, Problem.REFERENCE),
        ({"vads_ctx_mode": "PRODUCTION"}, Problem.MODE),
        ({"vads_ctx_mode": None}, Problem.MODE),
        ({"vads_ctx_mode": "__class__"}, Problem.MODE),
        ({"vads_result": None}, Problem.CONTRADICTION),
        ({"vads_auth_result": None}, Problem.SIGNATURE),
        ({"vads_page_action": "REGISTER"}, Problem.FORMAT),
    ],
)
def test_signed_but_wrong(gateway, changes, problem):
    verdict = gateway.read(answer(gateway, **changes))
    assert not verdict.verified
    assert problem in verdict.problems


def test_tampered_after_signature(gateway):
    message = answer(gateway)
    for old, new in [("vads_amount=1205", "vads_amount=1"), ("AUTHORISED", "CAPTURED")]:
        assert Problem.SIGNATURE in gateway.read(message.replace(old, new)).problems
    assert not gateway.read(answer(gateway, secret="another")).verified
    assert not gateway.read(message.rpartition("&signature")[0]).verified
    assert not gateway.read(message + "&vads_amount=1205").verified  # a name twice


@pytest.mark.parametrize("junk", ["", "x", b"\xff", "signature=&vads_ctx_mode=TEST", "=" * 20_000])
def test_junk_raises_nothing(gateway, junk):
    assert not gateway.read(junk).verified


def test_a_payer_cannot_hide_fields_in_a_name_or_an_address(gateway):
    fields = ask(gateway, first_name="A+5000+00+TEST+978", email="x+5000+00+TEST+978@example.org")
    chosen = [v for k, v in fields.items() if k.startswith("vads_cust")]
    assert not [value for value in chosen if "+" in value]
    assert systempay_is_signed(SECRET, fields)
    # The danger is real: two ways to cut the same values have one signature.
    whole = {"vads_amount": "1", "vads_cust_first_name": "5000+00"}
    cut = {"vads_amount": "1", "vads_cust_a": "5000", "vads_cust_b": "00"}
    assert systempay_signature(SECRET, whole) == systempay_signature(SECRET, cut)


def test_the_secret_is_never_logged(gateway, caplog):
    with caplog.at_level(logging.DEBUG):
        gateway.read(urlencode(dict(parse_qsl(answer(gateway)))))
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "changes",
    [{"site_id": "1"}, {"ctx_mode": "LIVE"}, {"secret_test": ""}, {"ctx_mode": "PRODUCTION"}],
)
def test_settings_that_cannot_work_are_said_at_once(changes):
    with pytest.raises(GatewayMisconfigured):
        SystempayGateway({**OPTIONS, **changes})
