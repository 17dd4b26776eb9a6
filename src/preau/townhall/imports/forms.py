"""Forms of the imports."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from preau.ui.forms import DateField

MAX_BYTES = 20_000_000


def _limited(uploaded: UploadedFile) -> None:
    if (uploaded.size or 0) > MAX_BYTES:
        raise forms.ValidationError(_("Ce fichier dépasse 20 Mo."))


class OndeForm(forms.Form):
    """ONDE's two exports, together: one means nothing without the other."""

    pupils = forms.FileField(
        label=_("Fichier des élèves"),
        help_text=_("Export ONDE «\u00a0élèves\u00a0», au format CSV"),
        validators=[_limited],
    )
    adults = forms.FileField(
        label=_("Fichier des responsables"),
        help_text=_("Export ONDE «\u00a0responsables\u00a0», au format CSV"),
        validators=[_limited],
    )


MAX_TAKE_OVER_BYTES = 150_000_000


def _not_too_big(uploaded: UploadedFile) -> None:
    if (uploaded.size or 0) > MAX_TAKE_OVER_BYTES:
        raise forms.ValidationError(_("Ce fichier dépasse 150 Mo."))


class TakeOverForm(forms.Form):
    """The old software's file, and the day on which it stated its balances."""

    file = forms.FileField(
        label=_("Fichier de reprise"),
        help_text=_("Classeur .xlsx, ZIP de fichiers CSV, ou un seul CSV, selon le modèle"),
        validators=[_not_too_big],
    )
    as_of = DateField(label=_("Soldes arrêtés au"))


class NoteFilters(forms.Form):
    """What narrows the remarks of a take-over."""

    table = forms.ChoiceField(label=_("Table"), required=False)
    outcome = forms.ChoiceField(
        label=_("Suite"),
        required=False,
        choices=[("", _("Toutes")), ("refused", _("refusées")), ("kept", _("à vérifier"))],
    )

    def __init__(self, *args: Any, tables: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["table"].choices = [("", _("Toutes")), *((name, name) for name in tables)]
