"""Deadlines, absences, penalties, access."""

from datetime import date

import pytest

from preau.rulebook import api
from preau.rulebook.api import Facts
from tests.rulebook.helpers import CALENDAR, THURSDAY, at, book, plain, qf

PRICE = "tariffs:\n- {id: p, label: Repas, price: 4.00}\n"


def limit(text, day=THURSDAY, activity="cantine", action="cancel"):
    rules = f"deadlines:\n- {{id: d, action: [book, cancel], limit: {text}}}\n"
    return api.deadline(book(rules), activity, None, day, action, CALENDAR)


@pytest.mark.parametrize(
    ("text", "day", "moment"),
    [
        ("{days_before: 1, time: 09:00}", date(2026, 11, 19), "2026-11-18T09:00"),
        ("{days_before: 1, time: 24:00}", date(2026, 11, 19), "2026-11-19T00:00"),
        ("{days_before: 1}", date(2026, 11, 19), "2026-11-19T00:00"),
        ("{days_before: 0, time: 08:15}", date(2026, 11, 19), "2026-11-19T08:15"),
        ("{days_before: 1, count: school, time: 09:00}", date(2026, 11, 19), "2026-11-17T09:00"),
        ("{days_before: 1, count: school, time: 09:00}", date(2026, 11, 2), "2026-10-16T09:00"),
        ("{days_before: 1, count: school, time: 09:00}", date(2026, 11, 12), "2026-11-10T09:00"),
        ("{days_before: 2, count: clear}", date(2026, 11, 19), "2026-11-17T00:00"),
        ("{days_before: 2, count: working, time: 10:00}", date(2026, 11, 12), "2026-11-09T10:00"),
        ("{days_before: 1, count: service, time: 12:00}", date(2026, 11, 16), "2026-11-13T12:00"),
        ("{weekday: thu, time: 12:00}", date(2026, 11, 17), "2026-11-12T12:00"),
        ("{weekday: mon, weeks: 2, time: 09:00}", date(2026, 11, 19), "2026-11-02T09:00"),
        ("{weekday: mon, weeks: 0, time: 09:00}", date(2026, 11, 19), "2026-11-16T09:00"),
        ("{weekday: thu, weeks: last, time: 10:00}", date(2026, 11, 19), "2026-11-12T10:00"),
        ("{map: {thu: {weekday: tue, time: 10:00}}}", date(2026, 11, 19), "2026-11-17T10:00"),
        ("{hours_before: 48}", date(2026, 11, 19), "2026-11-17T12:00"),
        ("{hours_before: 48, excluding: [sat, sun]}", date(2026, 11, 17), "2026-11-13T12:00"),
        ("{month_day: 20, time: 24:00}", date(2026, 11, 19), "2026-10-21T00:00"),
        ("{month_day: 31, months: 2, time: 10:00}", date(2026, 11, 19), "2026-09-30T10:00"),
        ("{days_before: 15, anchor: period}", date(2026, 10, 20), "2026-10-03T00:00"),
        ("{days_before: 3, anchor: period, time: 09:00}", date(2026, 11, 19), "2026-10-30T09:00"),
        ("{weekday: fri, weeks: last, anchor: period}", date(2026, 10, 20), "2026-10-17T00:00"),
        ("{days_before: 10, anchor: month}", date(2026, 11, 19), "2026-10-23T00:00"),
        (
            "{days_before: 1, time: 09:00, shift: {move: earlier, closed: [public_holidays]}}",
            date(2026, 11, 12),
            "2026-11-10T09:00",
        ),
        (
            "{days_before: 1, time: 9:00, shift: {move: earlier, closed: [sat, sun], time: 17:00}}",
            date(2026, 11, 16),
            "2026-11-13T17:00",
        ),
        (
            "{weekday: wed, time: 10:00, shift: {move: later, closed: [public_holidays]}}",
            date(2026, 11, 19),
            "2026-11-12T10:00",
        ),
    ],
)
def test_limits(text, day, moment):
    assert limit(text, day).at == at(moment)


def test_the_last_minute_is_in_time_unless_said():
    found = limit("{days_before: 1, time: 09:00}")
    assert found.met(at("2026-11-18T09:00")) and not found.met(at("2026-11-18T09:01"))
    found = limit("{days_before: 1, time: 09:00, included: false}")
    assert not found.met(at("2026-11-18T09:00"))
    found = limit("{days_before: 1}")
    assert found.met(at("2026-11-18T23:59")) and not found.met(at("2026-11-19T00:00"))


def test_the_label_of_a_deadline():
    found = limit("{days_before: 1, time: 09:00}")
    assert plain(found.sentence) == "annulable jusqu’à mercredi 18 novembre à 9 h"
    assert plain(limit("{days_before: 1}").until) == "mercredi 18 novembre à minuit"


def test_windows_open_and_close():
    rules = """deadlines:
- id: w
  action: book
  limit:
    windows:
    - {holiday: toussaint, opens: 2026-09-07T20:00, closes: 2026-09-27}
"""
    town = book(rules)
    day = date(2026, 10, 20)
    for moment, outcome in (
        ("2026-09-07T19:59", "refused"),
        ("2026-09-07T20:00", "accepted"),
        ("2026-09-27T23:59", "accepted"),
        ("2026-09-28T00:00", "refused"),
    ):
        decision = api.decide(town, "vacances", None, day, "book", at(moment), Facts(), CALENDAR)
        assert decision.outcome == outcome, moment
    none = api.decide(
        town,
        "vacances",
        None,
        date(2026, 12, 21),
        "book",
        at("2026-09-08T09:00"),
        Facts(),
        CALENDAR,
    )
    assert none.outcome == "refused"


def decide(rules, action, moment=None, facts=None, day=THURSDAY, activity="cantine"):
    return api.decide(
        book(rules),
        activity,
        None,
        day,
        action,
        at(moment) if moment else None,
        facts or Facts(),
        CALENDAR,
    )


EVE = (
    PRICE + "deadlines:\n- {id: d, label: La veille 9 h, action: [book, cancel], "
    "limit: {days_before: 1, time: 09:00}%s}\n"
)


def test_a_late_booking_is_refused_or_costs_more():
    late = "2026-11-18T10:00"
    assert decide(EVE % "", "book", late).outcome == "refused"
    rules = EVE % ", late: accepted" + (
        "surcharges:\n- {id: s, label: 'réservé après {limit}', when: {booking: late}, add: 1}\n"
    )
    found = decide(rules, "book", late)
    assert (found.outcome, found.cents, found.surcharge_cents, found.late) == (
        "accepted",
        500,
        100,
        True,
    )
    assert plain(found.sentences[-1]) == "réservé après mercredi 18 novembre à 9 h : + 1,00 €"
    assert decide(rules, "book", "2026-11-18T08:00").cents == 400
    asked = decide(EVE % ", late: proposal", "book", late)
    assert (asked.outcome, asked.proposal) == ("proposal", True)


def test_a_late_cancellation_stays_charged():
    found = decide(EVE % "", "cancel", "2026-11-18T10:00")
    assert (found.outcome, found.charged, found.cents) == ("refused", True, 400)
    found = decide(EVE % "", "cancel", "2026-11-18T08:00")
    assert (found.outcome, found.charged, found.cents) == ("accepted", False, 0)


def test_waiting_days_and_a_certificate():
    rules = (
        PRICE
        + """absences:
- id: carence
  when: {reason: illness, certificate_hours: {max: 48}, absence_rank: 1}
- id: malade
  label: Maladie
  when: {reason: illness, certificate_hours: {max: 48}}
  charge: 0
  credit: true
- {id: demi, label: Prévenu, when: {notice_hours: {min: 24}}, charge: 50}
- {id: autre, label: Autre, charge: 100, surcharge: 0.50}
"""
    )
    days = [date(2026, 11, day) for day in (16, 17, 19)]
    facts = Facts(reason="illness", certificate_at=at("2026-11-17T08:00"))
    found = api.spell(book(rules), "cantine", None, days, facts, CALENDAR)
    assert [d.cents for _, d in found] == [400, 0, 0]
    assert [d.credit_cents for _, d in found] == [0, 400, 400]
    late = Facts(reason="illness", certificate_at=at("2026-11-20T08:00"))
    found = api.spell(book(rules), "cantine", None, days, late, CALENDAR)
    assert [(d.cents, d.surcharge_cents) for _, d in found] == [(450, 50)] * 3
    noticed = decide(rules, "absence", "2026-11-18T08:00")
    assert (noticed.charged, noticed.cents) == (True, 200)


def test_the_notice_given_counts_for_bookings_and_in_working_days():
    rules = (
        PRICE
        + """surcharges:
- {id: s, label: Réservé tard, when: {notice_days: {below: 7}}, add: 1}
absences:
- {id: a, label: Cinq jours ouvrés, when: {notice_working_days: {min: 5}}, charge: 0}
- {id: b, label: Deux jours ouvrés, when: {notice_working_days: {min: 2}}, charge: 50}
"""
    )
    assert decide(rules, "book", "2026-11-12T09:00").cents == 400
    assert decide(rules, "book", "2026-11-13T09:00").cents == 500
    booked = Facts(booked_at=at("2026-11-13T09:00"))
    assert api.price(book(rules), "cantine", None, THURSDAY, booked).cents == 500
    early = decide(rules, "cancel", "2026-11-12T09:00")
    assert (early.charged, early.cents) == (False, 0)
    assert decide(rules, "cancel", "2026-11-13T09:00").cents == 250


def test_an_unbooked_attendance_is_charged_or_refused():
    rules = PRICE + "surcharges:\n- {id: s, label: Non réservé, when: {booked: false}, add: 2}\n"
    found = decide(rules, "attend", facts=Facts(booked=False))
    assert (found.charged, found.cents, found.surcharge_cents) == (True, 600, 200)
    rules = PRICE + "access:\n- {id: a, action: attend, when: {booked: false}}\n"
    assert decide(rules, "attend", facts=Facts(booked=False)).outcome == "refused"


def test_what_is_left_to_the_agents_is_proposed_and_not_charged():
    rules = (
        PRICE
        + """surcharges:
- {id: s, label: Non réservé, when: {booked: false}, add: 2, proposal: true}
penalties:
- {id: r, label: Retard, when: {late_minutes: {above: 5}}, price: 10, proposal: true}
"""
    )
    found = decide(rules, "attend", facts=Facts(booked=False, late_minutes=6))
    assert (found.cents, found.proposed_cents, found.penalty_cents) == (400, 1200, 0)
    assert found.proposal


def test_late_pickup_by_slice_and_child():
    rules = """penalties:
- id: r
  label: Retard
  when: {late_minutes: {above: 5}}
  price: 5
  unit: {every: quarter_hour, of: late_minutes}
  times: late_children
"""
    facts = Facts(late_minutes=16, late_children=2)
    assert decide(rules, "late_pickup", facts=facts).penalty_cents == 2000
    assert decide(rules, "late_pickup", facts=facts.with_(late_minutes=5)).penalty_cents == 0


def test_money_blocks_on_line_and_the_meal_is_served_and_charged():
    rules = (
        PRICE
        + """access:
- {id: b, label: À réapprovisionner, action: book, when: {balance: {below: 0}}, outcome: blocked}
"""
    )
    owes = Facts(balance=-10)
    assert decide(rules, "book", facts=owes).outcome == "blocked"
    served = decide(rules, "attend", facts=owes)
    assert (served.outcome, served.cents) == ("accepted", 400)


def test_a_full_slot_waits_but_never_past_the_deadline():
    rules = (
        EVE % "" + "access:\n- {id: c, label: Complet, action: book, "
        "when: {capacity_left: 0}, outcome: waiting_list}\n"
    )
    full = Facts(capacity_left=0)
    assert decide(rules, "book", "2026-11-18T08:00", full).outcome == "waiting_list"
    assert decide(rules, "book", "2026-11-18T10:00", full).outcome == "refused"


def test_an_unknown_amount_does_not_hide_the_decision():
    rules = """tariffs:
- {id: p, rate: {of: quotient, rate: 0.01}}
deadlines:
- {id: d, action: cancel, limit: {days_before: 1}}
"""
    found = decide(rules, "cancel", "2026-11-19T08:00")
    assert (found.charged, found.cents) == (True, None)
    assert "non fourni" in found.undecided
    assert decide(rules, "cancel", "2026-11-19T08:00", qf(500)).cents == 500


def test_two_readings_that_differ_are_ambiguous():
    rules = """deadlines:
- id: d
  action: book
  limit: {days_before: 15, count: clear, anchor: period}
  unclear: {question: 'Francs ?', or: [{reading: J-15, limit: {days_before: 15, anchor: period}}]}
"""
    day = date(2026, 10, 20)
    for moment, outcome in (
        ("2026-10-01T20:00", "accepted"),
        ("2026-10-02T09:00", "ambiguous"),
        ("2026-10-03T09:00", "refused"),
    ):
        assert decide(rules, "book", moment, day=day, activity="vacances").outcome == outcome
