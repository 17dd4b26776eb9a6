"""Reading last moments: deadlines and windows."""

from preau.rulebook.rules.moments import (
    ANCHORS,
    CLOSED,
    COUNTS,
    DaysBefore,
    HoursBefore,
    Limit,
    MonthDay,
    Step,
    WeekdayBefore,
    WeekdayMap,
    Window,
    Windows,
)
from preau.rulebook.text.nodes import Fields, Node
from preau.rulebook.when import WEEKDAY_CODES

EMPTY: tuple[str, ...] = ()
STEPS = ("days_before", "weekday", "map", "hours_before", "month_day", "windows")
KEYS = (*STEPS, "count", "weeks", "excluding", "months", "time", "included", "anchor", "shift")
BELONGS = {
    "count": "days_before",
    "weeks": "weekday",
    "excluding": "hours_before",
    "months": "month_day",
}


def read_opening(node: Node) -> Limit:
    """A first moment: the same, from the beginning of the day unless an hour is said."""
    return read_limit(node, usual=0)


def read_limit(node: Node, usual: int = 1440) -> Limit:
    """A last moment: one step back from an anchor, at an hour."""
    fields = node.fields(*KEYS)
    given = [name for name in STEPS if fields.get(name) is not None]
    if len(given) != 1:
        raise node.fail(f"une seule clé parmi {', '.join(STEPS)}", ", ".join(given) or "aucune")
    for key, owner in BELONGS.items():
        if fields.get(key) is not None and given[0] != owner:
            raise fields.need(key).fail(f"« {key} » seulement avec « {owner} »", f"« {key} »")
    step = _step(given[0], fields)
    shift, closed, moved = "none", EMPTY, None
    if fields.get("shift") is not None:
        inner = fields.need("shift").fields("move", "closed", "time")
        shift = inner.need("move").word(("earlier", "later"))
        closed = inner.need("closed").words(CLOSED)
        moved = inner.read("time", lambda n: n.minutes())
    return Limit(
        step,
        fields.read("time", lambda n: n.minutes(), usual),
        fields.read("included", lambda n: n.yesno(), True),
        fields.read("anchor", lambda n: n.word(ANCHORS), "service"),
        shift,
        closed,
        moved,
    )


def _step(name: str, fields: Fields) -> Step:
    node = fields.need(name)
    match name:
        case "days_before":
            return DaysBefore(
                node.whole(0), fields.read("count", lambda n: n.word(COUNTS), "calendar")
            )
        case "weekday":
            return WeekdayBefore(node.word(WEEKDAY_CODES), fields.read("weeks", _weeks, 1))
        case "map":
            return WeekdayMap(tuple(_entry(code, item) for code, item in node.items()))
        case "hours_before":
            return HoursBefore(
                node.whole(0), fields.read("excluding", lambda n: n.words(CLOSED), ())
            )
        case "month_day":
            return MonthDay(node.whole(1), fields.read("months", lambda n: n.whole(0), 1))
        case _:
            return Windows(tuple(_window(item) for item in node.listed()))


def _weeks(node: Node) -> int | None:
    return None if node.text() == "last" else node.whole(0)


def _entry(code: str, node: Node) -> tuple[str, WeekdayBefore, int | None]:
    if code not in WEEKDAY_CODES:
        raise node.fail(f"un jour parmi {', '.join(WEEKDAY_CODES)}", f"« {code} »")
    fields = node.fields("weekday", "weeks", "time")
    return (
        code,
        WeekdayBefore(
            fields.need("weekday").word(WEEKDAY_CODES), fields.read("weeks", _weeks, None)
        ),
        fields.read("time", lambda n: n.minutes()),
    )


def _window(node: Node) -> Window:
    fields = node.fields("opens", "closes", "from", "until", "holiday")
    if fields.get("opens") is None and fields.get("closes") is None:
        raise node.fail("« opens », « closes » ou les deux")
    return Window(
        fields.read("opens", lambda n: n.instant()),
        fields.read("closes", lambda n: n.instant(end=True)),
        fields.read("from", lambda n: n.date()),
        fields.read("until", lambda n: n.date()),
        fields.read("holiday", lambda n: tuple(item.text() for item in n.many()), ()),
    )
