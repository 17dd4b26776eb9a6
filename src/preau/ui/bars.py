"""Horizontal bars drawn by the server: plain SVG that follows the page's colours, told in words to
those who do not see it. A table with the same figures always stands beside.

    {{ chart }}    with    chart = bars([Bar("Mercredi", 82, "82 %")], title="…", most=100)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

ROW, GAP, LABEL, WIDTH, VALUE = 26, 8, 230, 720, 90
MOST_BARS = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its value, and how the value is told; `second` is drawn thin inside."""

    label: str
    value: int
    told: str
    second: int | None = None


def bars(rows: Sequence[Bar], *, title: str, most: int | None = None) -> SafeString:
    """Horizontal bars, each with its label and its value in words; "" without any.

    `most` is the value of a full bar; the largest one when it is not given. Only the first forty
    are drawn: the table says them all.
    """
    shown = rows[:MOST_BARS]
    if not shown:
        return SafeString("")
    full = most or max([max(bar.value, bar.second or 0) for bar in shown]) or 1
    room = WIDTH - LABEL - VALUE
    parts = []
    for rank, bar in enumerate(shown):
        top = rank * (ROW + GAP)
        middle = top + ROW // 2 + 5
        length = _length(bar.value, full, room)
        parts.append(
            f'<text x="{LABEL - 10}" y="{middle}" text-anchor="end">{escape(_short(bar.label))}'
            f"</text>"
            f'<rect class="r1" x="{LABEL}" y="{top}" width="{length}" height="{ROW}" rx="2"/>'
        )
        if bar.second is not None:
            second = _length(bar.second, full, room)
            parts.append(
                f'<rect class="r2" x="{LABEL}" y="{top + ROW - 7}" width="{second}" height="7"/>'
            )
            length = max(length, second)
        parts.append(f'<text x="{LABEL + length + 8}" y="{middle}">{escape(bar.told)}</text>')
    height = len(shown) * (ROW + GAP)
    words = escape(" ; ".join(f"{bar.label} : {bar.told}" for bar in shown[:12]))
    # Every piece is escaped above; the rest is our own drawing.
    return mark_safe(  # noqa: S308
        f'<figure class="bars" tabindex="0" aria-label="{escape(title)}">'
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}. {words}">{"".join(parts)}</svg>'
        f"<figcaption>{escape(title)}</figcaption></figure>"
    )


def _length(value: int, full: int, room: int) -> int:
    return max(1, min(room, value * room // full)) if value > 0 else 0


def _short(label: str) -> str:
    return label if len(label) <= 32 else f"{label[:31]}…"
