"""A cell says its state in words, and tells without script what was changed."""

import pytest
from django.template import Context, Template

from preau.ui.cells import CHOICES, FIXED, Cell, render_cell


@pytest.mark.parametrize("state", FIXED)
def test_a_settled_cell_has_an_icon_and_a_word(state: str) -> None:
    html = render_cell(Cell(state, who="Lina, jeudi 26"))
    assert html.startswith('<p class="slot ')
    assert "<svg" in html
    assert FIXED[state][2] in html
    assert '<span class="sr">Lina, jeudi 26 : </span>' in html
    assert "<input" not in html


@pytest.mark.parametrize("state", CHOICES)
@pytest.mark.parametrize("chosen", [None, True, False])
def test_a_cell_to_touch_is_a_box_with_both_its_words(state: str, chosen: bool | None) -> None:
    held = CHOICES[state][1]
    html = render_cell(Cell(state, name="day", value="1:2026-11-26", chosen=chosen))
    checked = held if chosen is None else chosen
    assert (" checked" in html) is checked
    assert f'data-was="{int(held)}"' in html
    shown = ("on", "del") if checked else ("off", "add")
    for face in ("on", "off", "add", "del"):
        assert (f'class="{face}"' in html) is (face in shown)


def test_the_draft_kept_by_the_server_shows() -> None:
    assert "slot  added" in render_cell(Cell("free", name="d", chosen=True))
    assert "Ajouté" in render_cell(Cell("free", name="d", chosen=True))
    assert "slot is-ok removed" in render_cell(Cell("booked", name="d", chosen=False))
    assert "Retiré" in render_cell(Cell("booked", name="d", chosen=False))


def test_what_people_typed_is_escaped() -> None:
    html = render_cell(
        Cell("booked", name='a"b', value="<", who="<b>", note="<i>", word="&", child='"><b>')
    )
    assert "<b>" not in html
    assert "<i>" not in html
    assert 'name="a&quot;b"' in html


def test_an_unknown_state_is_a_bug() -> None:
    with pytest.raises(KeyError):
        render_cell(Cell("nonsense"))


def test_the_tag_takes_a_mapping_or_fields() -> None:
    drawn = Template("{% cell c %}{% cell state='away' who=w %}").render(
        Context({"c": {"state": "booked", "name": "d", "cents": 318}, "w": "Noé"})
    )
    assert 'data-cents="318"' in drawn
    assert "Absence signalée" in drawn
