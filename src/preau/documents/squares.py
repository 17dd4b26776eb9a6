"""Squares to scan on a document: to pay on line, or to fill in a transfer (EPC069-12)."""

import re
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

    EPC069-12 version 002 in UTF-8, correction M. It is drawn where the document is set (`draw`):
    thousands of invoices bear one each.
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
    return {
        "payload": payload.decode(),
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


def draw(data: dict[str, Any]) -> dict[str, Any]:
    """What a template is given: the squares that only say what they hold are drawn.

    The mask is given, as for cards (see `card_square`).
    """
    if "letters" in data:
        data = data | {"letters": [draw(one) for one in data["letters"]]}
    squares = data.get("squares")
    if not squares:
        return data
    return data | {
        "squares": [
            one
            if "svg" in one
            else {
                "svg": _svg(
                    segno.make_qr(one["payload"].encode(), error="m", mask=2, boost_error=False)
                ),
                "alt": one["alt"],
                "caption": one["caption"],
            }
            for one in squares
        ]
    }


_DARK = re.compile(rb"\x01+")
_QUIET = 2
"""Modules of margin: the paper around is white too."""


def _svg(code: segno.QRCode) -> str:
    # One path, a stroke for each run of dark modules: a third of what the library's writer costs.
    size = len(code.matrix) + 2 * _QUIET
    path = "".join(
        f"M{run.start() + _QUIET} {y}.5h{run.end() - run.start()}"
        for y, row in enumerate(code.matrix, _QUIET)
        for run in _DARK.finditer(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}">'
        f'<path stroke="#000" d="{path}"/></svg>'
    )


@lru_cache(maxsize=64)
def _link(url: str) -> str:
    return _svg(segno.make(url, error="m", micro=False))
