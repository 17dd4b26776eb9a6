"""Conditions on facts. An unknown fact satisfies no test but ``unknown``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Value = Any
Getter = Callable[[str], Value]
# A number, a day, an instant or an hour, as the fact is; compared with values of its own kind.
Bound = Any


@dataclass(frozen=True, slots=True)
class OneOf:
    """The fact is one of the values."""

    fact: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The fact lies between bounds: ``min``/``max`` included, ``above``/``below`` excluded."""

    fact: str
    min: Bound = None
    above: Bound = None
    max: Bound = None
    below: Bound = None


@dataclass(frozen=True, slots=True)
class Known:
    """The fact is known (or, with ``known=False``, is not)."""

    fact: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Has:
    """A set fact holds at least one of the words."""

    fact: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


Condition = OneOf | Between | Known | Has | All | AnyOf | Not
ALWAYS = All()


def holds(condition: Condition, get: Getter) -> bool:
    """Whether the condition is true of the facts that ``get`` gives."""
    match condition:
        case All(parts):
            return all(holds(part, get) for part in parts)
        case OneOf(fact, values):
            return get(fact) in values if get(fact) is not None else False
        case Between(fact, low, above, high, below):
            value = get(fact)
            if value is None:
                return False
            return not (
                (low is not None and value < low)
                or (above is not None and value <= above)
                or (high is not None and value > high)
                or (below is not None and value >= below)
            )
        case Known(fact, known):
            return (get(fact) is not None) == known
        case Has(fact, words):
            value = get(fact)
            return value is not None and any(word in value for word in words)
        case AnyOf(parts):
            return any(holds(part, get) for part in parts)
        case Not(part):
            return not holds(part, get)
    raise TypeError(condition)


def facts_in(condition: Condition) -> frozenset[str]:
    """The names of the facts that the condition reads."""
    match condition:
        case All(parts) | AnyOf(parts):
            return frozenset().union(*(facts_in(part) for part in parts))
        case Not(part):
            return facts_in(part)
        case _:
            return frozenset({condition.fact})
