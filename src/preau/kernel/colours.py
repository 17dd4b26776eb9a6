"""Contrast of colours, by the WCAG 2 formula, and the colours that a town may choose.

A town sets three values per theme: `town` (lines, links, full buttons), `town_on` (what is
written on it) and `town_soft` (its quiet background). States never follow them.
"""

import colorsys
import re
from dataclasses import dataclass

# Backgrounds that the town's colour is read on (ui/css/10-tokens.css holds the same values).
PAPER = {"light": "#f7f1e5", "dark": "#161c1b"}
SHEET = {"light": "#fffcf6", "dark": "#1e2625"}

_HEX = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Accent:
    """The town's three values in one theme, each «#rrggbb»."""

    town: str
    town_on: str
    town_soft: str


@dataclass(frozen=True)
class TownColours:
    """The town's accent by day and by night."""

    light: Accent
    dark: Accent


DEFAULT_COLOURS = TownColours(
    light=Accent("#0d5362", "#ffffff", "#dcebea"),
    dark=Accent("#8fd0da", "#0b2227", "#1d3a40"),
)


def _luminance(colour: str) -> float:
    def linear(channel: int) -> float:
        c = channel / 255
        return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two «#rrggbb» colours, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colour_problems(colours: TownColours) -> list[str]:
    """What forbids this set, in French sentences; empty when it may be used.

    The town's colour must reach 7:1 on paper and sheet (it carries links), and 4.5:1 on its
    soft background and under what is written on it.
    """
    problems: list[str] = []
    for theme, name in (("light", "clair"), ("dark", "sombre")):
        accent: Accent = getattr(colours, theme)
        values = (accent.town, accent.town_on, accent.town_soft)
        if not all(_HEX.fullmatch(value) for value in values):
            problems.append(f"Thème {name} : une couleur s’écrit # suivi de six chiffres ou a–f.")
            continue
        for other, least, where in (
            (PAPER[theme], 7.0, "sur le fond de page"),
            (SHEET[theme], 7.0, "sur une feuille"),
            (accent.town_soft, 4.5, "sur son fond doux"),
            (accent.town_on, 4.5, "avec le texte écrit dessus"),
        ):
            ratio = contrast(accent.town, other)
            if ratio < least:
                said = f"{ratio:.1f}".replace(".", ",")
                wanted = f"{least:g}".replace(".", ",")
                problems.append(
                    f"Thème {name} : contraste de {said} {where}, il en faut au moins {wanted}."
                )
    return problems


def derive_colours(hue_of: str) -> TownColours:
    """A full set that passes `colour_problems`, in the hue of the one colour a town gives.

    Raises ValueError when `hue_of` is not «#rrggbb».
    """
    if not _HEX.fullmatch(hue_of):
        raise ValueError("Une couleur s’écrit # suivi de six chiffres ou lettres de a à f.")
    hue, light, saturation = colorsys.rgb_to_hls(
        *(int(hue_of[i : i + 2], 16) / 255 for i in (1, 3, 5))
    )

    def tone(lightness: float, sat: float) -> str:
        rgb = colorsys.hls_to_rgb(hue, lightness, sat)
        return "#" + "".join(f"{round(channel * 255):02x}" for channel in rgb)

    soft_light, soft_dark = tone(0.90, min(saturation, 0.35)), tone(0.17, min(saturation, 0.38))
    day_light, night_light = light, 0.70
    while (
        min(contrast(tone(day_light, saturation), bg) for bg in (PAPER["light"], SHEET["light"]))
        < 7.2
        or contrast(tone(day_light, saturation), soft_light) < 4.6
    ):
        day_light -= 0.01
    night_saturation = min(saturation, 0.6)
    while (
        min(
            contrast(tone(night_light, night_saturation), bg)
            for bg in (PAPER["dark"], SHEET["dark"])
        )
        < 7.2
        or contrast(tone(night_light, night_saturation), soft_dark) < 4.6
    ):
        night_light += 0.01
    return TownColours(
        light=Accent(tone(day_light, saturation), "#ffffff", soft_light),
        dark=Accent(tone(night_light, night_saturation), tone(0.09, 0.4 * saturation), soft_dark),
    )
