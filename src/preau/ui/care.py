"""A crèche's statement as both faces show and print it: plain text, amounts and hours in words."""

from datetime import date, datetime
from typing import Any

from preau.documents.once import issue_as_told
from preau.kernel import french
from preau.kernel.clock import paris_day


def signed_hours(minutes: int) -> str:
    """«1 h», «−18 h»."""
    return f"−{french.minutes(-minutes)}" if minutes < 0 else french.minutes(minutes)


def statement_data(row: Any) -> dict[str, Any]:
    """Everything that the page and the PDF say of a closed statement."""
    return {
        "title": f"Relevé de crèche {french.of(french.month(row.month))}",
        "number": f"{row.child}, {french.month(row.month)}",
        "day": french.day(row.closed_at, year=True, weekday=False),
        "child": str(row.child),
        "family": f"{row.family.name}, code famille {row.family.printed_code}",
        "site": row.establishment.name,
        "month": french.month(row.month),
        "hourly": french.euros(row.hourly_cents),
        "contracted": french.minutes(row.contracted_minutes),
        "real": french.minutes(row.real_minutes),
        "invoiced": signed_hours(row.invoiced_minutes),
        "total": french.euros(row.total_cents),
        "gives_back": (
            f"Ce mois vous rend {french.euros(-row.total_cents)}. La somme vient en moins de votre "
            "facture du mois ; ce qui dépasse est porté au crédit de votre compte."
            if row.total_cents < 0
            else ""
        ),
        "lines": [
            {
                "label": line["label"],
                "hours": signed_hours(line["minutes"]) if line["minutes"] else "",
                "amount": french.euros(line["cents"]),
                "why": list(line["why"]),
            }
            for line in row.lines
        ],
        "days": [
            {
                "day": french.day_short(date.fromisoformat(day["day"])).capitalize(),
                "planned": french.minutes(day["planned"]) if day["planned"] else "–",
                "real": french.minutes(day["real"]) if day["real"] else "–",
                "over": french.minutes(day["over"]) if day["over"] else "",
                "note": day["note"],
            }
            for day in row.days
        ],
    }


def statement_paper(row: Any, *, now: datetime) -> Any:
    """The archived PDF of a closed statement, with the code that /verifier/ checks."""
    data = statement_data(row)
    return issue_as_told(
        prefix=f"RC-{row.pk}",
        kind="STATEMENT",
        title=data["title"],
        template="care_statement",
        data=data,
        public_facts={
            "Enfant": row.child.first_name,
            "Crèche": row.establishment.name,
            "Mois": french.month(row.month),
            "Heures facturées": data["invoiced"],
            "Total": data["total"],
        },
        family_id=row.family_id,
        now=now,
        on=paris_day(row.closed_at),
    ).file
