"""Reading the town. Its one row hardly changes: each process keeps it for a few seconds."""

import time
from datetime import date

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils.safestring import SafeString, mark_safe

from preau.kernel.kept import Kept
from preau.town import rules
from preau.town.enums import PageSlug
from preau.town.models import Notice, Page, Service, Town
from preau.town.texts import default_text

CACHE_SECONDS = 5.0
_kept: tuple[float, Town] | None = None


def get_town() -> Town:
    """The town, read at most once in a few seconds by each process (each time under test).

    Never raises: an unset town, or a database that does not answer, gives the defaults.
    """
    global _kept
    now = time.monotonic()
    if _kept is not None and now - _kept[0] < CACHE_SECONDS:
        return _kept[1]
    try:
        town = Town.objects.filter(pk=1).first() or Town(pk=1, name="Préau")
    except DatabaseError:
        return Town(pk=1, name="Préau")
    if settings.MODE != "test":
        _kept = (now, town)
    return town


def forget_town() -> None:
    """Read the town again at the next question (after it was changed)."""
    global _kept
    _kept = None


def list_services() -> QuerySet[Service]:
    """The services of the town hall, in their order."""
    return Service.objects.all()


def get_page(slug: str) -> Page:
    """The public page `slug` (a PageSlug); Préau's own words until the town wrote some.

    Raises KeyError when there is no such page.
    """
    title, body = default_text(slug)
    page = Page.objects.filter(slug=slug).first()
    return page or Page(slug=PageSlug(slug), title=title, body=body)


def list_pages() -> list[Page]:
    """All public pages, written or not, in the order of the site."""
    written = {page.slug: page for page in Page.objects.all()}
    pages = []
    for slug in PageSlug:
        title, body = default_text(slug)
        pages.append(written.get(slug.value) or Page(slug=slug, title=title, body=body))
    return pages


def render_markdown(text: str) -> SafeString:
    """An agent's text as HTML that can hold nothing harmful."""
    return mark_safe(rules.render_markdown(text))  # noqa: S308 - cleaned by nh3


def french_spaces(text: str) -> str:
    """A plain text whose spaces do not break where French forbids it («9 h», «mot :»)."""
    return rules.french_spaces(text)


def current_notices(day: date) -> QuerySet[Notice]:
    """The announcements to show on this day, the one that ends first above."""
    return Notice.objects.filter(starts_on__lte=day, ends_on__gte=day).order_by("ends_on", "pk")


read_notices = Kept(lambda day: current_notices(day)[:3])
"""The three announcements that a page shows on this day."""


def list_notices() -> QuerySet[Notice]:
    """All announcements, the latest first."""
    return Notice.objects.order_by("-starts_on", "-pk")
