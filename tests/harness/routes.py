"""The URL table, walked: every route with its view, its rule and an address to try it at."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import (
    IntConverter,
    PathConverter,
    SlugConverter,
    StringConverter,
    UUIDConverter,
)

SAMPLES = {
    IntConverter: "999999999",
    UUIDConverter: "00000000-0000-4000-8000-000000000000",
    SlugConverter: "inconnu",
    PathConverter: "inconnu/inconnu",
    StringConverter: "inconnu",
}


@dataclass(frozen=True)
class Route:
    """One line of the URL table."""

    pattern: str
    name: str
    view: Any
    address: str

    @property
    def access(self) -> Any:
        """The rule that the view declares (preau.ui.access.Access), or None."""
        return getattr(self.view, "preau_access", None)

    def __str__(self) -> str:
        return self.name or self.pattern


def routes() -> list[Route]:
    """Every route of the URL table."""
    return list(_walk(get_resolver().url_patterns, "", "", {}))


def _walk(
    patterns: Any, prefix: str, namespace: str, converters: dict[str, Any]
) -> Iterator[Route]:
    for entry in patterns:
        text = prefix + str(entry.pattern)
        known = {**converters, **entry.pattern.converters}
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, text, inner, known)
        elif isinstance(entry, URLPattern):
            yield Route(
                pattern=text,
                name=f"{namespace}{entry.name}" if entry.name else "",
                view=entry.callback,
                address=_address(text, known),
            )


def _address(pattern: str, converters: dict[str, Any]) -> str:
    """The route's address with a value of the right kind, that names nothing, in each place."""
    parts: list[str] = []
    rest = pattern
    while "<" in rest:
        before, _, after = rest.partition("<")
        place, _, rest = after.partition(">")
        name = place.rpartition(":")[2]
        converter = converters.get(name)
        sample = getattr(converter, "sample", None) or next(
            (value for kind, value in SAMPLES.items() if type(converter) is kind), "999999999"
        )
        parts += [before, sample]
    return "/" + "".join([*parts, rest])
