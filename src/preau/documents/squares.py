"""Squares to scan on a document: to pay on line, or to fill in a transfer (EPC069-12)."""

import io
from typing import Any

import segno
from segno import helpers


def link_square(url: str, *, caption: str) -> dict[str, Any]:
    """A square that opens an address."""
    return {
        "svg": _svg(segno.make(url, error="m", micro=False)),
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
        amount=f"{cents // 100}.{cents % 100:02d}",
        text=reference[:140],
    )
    return {
        "svg": _svg(code),
        "alt": f"Code à scanner pour un virement, référence {reference}",
        "caption": caption,
    }


def _svg(code: segno.QRCode) -> str:
    out = io.BytesIO()
    code.save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()
