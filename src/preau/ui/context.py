"""What every page knows of the town: its name, its contact, its colours and logo.

The town is one row that hardly changes; it is read lazily (a 500 page never asks for it) and a
page is still drawn, under the product's name, when it cannot be read.
"""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from preau.town import queries


def _town() -> Any:
    return queries.get_town()


def town(request: HttpRequest) -> dict[str, Any]:
    """`town` for the layout (see `preau.town.models.Town`)."""
    return {"town": SimpleLazyObject(_town)}
