"""The custody calendar as it is drawn: weeks of days, each with the home that has the child."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from preau.families.custody import CustodyCalendar
from preau.kernel.periods import week_start

DAY_NAMES = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    css: str
    word: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    number: str
    words: str
    days: list[Day]


def draw_weeks(
    calendar: CustodyCalendar,
    first: date,
    *,
    words: dict[int, str],
    here: int | None,
    weeks: int = 8,
) -> dict[str, Any]:
    """What `_weeks.html` needs. `words` says each home in a word; `here` is drawn as «here»."""
    monday = week_start(first)
    rows = []
    for n in range(weeks):
        start = monday + timedelta(days=7 * n)
        days = []
        for offset in range(7):
            day = start + timedelta(days=offset)
            homes = calendar.homes_on(day)
            if not homes:
                css, word = "c-none", "?"
            elif len(homes) > 1:
                css, word = "c-both", _("les deux")
            else:
                css = "c-here" if homes[0] == here else "c-there"
                word = words.get(homes[0], "")
            swapped = any(s.starts_on <= day <= s.ends_on for s in calendar.swaps)
            off = any(a <= day <= b for a, b in calendar.breaks)
            mark = _("jour échangé") if swapped else ""
            days.append(Day(day, f"{css}{' c-off' if off else ''}", word, mark))
        number = start.isocalendar().week
        parity = _("paire") if number % 2 == 0 else _("impaire")
        rows.append(Week(f"S{number}", parity, days))
    return {"weeks": rows, "day_names": DAY_NAMES}


def rule_words(stay: Any) -> str:
    """«semaines paires ; vacances : …», a sentence for the page's margin."""
    said = str(stay.get_weeks_display())
    if stay.weeks == "DAYS":
        said = _("certains jours")
    if stay.holidays != "AS_WEEKS":
        said += _(" ; vacances : %s") % stay.get_holidays_display()
    return said[:1].upper() + said[1:]
