"""Each field is read with its label, its hint and its error."""

import re
from datetime import date

import pytest
from django import forms
from django.template import Context, Template

from preau.ui.forms import DateField, choice
from preau.ui.styleguide import SampleForm


class BirthForm(forms.Form):
    born_on = DateField(label="Date de naissance")


def born(day: str, month: str, year: str) -> BirthForm:
    return BirthForm({"born_on_day": day, "born_on_month": month, "born_on_year": year})


def ids_of(html: str) -> set[str]:
    return set(re.findall(r'\sid="([^"]+)"', html))


def test_a_hint_that_an_agent_typed_is_only_text() -> None:
    class Piece(forms.Form):
        piece = forms.CharField(help_text="<form action=//x>Justificatif")

    assert "&lt;form action=//x&gt;Justificatif" in str(Piece())


def test_plain_form_binds_everything_together() -> None:
    html = str(SampleForm({"phone": "063998470"}))
    ids = ids_of(html)
    for described in re.findall(r'aria-describedby="([^"]+)"', html):
        assert set(described.split()) <= ids
    for target in re.findall(r'<label[^>]* for="([^"]+)"', html):
        assert target in ids
    for anchor in re.findall(r'href="#([^"]+)"', html):
        assert anchor in ids, "the summary leads to each field"
    assert html.count("<legend>") == 3
    assert 'aria-invalid="true"' in html
    assert 'role="alert"' in html
    assert "Le numéro a 9 chiffres" in html


def test_unbound_form_shows_no_error() -> None:
    html = str(SampleForm())
    assert "wrong" not in html
    assert "errors-h" not in html
    assert "(facultatif)" in html


def test_a_date_in_three_boxes() -> None:
    form = born("9", "6", "2018")
    assert form.is_valid()
    assert form.cleaned_data["born_on"] == date(2018, 6, 9)
    assert BirthForm({"born_on": "2018-06-09"}).is_valid()
    html = str(BirthForm(initial={"born_on": date(2018, 6, 9)}))
    assert 'name="born_on_day" value="9"' in html
    assert 'name="born_on_year" value="2018"' in html


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("", "", ""), "Indiquez le jour, le mois et l’année."),
        (("9", "", ""), "Indiquez aussi le mois et l’année."),
        (("31", "2", "2021"), "Cette date n’existe pas : vérifiez le jour et le mois."),
        (("9", "juin", "2018"), "Écrivez la date en chiffres, par exemple 27 3 2021."),
        (("9", "6", "18"), "Écrivez l’année avec quatre chiffres."),
    ],
)
def test_a_wrong_date_says_which_part(typed: tuple[str, str, str], said: str) -> None:
    form = born(*typed)
    assert form.errors["born_on"] == [said]
    html = str(form)
    assert said in html
    assert 'href="#id_born_on_day"' in html
    if typed[0]:
        assert f'value="{typed[0]}"' in html, "what was typed is not lost"


def test_choice_with_a_hint_is_escaped() -> None:
    assert choice("Oui", "<b>") == "<span>Oui<small>&lt;b&gt;</small></span>"
    assert choice("Oui") == "Oui"


def test_field_tag_changes_words() -> None:
    html = Template('{% field form.phone label="Téléphone" hint="Dix chiffres" %}').render(
        Context({"form": SampleForm()})
    )
    assert ">Téléphone<" in html
    assert 'id="id_phone_hint">Dix chiffres' in html


def test_summary_of_several_forms_and_form_sets() -> None:
    birth_set = forms.formset_factory(BirthForm, extra=0)
    bound = birth_set(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-born_on_day": "31"}
    )
    bound.is_valid()
    html = Template("{% error_summary a b %}").render(Context({"a": bound, "b": born("", "", "")}))
    assert "2 réponses à revoir" in html
    assert 'href="#id_form-0-born_on_day"' in html
    assert 'id="id_form-0-born_on_day"' in str(bound)


def test_the_summary_says_which_answer_is_missing() -> None:
    class Named(forms.Form):
        first_name = forms.CharField(label="Prénom")

    bound = Named({})
    html = Template("{% error_summary form %}").render(Context({"form": bound}))
    assert "Prénom\u00a0: à remplir." in html
    assert "obligatoire" not in html
