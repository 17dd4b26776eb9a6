"""A sending to the kitchen on paper and as a table: what its e-mails carry, what agents print.

Figures alone: neither names anybody.
"""

import csv
import io

from preau.documents.render import render_pdf
from preau.kernel import french
from preau.kitchen.enums import AgeBand, Plate
from preau.kitchen.models import MealCount
from preau.kitchen.queries import word_of
from preau.kitchen.rules import Difference


def differences_of(count: MealCount) -> list[Difference]:
    """What this sending changed against the one before."""
    return [Difference(*row) for row in count.differences]


def pdf_of(count: MealCount, site: str) -> bytes:
    """The sending on one page: plates by age, what changed, children by allergen."""
    return render_pdf(
        "meals",
        {
            "title": f"{site}, {french.day(count.day, year=True)}",
            "subtitle": (
                f"Envoi n° {count.rank}, arrêté {french.instant(count.fixed_at)} "
                f"par {count.fixed_by}"
            ),
            "columns": ["Âge", *[str(Plate(p).label) for p in Plate.values], "Total"],
            "rows": [
                [
                    str(AgeBand(band).label),
                    *[str(count.counts[band].get(p, 0)) for p in Plate.values],
                    str(sum(count.counts[band].values())),
                ]
                for band in AgeBand.values
            ],
            "total": french.count(count.total, "repas", "repas"),
            "differences": [d.words for d in differences_of(count)],
            "allergens": [f"{word_of(code)} : {n}" for code, n in sorted(count.allergens.items())],
        },
    )


def csv_of(count: MealCount, site: str) -> bytes:
    """The sending as a table that a spreadsheet opens: one line an age and a plate, then one an
    allergen. UTF-8 with its mark, `;`."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, delimiter=";", lineterminator="\r\n")
    lines.writerow(["Site", "Jour", "Envoi", "Quoi", "Âge", "Nombre"])
    start = [site, count.day.strftime("%d/%m/%Y"), count.rank]
    for band in AgeBand.values:
        for plate in Plate.values:
            number = count.counts[band].get(plate, 0)
            lines.writerow([*start, Plate(plate).label, AgeBand(band).label, number])
    for code, number in sorted(count.allergens.items()):
        lines.writerow([*start, f"allergène {word_of(code)}", "", number])
    return text.getvalue().encode("utf-8-sig")
