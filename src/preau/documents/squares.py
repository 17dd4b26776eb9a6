"""Squares to scan on a document: to pay on line, or to fill in a transfer (EPC069-12)."""

import io
from functools import lru_cache
from typing import Any

import segno


def link_square(url: str, *, caption: str) -> dict[str, Any]:
    """A square that opens an address."""
    return {
        "svg": _link(url),
        "alt": f"Code à scanner : {url}",
        "caption": caption,
    }


def transfer_square(
    *, name: str, iban: str, bic: str, cents: int, reference: str, caption: str
) -> dict[str, Any]:
    """A square that fills in a SEPA transfer of this amount (at least one cent).

    EPC069-12 version 002 in UTF-8, correction M. The mask is given (see `card_square`): thousands
    of invoices bear one each.
    """
    told = [
        *("BCD", "002", "1", "SCT"),
        bic,
        name[:70],
        iban.replace(" ", ""),
        f"EUR{cents // 100}.{cents % 100:02d}",
        *("", ""),  # neither purpose nor structured reference
        reference[:140],
    ]
    payload = "\n".join(told).encode()
    if cents < 1 or len(payload) > 331:
        raise ValueError(f"no transfer of {cents} cents in {len(payload)} bytes")
    code = segno.make_qr(payload, error="m", mask=2, boost_error=False)
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
