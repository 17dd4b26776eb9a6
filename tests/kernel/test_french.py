"""Amounts, days, hours and lists as a French reader expects them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from preau.kernel import french


@pytest.mark.parametrize(
    ("cents", "said"),
    [
        (0, "0,00\u202f€"),
        (5, "0,05\u202f€"),
        (1250, "12,50\u202f€"),
        (-640, "\u22126,40\u202f€"),
        (123456789, "1\u202f234\u202f567,89\u202f€"),
    ],
)
def test_euros(cents: int, said: str) -> None:
    assert french.euros(cents) == said


def test_euros_with_a_sign() -> None:
    assert french.euros(636, sign=True) == "+6,36\u202f€"
    assert french.euros(0, sign=True) == "0,00\u202f€"
    assert french.euros(-636, sign=True) == "\u22126,36\u202f€"


def test_a_subject_keeps_the_spaces_that_must_not_break() -> None:
    assert french.one_line("Crèche\u00a0: \r\n lu\u202f? ") == "Crèche\u00a0: lu\u202f?"


def test_days() -> None:
    assert french.day(date(2026, 11, 5)) == "jeudi 5 novembre"
    assert french.day(date(2026, 12, 1), year=True) == "mardi 1er décembre 2026"
    assert french.day_short(date(2026, 11, 5)) == "jeu. 5 nov."
    assert french.month(date(2026, 10, 3)) == "octobre 2026"
    assert french.month(date(2026, 10, 3), year=False) == "octobre"


def test_an_instant_is_told_in_paris() -> None:
    late = datetime(2026, 11, 19, 23, 5, tzinfo=UTC)
    assert french.instant(late) == "vendredi 20 novembre à 0\u00a0h\u00a005"
    assert french.day(late) == "vendredi 20 novembre"
    summer = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
    assert french.clock_time(summer) == "9\u00a0h"
    assert french.clock_time(time(11, 40)) == "11\u00a0h\u00a040"


def test_midnight_belongs_to_the_day_that_ends() -> None:
    midnight = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    assert french.deadline(midnight) == "lundi 23 novembre, minuit"
    noon = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    assert french.deadline(noon) == "mardi 24 novembre, midi"
    assert french.deadline(datetime(2026, 11, 23, 8, tzinfo=UTC)) == "lundi 23 novembre, 9\u00a0h"


def test_periods() -> None:
    assert french.period(date(2026, 11, 16), date(2026, 11, 20)) == "du 16 au 20 novembre"
    assert french.period(date(2026, 11, 30), date(2026, 12, 4)) == "du 30 novembre au 4 décembre"
    assert (
        french.period(date(2026, 12, 21), date(2027, 1, 1))
        == "du 21 décembre 2026 au 1er janvier 2027"
    )
    assert french.period(date(2026, 12, 1), date(2026, 12, 1)) == "le 1er décembre"
    assert french.span(date(2026, 11, 30), date(2026, 12, 4)) == "30 nov. – 4 déc."


@pytest.mark.parametrize(
    ("born_on", "said"),
    [
        (date(2018, 6, 9), "8\u00a0ans"),
        (date(2018, 11, 24), "7\u00a0ans"),
        (date(2025, 5, 1), "18\u00a0mois"),
        (date(2026, 11, 1), "moins d’un mois"),
        (date(2027, 3, 8), "à naître"),
    ],
)
def test_age(born_on: date, said: str) -> None:
    assert french.age(born_on, date(2026, 11, 23)) == said


@pytest.mark.parametrize("typed", ["0639984702", "06.39.98.47.02", "+33 6 39 98 47 02"])
def test_telephone(typed: str) -> None:
    assert french.telephone(typed) == "06\u00a039\u00a098\u00a047\u00a002"


def test_a_foreign_number_stays() -> None:
    assert french.telephone("+44 20 7946 0958") == "+44 20 7946 0958"


def test_words() -> None:
    assert french.and_join(["Lina", "Noé", "Sami"]) == "Lina, Noé et Sami"
    assert french.and_join([]) == ""
    assert french.count(0, "jour") == "0\u00a0jour"
    assert french.count(1, "jour") == "1\u00a0jour"
    assert french.count(1200, "journal", "journaux") == "1\u202f200\u00a0journaux"
    assert [french.ordinal(n) for n in (1, 2, 21)] == ["1er", "2e", "21e"]
    assert french.ordinal(1, feminine=True) == "1re"
    assert french.of("octobre") == "d’octobre"
    assert french.of("novembre") == "de novembre"
    assert french.initials("Mai-Linh") == "Ma"
    assert french.initials("élise") == "Él"
    assert french.minutes(90) == "1\u00a0h\u00a030"
    assert french.file_size(84_000) == "84\u00a0ko"
    assert french.file_size(1_240_000) == "1,2\u00a0Mo"


def test_a_delay_in_its_largest_unit() -> None:
    assert french.delay(timedelta(days=3)) == "3\u00a0jours"
    assert french.delay(timedelta(hours=5)) == "5\u00a0h"
    assert french.delay(timedelta(minutes=12)) == "12\u00a0min"
