"""What the public pages say until the town writes its own words: pages/<slug>.md."""

import functools
from pathlib import Path

from preau.town.enums import PageSlug

FOLDER = Path(__file__).parent / "pages"


@functools.cache
def default_text(slug: str) -> tuple[str, str]:
    """The title and the Markdown body of a page. Raises KeyError when there is no such page."""
    if slug not in PageSlug.values:
        raise KeyError(slug)
    title, _, body = (FOLDER / f"{slug}.md").read_text(encoding="utf-8").partition("\n")
    return title.removeprefix("# ").strip(), body.strip()
