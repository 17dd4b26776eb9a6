"""A week of menus as it is shown: one entry a day, said even when there is none."""

from dataclasses import dataclass
from datetime import date, timedelta

from preau.catalogue import queries as catalogue
from preau.catalogue.services.menus import CONTENTS, DISHES
from preau.kernel import french
from preau.kernel.periods import week_start


@dataclass(frozen=True, slots=True)
class Course:
    """A dish, and what it holds in words («gluten, lait»)."""

    name: str
    contents: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class MenuDay:
    """A day's courses, or why there are none."""

    day: date
    courses: tuple[Course, ...]
    note: str
    closed: str
    is_today: bool

    @property
    def name(self) -> str:
        return f"{french.weekday(self.day)}{french.NBSP}{self.day.day}"


@dataclass(frozen=True, slots=True)
class MenuWeek:
    monday: date
    days: tuple[MenuDay, ...]

    @property
    def friday(self) -> date:
        return self.monday + timedelta(days=4)

    @property
    def has_menus(self) -> bool:
        return any(day.courses for day in self.days)

    @property
    def reason(self) -> str:
        """Why the whole week has no menu, when it is the same every day."""
        reasons = {day.closed for day in self.days}
        return reasons.pop() if len(reasons) == 1 and not self.has_menus else ""

    @property
    def is_worth_showing(self) -> bool:
        return not self.reason and any(day.courses or day.closed for day in self.days)

    @property
    def title(self) -> str:
        """«Semaine du 23 au 27 novembre»."""
        return f"Semaine {french.period(self.monday, self.friday)}"


def shown_monday(today: date) -> date:
    """The Monday of the week that matters: at the week-end, the one that comes."""
    return week_start(today + timedelta(days=2 if today.weekday() >= 5 else 0))


def menu_week(monday: date, today: date) -> MenuWeek:
    """Monday to Friday; four queries."""
    friday = monday + timedelta(days=4)
    written = {menu.day: menu for menu in catalogue.menus(monday, friday)}
    days = []
    for day, info in catalogue.day_calendar(monday, friday).items():
        menu = written.get(day)
        courses: tuple[Course, ...] = ()
        if menu:
            courses = tuple(
                Course(
                    getattr(menu, name),
                    ", ".join(CONTENTS[c] for c in menu.allergens.get(name, []) if c in CONTENTS),
                )
                for name in DISHES
                if getattr(menu, name)
            )
        days.append(
            MenuDay(
                day,
                courses,
                menu.note if menu else "",
                info.closed_reason or info.holiday_name,
                day == today,
            )
        )
    return MenuWeek(monday, tuple(days))
