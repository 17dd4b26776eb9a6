"""Reading the offer and the calendar."""

from preau.catalogue.queries.calendar import (
    RuleCalendar,
    RuleHoliday,
    closures,
    current_school_year,
    day_calendar,
    get_school_year,
    list_closed_days,
    list_holidays,
    list_school_years,
    next_school_year,
    rule_calendar,
    school_year_of,
)
from preau.catalogue.queries.offer import (
    active_classes,
    activity_names,
    establishments,
    get_activity,
    get_establishment,
    get_offering,
    get_product,
    list_activities,
    list_all_activities,
    list_all_offerings,
    list_classes,
    list_establishments,
    list_menus,
    menus,
    offerings_for,
    patterns_of,
    products_of,
    registration_openings,
)
from preau.catalogue.queries.sessions import NextSession, next_sessions, weekdays_by_kind
from preau.catalogue.rules import DayInfo, registration_state

__all__ = [
    "DayInfo", "NextSession", "RuleCalendar", "RuleHoliday", "active_classes", "activity_names",
    "closures", "current_school_year", "day_calendar", "establishments", "get_activity",
    "get_establishment", "get_offering", "get_product", "get_school_year", "list_activities",
    "list_all_activities", "list_all_offerings", "list_classes", "list_closed_days",
    "list_establishments", "list_holidays", "list_menus", "list_school_years", "menus",
    "next_school_year", "next_sessions", "offerings_for", "patterns_of", "products_of",
    "registration_openings", "registration_state", "rule_calendar", "school_year_of",
    "weekdays_by_kind",
]
