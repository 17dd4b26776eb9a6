"""A town's colours are refused when they cannot be read; a derived set always passes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preau.kernel.colours import (
    DEFAULT_COLOURS,
    Accent,
    colour_problems,
    contrast,
    derive_colours,
)


def test_contrast_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_default_colours_pass() -> None:
    assert colour_problems(DEFAULT_COLOURS) == []


def test_a_pale_colour_is_refused_with_its_reason() -> None:
    pale = replace(DEFAULT_COLOURS, light=Accent("#3399aa", "#ffffff", "#dcebea"))
    problems = colour_problems(pale)
    assert problems
    assert problems[0].startswith("Thème clair : contraste de ")


def test_what_is_not_a_colour_is_refused() -> None:
    wrong = replace(DEFAULT_COLOURS, dark=Accent("red;}", "#ffffff", "#dcebea"))
    assert colour_problems(wrong) == [
        "Thème sombre : une couleur s’écrit # suivi de six chiffres ou a–f."
    ]
    with pytest.raises(ValueError, match="Une couleur"):
        derive_colours("red")


@given(st.integers(0, 0xFFFFFF))
def test_a_derived_set_always_passes(value: int) -> None:
    assert colour_problems(derive_colours(f"#{value:06x}")) == []
