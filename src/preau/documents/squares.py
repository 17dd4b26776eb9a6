"""Squares to scan on a document: to pay on line, or to fill in a transfer (EPC069-12)."""

import io
from decimal import Decimal
from functools import lru_cache
from typing import Any

import segno
from segno import helpers


def link_square(url: str, *, caption: str) -> dict[str, Any]:
    """A square that opens an address."""
    return {
        "svg": _link(url),
        "alt": f"Code à scanner : {url}",
        "caption": caption,
    }


def transfer_square(
    *, name: str, iban: str, bic: str, cents: int, reference: str, caption: str
) -> dict[str, Any]:
    """A square that fills in a SEPA transfer of this amount (at least one cent)."""
    code = helpers.make_epc_qr(
        name=name[:70],
        iban=iban.replace(" ", ""),
        bic=bic or None,
        amount=Decimal(cents) / 100,
        text=reference[:140],
    )
    return {
        "svg": _svg(code),
        "alt": f"Code à scanner pour un virement, référence {reference}",
        "caption": caption,
    }


def card_square(code: str) -> str:
    """The square of a card: it holds the code alone.

    The mask is given: trying the eight of them, as the library does, costs four times as much.
    """
    drawing: str = segno.make_qr(code, error="m", mask=2, boost_error=False).svg_inline(
        scale=3, border=2, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True
    )
    return drawing


def _svg(code: segno.QRCode) -> str:
    out = io.BytesIO()
    code.save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()


@lru_cache(maxsize=64)
def _link(url: str) -> str:
    return _svg(segno.make(url, error="m", micro=False))
