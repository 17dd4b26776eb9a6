"""Forms of the imports."""

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

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
