"""Reading a calendar file: holidays, public holidays, closed days."""

from pathlib import Path

from preau.rulebook.errors import FileError
from preau.rulebook.text.nodes import Bad, Node, root
from preau.rulebook.when import WEEKDAY_CODES, Calendar, Holiday


def read_calendar(path: str | Path) -> Calendar:
    """A calendar from a YAML file; FileError says each line that is wrong."""
    node = root(Path(path).read_text(encoding="utf-8"), str(path))
    try:
        fields = node.fields(
            "zone",
            "holidays",
            "public_holidays",
            "closed_days",
            "school_weekdays",
            "no_school_days",
            "extra_school_days",
        )
        days = lambda n: frozenset(item.date() for item in n.many())  # noqa: E731
        weekdays = fields.read(
            "school_weekdays", lambda n: n.words(WEEKDAY_CODES), ("mon", "tue", "thu", "fri")
        )
        return Calendar(
            fields.read("holidays", lambda n: tuple(_holiday(i) for i in n.listed()), ()),
            fields.read("public_holidays", days, frozenset()),
            fields.read("closed_days", days, frozenset()),
            frozenset(WEEKDAY_CODES.index(code) for code in weekdays),
            fields.text("zone"),
            fields.read("extra_school_days", days, frozenset()),
            fields.read("no_school_days", days, frozenset()),
        )
    except Bad as bad:
        raise FileError(str(path), [bad.problem]) from None


def _holiday(node: Node) -> Holiday:
    fields = node.fields("name", "from", "resume")
    return Holiday(
        fields.need("name").text(), fields.need("from").date(), fields.need("resume").date()
    )
