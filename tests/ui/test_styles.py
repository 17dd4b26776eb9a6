"""The style sheet is fresh, light and readable; no page carries style or script of its own."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

import preau
from preau.kernel.colours import DEFAULT_COLOURS, PAPER, SHEET, Accent, TownColours, contrast
from preau.ui import build
from preau.ui.theme import render_theme_css

ROOT = Path(preau.__file__).parent
TOKENS = (build.SOURCES / "10-tokens.css").read_text()
LIGHT, DARK = TOKENS.split("@media screen", 1)


def tokens(theme: str) -> dict[str, str]:
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", LIGHT))
    return (
        found if theme == "light" else {**found, **dict(re.findall(r"--([\w-]+): (#\w{6})", DARK))}
    )


def test_the_style_sheet_is_the_sum_of_its_sources() -> None:
    assert build.TARGET.read_text() == build.joined(), "run python -m preau.ui.build"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_states_are_read_on_their_fill(theme: str) -> None:
    t = tokens(theme)
    for state in ("here", "ok", "wait", "full", "away", "past", "bad"):
        assert contrast(t[state], t[f"{state}-bg"]) >= 6.5, state
    for ground in ("paper", "sheet", "sunk"):
        assert contrast(t["ink"], t[ground]) >= 7
        assert contrast(t["ink-2"], t[ground]) >= 7
    for child in ("k1", "k2", "k3", "k4"):
        assert contrast(t[child], t["k-on"]) >= 7
    assert contrast(t["edge"], t["sheet"]) >= 3
    assert contrast(t["focus"], t["paper"]) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_checks_use_the_grounds_of_the_style_sheet(theme: str) -> None:
    t = tokens(theme)
    assert (t["paper"], t["sheet"]) == (PAPER[theme], SHEET[theme])
    accent: Accent = getattr(DEFAULT_COLOURS, theme)
    assert (t["town"], t["town-on"], t["town-soft"]) == (
        accent.town,
        accent.town_on,
        accent.town_soft,
    )


def test_what_every_first_view_carries_weighs_less_than_75_kilobytes() -> None:
    """Leaves 25 KB to the page itself: 100 KB on the wire for a first view."""

    def weight(name: str) -> int:
        content = Path(finders.find(name)).read_bytes()
        return len(content if name.endswith("woff2") else gzip.compress(content, 6))

    names = [
        "ui/preau.css",
        "ui/preau.js",
        "ui/fonts/atkinson-next-fr.woff2",
        "ui/fonts/young-serif-fr.woff2",
        "ui/favicon.svg",
        "django_htmx/htmx-2.min.js",
    ]
    assert sum(map(weight, names)) < 75_000


def test_fonts_come_with_their_licences() -> None:
    for name in ("OFL-atkinson-hyperlegible-next.txt", "OFL-young-serif.txt"):
        assert "SIL OPEN FONT LICENSE" in Path(finders.find(f"ui/fonts/{name}")).read_text()


def test_no_template_carries_inline_style_or_script() -> None:
    guilty = []
    for path in ROOT.glob("**/templates/**/*.html"):
        text = path.read_text()
        if re.search(r"""\sstyle=|<style|\son\w+=["']|<script(?![^>]*\bsrc=)""", text):
            guilty.append(str(path.relative_to(ROOT)))
    assert guilty == []


def test_theme_css() -> None:
    assert render_theme_css(DEFAULT_COLOURS) == ""
    brick = TownColours(
        light=Accent("#8a3018", "#ffffff", "#f6e2d9"), dark=Accent("#f2a78e", "#2b120a", "#48261c")
    )
    css = render_theme_css(brick)
    assert css.startswith("@layer tokens{:root{--town:#8a3018;")
    assert "prefers-color-scheme:dark){:root{--town:#f2a78e" in css
    with pytest.raises(ValueError, match="contraste"):
        render_theme_css(
            TownColours(light=Accent("#ffffff", "#ffffff", "#ffffff"), dark=brick.dark)
        )
