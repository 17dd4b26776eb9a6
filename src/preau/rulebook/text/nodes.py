"""YAML nodes with their place in the file. Values are read from the text as written: a number is
never a float, an hour never a number of seconds, «no» never false."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

from preau.rulebook.errors import FactError, FileError, Problem
from preau.rulebook.facts import Fact, expected, parse_value
from preau.rulebook.when import PARIS, paris_instant, parse_date, parse_minutes


class Bad(Exception):
    """One problem met while reading; the reader of a list collects them and goes on."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.sentence())


class Node:
    """A YAML node, the path that leads to it, and readers that say what they expected."""

    __slots__ = ("path", "problems", "yaml")

    def __init__(self, node: yaml.Node, path: str, problems: list[Problem]) -> None:
        self.yaml, self.path, self.problems = node, path, problems

    @property
    def line(self) -> int:
        return self.yaml.start_mark.line + 1

    def problem(self, expected_: str, found: str | None = None) -> Problem:
        mark = self.yaml.start_mark
        return Problem(
            mark.line + 1,
            mark.column + 1,
            self.path,
            expected_,
            self.shown() if found is None else found,
        )

    def fail(self, expected_: str, found: str | None = None) -> Bad:
        return Bad(self.problem(expected_, found))

    def shown(self) -> str:
        if isinstance(self.yaml, yaml.ScalarNode):
            return f"« {self.yaml.value} »" if self.yaml.value else "rien"
        return "une liste" if isinstance(self.yaml, yaml.SequenceNode) else "des clés"

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.yaml, yaml.ScalarNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.yaml, yaml.SequenceNode)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.yaml, yaml.MappingNode)

    @property
    def is_null(self) -> bool:
        return (
            isinstance(self.yaml, yaml.ScalarNode)
            and self.yaml.style is None
            and self.yaml.value in ("", "~", "null")
        )

    def text(self) -> str:
        if not isinstance(self.yaml, yaml.ScalarNode) or self.is_null:
            raise self.fail("un texte")
        return self.yaml.value

    def word(self, choices: Iterable[str], what: str = "un mot parmi") -> str:
        choices = tuple(choices)
        text = self.text()
        if text not in choices:
            raise self.fail(f"{what} {', '.join(choices)}{_near(text, choices)}")
        return text

    def words(self, choices: Iterable[str]) -> tuple[str, ...]:
        choices = tuple(choices)
        return tuple(node.word(choices) for node in self.many())

    def decimal(self) -> Decimal:
        try:
            value = Decimal(self.text().replace("_", ""))
        except InvalidOperation:
            raise self.fail("un nombre (point décimal, par exemple 3.05)") from None
        if not value.is_finite():
            raise self.fail("un nombre")
        return value

    def whole(self, least: int | None = None) -> int:
        value = self.decimal()
        if value != int(value) or (least is not None and value < least):
            raise self.fail("un nombre entier" + (f" d’au moins {least}" if least else ""))
        return int(value)

    def yesno(self) -> bool:
        return self.word(("true", "false")) == "true"

    def date(self) -> date:
        try:
            return parse_date(self.text())
        except ValueError:
            raise self.fail("une date AAAA-MM-JJ") from None

    def minutes(self) -> int:
        try:
            return parse_minutes(self.text())
        except ValueError:
            raise self.fail("une heure HH:MM (24:00 pour la fin du jour)") from None

    def instant(self, end: bool = False) -> datetime:
        """A moment; a bare day is its beginning, or its end with ``end``."""
        text = self.text()
        try:
            if len(text) == 10:
                day = parse_date(text) + timedelta(days=1 if end else 0)
                return datetime(day.year, day.month, day.day, tzinfo=PARIS)
            return paris_instant(text)
        except ValueError:
            raise self.fail("une date AAAA-MM-JJ ou AAAA-MM-JJTHH:MM") from None

    def fact_value(self, fact: Fact) -> Any:
        """A value of a fact; lists are sets."""
        if self.is_list:
            if fact.kind != "set":
                raise self.fail(expected(fact))
            return frozenset(node.text() for node in self.many())
        try:
            value = parse_value(fact, self.text())
        except FactError as error:
            raise self.fail(error.expected) from None
        if value is None:
            raise self.fail(expected(fact))
        return value

    def many(self) -> list["Node"]:
        """A list's nodes; a lone value is a list of one."""
        if isinstance(self.yaml, yaml.SequenceNode):
            return [
                Node(node, f"{self.path}[{index}]", self.problems)
                for index, node in enumerate(self.yaml.value, start=1)
            ]
        return [self]

    def listed(self) -> list["Node"]:
        if not self.is_list:
            raise self.fail("une liste (une ligne par élément, commençant par « - »)")
        return self.many()

    def items(self) -> Iterator[tuple[str, "Node"]]:
        """A mapping's keys and nodes; a repeated key is an error."""
        if not isinstance(self.yaml, yaml.MappingNode):
            raise self.fail("des clés et leurs valeurs (clé: valeur)")
        seen: set[str] = set()
        for key, value in self.yaml.value:
            name = str(key.value)
            if name in seen:
                raise Node(key, self.path, self.problems).fail("une clé une seule fois", name)
            seen.add(name)
            yield name, Node(value, f"{self.path}.{name}" if self.path else name, self.problems)

    def fields(self, *names: str) -> "Fields":
        return Fields(self, names)

    def collect(self, read: Callable[["Node"], Any]) -> tuple[Any, ...]:
        """Read each element of a list, keeping every problem met on the way."""
        found = []
        for node in self.listed():
            try:
                found.append(read(node))
            except Bad as bad:
                self.problems.append(bad.problem)
        return tuple(found)


class Fields:
    """A mapping whose keys are known: anything else is refused, with the nearest name."""

    def __init__(self, node: Node, names: Iterable[str]) -> None:
        self.node = node
        self.names = tuple(names)
        self.found: dict[str, Node] = {}
        for name, value in node.items():
            if name not in self.names:
                raise value.fail(
                    f"une clé parmi {', '.join(self.names)}{_near(name, self.names)}", f"« {name} »"
                )
            self.found[name] = value

    def get(self, name: str) -> Node | None:
        node = self.found.get(name)
        return None if node is None or node.is_null else node

    def need(self, name: str) -> Node:
        node = self.get(name)
        if node is None:
            raise self.node.fail(f"la clé « {name} »", "rien")
        return node

    def text(self, name: str, default: str = "") -> str:
        node = self.get(name)
        return default if node is None else node.text()

    def read(self, name: str, reader: Callable[[Node], Any], default: Any = None) -> Any:
        node = self.get(name)
        return default if node is None else reader(node)


def _near(text: str, choices: Iterable[str]) -> str:
    close = difflib.get_close_matches(text, list(choices), n=1)
    return f" (« {close[0]} » ?)" if close else ""


def root(text: str, file: str) -> Node:
    """Parse a YAML text into its root node, or raise FileError."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise FileError(
            file, [Problem(line, column, "", "du YAML lisible", str(error.problem or error))]
        ) from None
    except yaml.YAMLError as error:
        raise FileError(file, [Problem(1, 1, "", "du YAML lisible", str(error))]) from None
    if node is None:
        raise FileError(file, [Problem(1, 1, "", "un règlement", "un fichier vide")])
    return Node(node, "", [])
