"""The renewal's form, the same for a family and for the agent who fills it with one."""

from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from preau.documents.errors import UploadRefused
from preau.documents.services import store_upload
from preau.enrolments.renewals import answer_renewal
from preau.enrolments.services import provide_document
from preau.kernel.actors import Actor
from preau.kernel.errors import Refusal
from preau.ui.casework import ACCEPT, PieceField


class AnswerForm(forms.Form):
    """One box per enrolment (checked already), the pieces that expired, the règlement."""

    use_required_attribute = False

    def __init__(self, *args: Any, asked: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        for line in asked.lines:
            self.fields[f"line_{line.pk}"] = forms.BooleanField(
                label=f"{line.child.first_name}, {line.offering.activity.name}, "
                f"{line.offering.establishment.name}",
                required=False,
                initial=True,
            )
        for child, kind in asked.pieces:
            self.fields[self.piece_name(child, kind)] = PieceField(
                label=f"{kind.name} ({child.first_name})" if child else kind.name,
                help_text=kind.hint or _("PDF ou photo."),
                required=False,
                widget=forms.FileInput(attrs={"accept": ACCEPT}),
            )
        if asked.regulation is not None:
            self.fields["accepts"] = forms.BooleanField(
                label=_("Nous avons lu et acceptons le règlement intérieur"), required=False
            )

    @staticmethod
    def piece_name(child: Any, kind: Any) -> str:
        return f"piece_{kind.pk}_{child.pk if child else 0}"

    @property
    def line_fields(self) -> list[Any]:
        return [self[f"line_{line.pk}"] for line in self.asked.lines]

    @property
    def piece_fields(self) -> list[Any]:
        return [self[self.piece_name(child, kind)] for child, kind in self.asked.pieces]

    @property
    def wanted(self) -> set[int]:
        return {line.pk for line in self.asked.lines if self.cleaned_data.get(f"line_{line.pk}")}


def answer(
    form: AnswerForm, *, family: Any, guardian_id: int | None, now: datetime, actor: Actor
) -> bool:
    """Keep the pieces and the answer, all or nothing; False with its errors on the form."""
    try:
        with transaction.atomic():
            for child, kind in form.asked.pieces:
                name = form.piece_name(child, kind)
                uploaded = form.cleaned_data.get(name)
                if not uploaded:
                    continue
                try:
                    kept = store_upload(
                        uploaded=uploaded, family_id=family.pk, actor=actor, now=now
                    )
                except UploadRefused as refusal:
                    form.add_error(name, str(refusal))
                    transaction.set_rollback(True)
                    return False
                provide_document(
                    kind_id=kind.pk,
                    family_id=family.pk,
                    child_id=child.pk if child else None,
                    file_id=kept.pk,
                    now=now,
                    actor=actor,
                )
            answer_renewal(
                renewal_id=form.asked.renewal.pk,
                family_id=family.pk,
                wanted=form.wanted,
                accepts=bool(form.cleaned_data.get("accepts")),
                guardian_id=guardian_id,
                now=now,
                actor=actor,
            )
    except Refusal as refusal:
        about = "accepts" if form.asked.regulation and "règlement" in str(refusal) else None
        form.add_error(about, str(refusal))
        return False
    return True
