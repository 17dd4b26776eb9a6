"""Places by section, day and half-hour; and the week of each child."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.childcare import queries
from preau.childcare.queries.occupancy import weeks_between
from preau.childcare.rules.week import DAYS, clock
from preau.kernel import french
from preau.kernel.periods import week_start
from preau.townhall.access import agent_required
from preau.townhall.childcare.scope import SECTION, asked_day, site_ids
from preau.ui.exports import Column, export_table


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def occupancy(request: HttpRequest) -> HttpResponseBase:
    """A week of every section: children expected and places left at each half-hour."""
    monday = week_start(asked_day(request))
    rows = queries.board(site_ids(request), monday)
    if "export" in request.GET:
        return export_table(request.GET["export"], "places-creche", COLUMNS, _flat(rows))
    return render(
        request,
        "townhall/childcare/board.html",
        {"rows": [_drawn(row) for row in rows], **_week(monday), "section": SECTION},
    )


COLUMNS = [
    Column("Crèche", lambda row: row["section"].establishment.name),
    Column("Section", lambda row: row["section"].name),
    Column("Jour", lambda row: row["day"]),
    Column("Demi-heure", lambda row: row["time"]),
    Column("Enfants", lambda row: row["count"]),
    Column("Places libres", lambda row: row["free"]),
    Column("Adultes nécessaires", lambda row: row["adults"]),
]


def _flat(rows: list[Any]) -> Any:
    for row in rows:
        for day in row.days:
            for half in day["counts"]:
                yield {"section": row.section, "day": day["day"], **half}


def _drawn(row: Any) -> dict[str, Any]:
    """The board of a section by half-hour: one line each, a cell a day."""
    return {
        "section": row.section,
        "contracts": row.contracts,
        "peak": row.peak,
        "days": row.days,
        "lines": [
            {"time": time, "cells": [day["counts"][number] for day in row.days]}
            for number, time in enumerate(row.times)
        ],
    }


def _week(monday: date) -> dict[str, Any]:
    return {
        "monday": monday,
        "friday": monday + timedelta(days=DAYS - 1),
        "previous": f"?jour={(monday - timedelta(days=7)).isoformat()}",
        "next": f"?jour={(monday + timedelta(days=7)).isoformat()}",
    }


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def schedule(request: HttpRequest) -> HttpResponse:
    """The week of each child, section after section: to print and hang on the wall."""
    monday = week_start(asked_day(request))
    sections = list(queries.sections(site_ids(request)))
    met = weeks_between([row.pk for row in sections], monday, monday + timedelta(days=DAYS - 1))
    found = []
    for section in sections:
        children = []
        for contract, week in met.get(section.pk, []):
            days = []
            for index, span in enumerate(week):
                day = monday + timedelta(days=index)
                inside = contract.starts_on <= day <= contract.ends_on
                hours = f"{clock(span[0])} – {clock(span[1])}" if span and inside else ""
                days.append((french.WEEKDAYS[index].capitalize(), hours))
            children.append({"contract": contract, "days": days})
        children.sort(key=lambda child: child["contract"].child.search_key)
        found.append({"section": section, "children": children})
    return render(
        request,
        "townhall/childcare/schedule.html",
        {
            "sections": found,
            "weekdays": [name.capitalize() for name in french.WEEKDAYS[:DAYS]],
            **_week(monday),
            "section": SECTION,
        },
    )
