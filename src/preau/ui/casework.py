"""What the faces share to ask, whoever asks: dates in three boxes, pieces to join.

The questions themselves are the kinds' own forms (preau.casework.kinds).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.casework.kinds.base import Wanted
from preau.casework.values import GivenFile
from preau.documents import services as documents
from preau.documents.errors import UploadRefused
from preau.kernel.actors import Actor
from preau.ui.forms import DateField

ACCEPT = "application/pdf,image/jpeg,image/png,image/heic,image/webp"


def dress(form: forms.Form) -> Any:
    """The same questions, with the screens' own widgets: a date is three boxes."""
    for name, plain in list(form.fields.items()):
        if type(plain) is forms.DateField:
            form.fields[name] = DateField(
                label=plain.label,
                required=plain.required,
                initial=plain.initial,
                **({"help_text": plain.help_text} if plain.help_text else {}),
            )
    return form


class PieceField(forms.FileField):
    """A file that the town needs, or would like; it may come later, so that none is missed."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        return super().clean(data, initial) if data else None


class PiecesForm(forms.Form):
    """One file for each piece wanted. None is compulsory here: the town asks for what lacks."""

    use_required_attribute = False

    def __init__(self, *args: Any, wanted: Iterable[Wanted], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = {piece.field_name: piece for piece in wanted}
        for name, piece in self.wanted.items():
            self.fields[name] = PieceField(
                label=piece.name,
                help_text=" ".join(filter(None, [piece.hint, str(_("PDF ou photo."))])),
                required=piece.required,
                widget=forms.FileInput(attrs={"accept": ACCEPT}),
            )

    def store(
        self, *, family_id: int | None, actor: Actor, now: datetime
    ) -> list[tuple[GivenFile, Any]]:
        """Keep each file that was given; one that is refused becomes an error of its field."""
        stored = []
        for name, piece in self.wanted.items():
            uploaded = self.cleaned_data.get(name)
            if not uploaded:
                continue
            try:
                kept = documents.store_upload(
                    uploaded=uploaded, family_id=family_id, actor=actor, now=now
                )
            except UploadRefused as refusal:
                self.add_error(name, str(refusal))
                continue
            stored.append((GivenFile(kept.pk, piece.kind_id), kept))
        return stored
