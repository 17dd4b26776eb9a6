"""Charts drawn by the server as SVG: no script, words for those who do not see, a table beside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, FOOT, HEAD = 640, 220, 28, 18


@dataclass(frozen=True, slots=True)
class Bar:
    """One column: its place, what it stands for and its value in words."""

    x: float
    y: float
    width: float
    height: float
    label: str
    words: str
    css: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)

    @property
    def above(self) -> float:
        return round(self.y - 5, 1)


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns ready for `ui/parts/chart.html`; `title` says what they show."""

    title: str
    bars: list[Bar]
    goal_y: float | None = None
    goal_words: str = ""
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def foot(self) -> int:
        return self.height - FOOT

    @property
    def label_y(self) -> int:
        return self.height - 9

    @property
    def words(self) -> str:
        """The whole chart, read aloud."""
        return ". ".join(f"{bar.label} : {bar.words}" for bar in self.bars)


def columns(
    title: str,
    points: Iterable[tuple[str, int, str]],
    *,
    goal: int | None = None,
    goal_words: str = "",
    top: int | None = None,
) -> Chart:
    """A chart of columns from (label, value, value in words); values below zero stand at zero."""
    rows: Sequence[tuple[str, int, str]] = list(points)
    largest = max([top or 0, goal or 0, *(value for _label, value, _words in rows), 1])
    room = HEIGHT - FOOT - HEAD
    step = WIDTH / max(len(rows), 1)
    width = min(step * 0.66, 64)

    def y(value: int) -> float:
        return round(HEAD + room * (1 - max(value, 0) / largest), 1)

    return Chart(
        title=title,
        bars=[
            Bar(
                x=round(rank * step + (step - width) / 2, 1),
                y=y(value),
                width=round(width, 1),
                height=round(HEIGHT - FOOT - y(value), 1),
                label=label,
                words=words,
            )
            for rank, (label, value, words) in enumerate(rows)
        ],
        goal_y=y(goal) if goal is not None else None,
        goal_words=goal_words,
    )


def shares(rows: Iterable[tuple[str, int, str]]) -> list[dict[str, Any]]:
    """(label, value, words) with each one's share of the whole, in per cent: for meters."""
    found = list(rows)
    total = sum(max(value, 0) for _label, value, _words in found)
    return [
        {
            "label": label,
            "words": words,
            "share": round(100 * max(value, 0) / total) if total else 0,
        }
        for label, value, words in found
    ]
