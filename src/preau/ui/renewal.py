"""The renewal's form, the same for a family and for the agent who fills it with one."""

from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from preau.casework.kinds.quotient import SOURCES
from preau.casework.services import GivenFile, approve, submit_request
from preau.documents.errors import UploadRefused
from preau.documents.services import store_upload
from preau.enrolments.renewals import answer_renewal
from preau.enrolments.services import provide_document
from preau.families.queries import guardians_of, payer_of
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal
from preau.kernel.money import NotAnAmount, parse_euros
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
        if asked.needs_quotient:
            self._ask_quotient()
        if asked.regulation is not None:
            self.fields["accepts"] = forms.BooleanField(
                label=_("Nous avons lu et acceptons le règlement intérieur"), required=False
            )

    def _ask_quotient(self) -> None:
        """Three fields, all or none: the number, the fund, its paper."""
        self.fields["quotient"] = forms.CharField(
            label=_("Votre quotient familial"),
            required=False,
            max_length=12,
            help_text=_("Le nombre écrit sur votre attestation, par exemple 845."),
            widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "short"}),
        )
        self.fields["quotient_source"] = forms.ChoiceField(
            label=_("Calculé par"), choices=SOURCES, required=False, widget=forms.RadioSelect
        )
        self.initial.setdefault("quotient_source", "CAF")
        self.fields["quotient_proof"] = PieceField(
            label=_("L’attestation"),
            help_text=_("À télécharger dans votre espace CAF ou MSA. PDF ou photo."),
            required=False,
            widget=forms.FileInput(attrs={"accept": ACCEPT}),
        )

    def clean_quotient(self) -> str:
        text: str = self.cleaned_data["quotient"]
        if text:
            try:
                if not 0 <= parse_euros(text) <= 10_000_000:
                    raise NotAnAmount
            except NotAnAmount:
                raise forms.ValidationError(
                    _("Écrivez un nombre, par exemple 845 ou 845,50.")
                ) from None
        return text

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.asked.needs_quotient and "quotient" not in self.errors:
            if data.get("quotient") and not data.get("quotient_proof"):
                self.add_error("quotient_proof", _("Joignez l’attestation de ce quotient."))
            elif data.get("quotient_proof") and not data.get("quotient"):
                self.add_error("quotient", _("Écrivez le quotient de cette attestation."))
        return data

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
            if form.cleaned_data.get("quotient"):
                try:
                    _give_quotient(
                        form, family=family, guardian_id=guardian_id, now=now, actor=actor
                    )
                except UploadRefused as refusal:
                    form.add_error("quotient_proof", str(refusal))
                    transaction.set_rollback(True)
                    return False
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


def _give_quotient(
    form: AnswerForm, *, family: Any, guardian_id: int | None, now: datetime, actor: Actor
) -> None:
    """The same request as any other day: an agent who holds the paper has read it already."""
    data = form.cleaned_data
    kept = store_upload(uploaded=data["quotient_proof"], family_id=family.pk, actor=actor, now=now)
    adults = list(guardians_of(family))
    who = next((adult for adult in adults if adult.pk == guardian_id), None) or payer_of(family)
    request = submit_request(
        kind="QUOTIENT",
        family_id=family.pk,
        child_id=None,
        payload={
            "value": data["quotient"],
            "source": data.get("quotient_source") or "CAF",
            "starts_on": paris_day(now).replace(day=1).isoformat(),
        },
        channel=Channel(actor.channel),
        now=now,
        actor=actor,
        key=None,
        applicant_name=str(who or family),
        applicant_email=who.email if who else "",
        files=[GivenFile(kept.pk)],
    )
    if actor.is_agent and request.status == "SUBMITTED":
        approve(request_id=request.pk, now=now, actor=actor)
