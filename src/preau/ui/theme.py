"""The town's colours as a style sheet of its own: the strict CSP forbids writing them in pages."""

from preau.kernel.colours import DEFAULT_COLOURS, Accent, TownColours, colour_problems


def _declarations(accent: Accent) -> str:
    return f"--town:{accent.town};--town-on:{accent.town_on};--town-soft:{accent.town_soft}"


def render_theme_css(colours: TownColours | None = None) -> str:
    """The style sheet served at /theme.css; empty for the default colours.

    Raises ValueError when the set fails `kernel.colours.colour_problems`: nobody should have
    stored it, and a page that cannot be read is worse than one in the default colours.
    """
    if colours is None or colours == DEFAULT_COLOURS:
        return ""
    problems = colour_problems(colours)
    if problems:
        raise ValueError(" ".join(problems))
    return (
        f"@layer tokens{{:root{{{_declarations(colours.light)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_declarations(colours.dark)}}}}}}}"
    )
