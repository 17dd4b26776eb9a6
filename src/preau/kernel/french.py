"""How Préau writes French: amounts, days, hours, lists, counts.

Pure functions, no Django: domains use them in sentences, `preau.ui` exposes them as template
filters. Amounts are integer cents. Instants are aware; everything a person reads is told in
Europe/Paris. Spaces that must not break are U+202F (before €, between thousands) and U+00A0
(in «9 h», «3 jours», telephone numbers); a plain `" "` in a test will not match them.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from preau.kernel import money

PARIS = ZoneInfo("Europe/Paris")
NARROW = "\u202f"
NBSP = "\u00a0"
MINUS = "\u2212"

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
WEEKDAYS_SHORT = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
MONTHS_SHORT = (
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juil.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
)


def _paris(value: date | datetime) -> date:
    """The day in Paris of an instant; a plain date is itself."""
    if isinstance(value, datetime):
        return (value.astimezone(PARIS) if value.tzinfo else value).date()
    return value


def one_line(text: str) -> str:
    """The text on one line, for a subject: each run of line ends and plain spaces is one space.
    Spaces that must not break stay, unlike with `str.split`."""
    return re.sub(r"[ \t-\r\x1c-\x1f\x85\u2028\u2029]+", " ", text).strip()


def number(value: int) -> str:
    """An integer with thousands apart: 12480 → «12 480»."""
    digits = f"{abs(value):,}".replace(",", NARROW)
    return f"{MINUS}{digits}" if value < 0 else digits


def euros(cents: int, *, sign: bool = False) -> str:
    """Cents as an amount: 1250 → «12,50 €», -640 → «−6,40 €»; `sign` also writes the «+»."""
    text = money.euros(int(cents))
    return f"+{text}" if sign and cents > 0 else text


def quotient(value_cents: int) -> str:
    """A family quotient kept in hundredths: «742», «1 204,50»."""
    units, rest = divmod(value_cents, 100)
    return f"{number(units)},{rest:02d}" if rest else number(units)


def ordinal(rank: int, *, feminine: bool = False) -> str:
    """A rank: «1er», «1re», «2e»."""
    if rank == 1:
        return "1re" if feminine else "1er"
    return f"{rank}e"


def _day_number(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)


def day(value: date | datetime, *, year: bool = False, weekday: bool = True) -> str:
    """A day in words: «jeudi 5 novembre», «mardi 1er décembre 2026» with `year`."""
    on = _paris(value)
    words = f"{_day_number(on)} {MONTHS[on.month - 1]}"
    if weekday:
        words = f"{WEEKDAYS[on.weekday()]} {words}"
    return f"{words} {on.year}" if year else words


def day_short(value: date | datetime, *, year: bool = False) -> str:
    """A day for dense tables: «jeu. 5 nov.»."""
    on = _paris(value)
    words = f"{WEEKDAYS_SHORT[on.weekday()]} {_day_number(on)} {MONTHS_SHORT[on.month - 1]}"
    return f"{words} {on.year}" if year else words


def weekday(value: date | datetime) -> str:
    """«jeudi»."""
    return WEEKDAYS[_paris(value).weekday()]


def month(value: date | datetime, *, year: bool = True) -> str:
    """«octobre 2026», or «octobre»."""
    on = _paris(value)
    name = MONTHS[on.month - 1]
    return f"{name} {on.year}" if year else name


def clock_time(value: time | datetime) -> str:
    """An hour: «9 h», «11 h 40». An aware instant is told in Paris."""
    if isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(PARIS)
    words = f"{value.hour}{NBSP}h"
    return f"{words}{NBSP}{value.minute:02d}" if value.minute else words


def minutes(total: int) -> str:
    """A length of time: 90 → «1 h 30», 45 → «45 min»."""
    hours, rest = divmod(total, 60)
    if not hours:
        return f"{rest}{NBSP}min"
    return f"{hours}{NBSP}h{NBSP}{rest:02d}" if rest else f"{hours}{NBSP}h"


def instant(value: datetime, *, year: bool = False) -> str:
    """An instant in Paris: «jeudi 19 novembre à 21 h 52»."""
    return f"{day(value, year=year)} à {clock_time(value)}"


def delay(value: timedelta) -> str:
    """A delay in its largest unit: «3 jours», «5 h», «12 min»."""
    minutes_total = round(value.total_seconds() / 60)
    if minutes_total >= 36 * 60:
        return count(round(minutes_total / 1440), "jour")
    if minutes_total >= 90:
        return f"{round(minutes_total / 60)}{NBSP}h"
    return f"{minutes_total}{NBSP}min"


def deadline(value: datetime) -> str:
    """A last moment to act: «lundi 23 novembre, 9 h»; noon and midnight are said in words.

    Midnight belongs to the day that ends: 24 November 00:00 is «lundi 23 novembre, minuit».
    """
    local = value.astimezone(PARIS) if value.tzinfo else value
    if (local.hour, local.minute) == (0, 0):
        return f"{day(date.fromordinal(local.date().toordinal() - 1))}, minuit"
    if (local.hour, local.minute) == (12, 0):
        return f"{day(local)}, midi"
    return f"{day(local)}, {clock_time(local)}"


def period(start: date, end: date, *, year: bool = False) -> str:
    """«du 16 au 20 novembre», «du 30 novembre au 4 décembre»; both years when they differ."""
    if start == end:
        return f"le {day(start, year=year, weekday=False)}"
    both_years = start.year != end.year
    if (start.year, start.month) == (end.year, end.month):
        first = _day_number(start)
    else:
        first = day(start, year=both_years, weekday=False)
    return f"du {first} au {day(end, year=year or both_years, weekday=False)}"


def span(start: date, end: date) -> str:
    """A week as a heading: «16 – 20 novembre», «30 nov. – 4 déc.»."""
    if start.month == end.month:
        return f"{_day_number(start)} – {_day_number(end)} {MONTHS[end.month - 1]}"
    first = f"{_day_number(start)} {MONTHS_SHORT[start.month - 1]}"
    return f"{first} – {_day_number(end)} {MONTHS_SHORT[end.month - 1]}"


def age(born_on: date, on: date) -> str:
    """An age in words: «3 ans», in months before two years («18 mois»), «à naître» before birth."""
    if born_on > on:
        return "à naître"
    months = (on.year - born_on.year) * 12 + on.month - born_on.month - (on.day < born_on.day)
    if months < 24:
        return "moins d’un mois" if months < 1 else f"{months}{NBSP}mois"
    return f"{months // 12}{NBSP}ans"


def telephone(value: str) -> str:
    """A French number by pairs: «06 39 98 47 02»; any other number stays as it was given."""
    digits = re.sub(r"[\s.\-()]", "", value or "")
    digits = re.sub(r"^(?:\+|00)33(?:0)?", "0", digits)
    if re.fullmatch(r"0[1-9]\d{8}", digits):
        return NBSP.join(digits[i : i + 2] for i in range(0, 10, 2))
    return value or ""


def initials(first_name: str) -> str:
    """The two letters in a child's disc: «Lina» → «Li», «Mai-Linh» → «Ma»."""
    letters = [c for c in first_name if c.isalpha()][:2]
    return "".join(letters).capitalize()


def and_join(items: Iterable[object], *, word: str = "et") -> str:
    """A list in a sentence: «Lina, Noé et Sami»; `word` may be «ou»."""
    parts = [str(item) for item in items]
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """The word alone, agreed: French is plural from 2 (and from −2) only."""
    return one if abs(count) < 2 else (many if many is not None else f"{one}s")


def count(value: int, one: str, many: str | None = None) -> str:
    """A number and its word: «1 jour», «3 jours», «0 jour»."""
    return f"{number(value)}{NBSP}{plural(value, one, many)}"


def of(word: str) -> str:
    """«de novembre», «d’octobre», «d’Amina», «de Lina» («h» is taken as mute)."""
    first = word[:1].lower()
    return f"d’{word}" if first and first in "aàâäeéèêëiîïoôöuùûühœæ" else f"de {word}"


def file_size(size_bytes: int) -> str:
    """«84 ko», «1,2 Mo»."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))}{NBSP}ko"
    return f"{size_bytes / 1_000_000:.1f}".replace(".", ",") + f"{NBSP}Mo"
