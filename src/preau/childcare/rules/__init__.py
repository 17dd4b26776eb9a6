"""Pure rules of early childhood: weeks, points, hours, instalments, months."""

from preau.childcare.rules.week import checked_week, week_words

__all__ = ["checked_week", "week_words"]
