"""A domain's refusal shown in the form that caused it."""

from django import forms

from preau.kernel.errors import Refusal


def add_refusal(form: forms.BaseForm, refusal: Refusal) -> None:
    """Put each sentence at its field (`refusal.fields`, when it has some), else on the form."""
    by_field = getattr(refusal, "fields", None) or {"": [str(refusal)]}
    for name, sentences in by_field.items():
        target = name if name in form.fields else None
        for sentence in sentences:
            form.add_error(target, sentence)
