"""Each route says who may come in. A test walks the URL table: a route without a rule fails.

The rule is an attribute, `preau_access`, put on the view by a decorator of its face
(`portal.access`, `townhall.access`) or by one of these two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in: `audience` is public, family, agent or machine."""

    audience: str
    permission: str = ""


def declare(view: View, access: Access) -> View:
    view.preau_access = access  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """Open to all: shows nothing of anyone."""
    return declare(view, Access("public"))


def machine(view: View) -> View:
    """Called by machines (a bank, a probe): what arrives is verified by its own proof."""
    return declare(view, Access("machine"))
