"""The score of a file: published points, each shown with what it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """A criterion that a family says it meets. `proved`: an agent accepted its proof."""

    code: str
    label: str
    points: int
    quantity: int
    most: int
    proved: bool
    status: str = ""

    @property
    def counted(self) -> int:
        """How many times it counts."""
        return max(0, min(self.quantity, self.most))

    @property
    def worth(self) -> int:
        """The points that it brings once proved."""
        return self.points * self.counted

    @property
    def sentence(self) -> str:
        """«Deux enfants de moins de trois ans : 2 × 10 points»."""
        times = f"{self.counted} × " if self.counted > 1 else ""
        word = "point" if self.points < 2 else "points"
        return f"{self.label} : {times}{self.points} {word}"


@dataclass(frozen=True, slots=True)
class Score:
    """`points` are proved; `claimed` is what they would be if every claim were."""

    points: int
    claimed: int
    claims: tuple[Claim, ...]


def score_of(claims: Iterable[Claim]) -> Score:
    """The sum of the proved claims, and of all."""
    found = tuple(claims)
    return Score(
        points=sum(claim.worth for claim in found if claim.proved),
        claimed=sum(claim.worth for claim in found),
        claims=found,
    )
