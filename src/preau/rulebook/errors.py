"""Errors of the rulebook: a bad file, a bad fact, a question that the rules leave open."""

from dataclasses import dataclass, field


class RulebookError(Exception):
    """Base of everything that this room raises."""


class FactError(RulebookError):
    """A fact of the wrong type, or that nobody declared; it never reaches a price."""

    def __init__(self, name: str, expected: str, value: object, unknown: bool = False) -> None:
        self.name, self.expected, self.value = name, expected, value
        if unknown:
            text = f"« {name} » n’est pas un fait déclaré"
        else:
            text = f"« {name} » : attendu {expected}, reçu {value!r}"
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in a file: where, what was expected, what was found."""

    line: int
    column: int
    path: str
    expected: str
    found: str = ""

    def sentence(self, file: str = "") -> str:
        where = f"{file}:{self.line}:{self.column}" if file else f"ligne {self.line}"
        text = f"{where} : {self.path or 'fichier'} : attendu {self.expected}"
        return f"{text}, trouvé {self.found}" if self.found else text


@dataclass
class FileError(RulebookError):
    """A malformed rulebook file; ``problems`` has every problem found, with its line."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(problem.sentence(self.file) for problem in self.problems)


class Undecided(RulebookError):
    """The rules give no answer, or several: the engine says so and never guesses.

    ``reason`` is a French sentence, ``rule_id`` the rule concerned (or ""), ``readings`` the
    answers of each reading when the text has several.
    """

    def __init__(self, reason: str, rule_id: str = "", readings: tuple[str, ...] = ()) -> None:
        self.reason, self.rule_id, self.readings = reason, rule_id, readings
        super().__init__(reason)
