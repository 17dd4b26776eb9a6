"""A piece for the file: an agent looks at it, then it counts."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.casework.errors import CaseRefusal
from preau.casework.kinds.base import (
    Applied,
    Asking,
    Change,
    Consequence,
    Fact,
    Kind,
    KindForm,
    Wanted,
)
from preau.casework.models import Request, RequestKind
from preau.enrolments import queries as enrolments
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.actors import Actor


class DocumentForm(KindForm):
    document = forms.TypedChoiceField(label=_("Quelle pièce ?"), coerce=int)
    child = forms.TypedChoiceField(
        label=_("Pour quel enfant ?"),
        coerce=int,
        required=False,
        empty_value=None,
    )

    def prepare(self) -> None:
        kinds = list(enrolments.document_kinds())
        self.kinds = {kind.pk: kind for kind in kinds}
        self.fields["document"].choices = [(kind.pk, kind.name) for kind in kinds]
        children = families.children_of(self.asking.family_id, self.asking.day)
        self.fields["child"].choices = [
            ("", _("Tout le foyer")),
            *((child.pk, str(child)) for child in children),
        ]
        self.initial.setdefault("document", self.asking.options.get("piece"))
        self.initial.setdefault("child", self.asking.options.get("enfant"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        kind = self.kinds.get(data.get("document"))
        if kind and kind.subject == kind.Subject.CHILD and not data.get("child"):
            self.add_error("child", _("Cette pièce est celle d’un enfant : dites lequel."))
        return data


class DocumentCheck(Kind):
    kind = RequestKind.DOCUMENT
    slug = "piece"
    icon = "paperclip"
    title = _("Envoi d’une pièce")
    purpose = _("Assurance, vaccins, justificatif : une pièce pour votre dossier.")
    form_class = DocumentForm
    can_be_automatic = True
    default_next_step = _("Un agent vérifie la pièce ; elle compte ensuite pour tout le dossier.")

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        kind = enrolments.get_document_kind(payload.get("document") or 0)
        if kind is None:
            return [Wanted("La pièce", "PDF ou photo, 10 Mo au plus.", required=True)]
        return [Wanted(kind.name, kind.hint, kind.pk, required=True)]

    def file_kind(self, payload: Mapping[str, Any], kind_id: int | None) -> int | None:
        return payload.get("document") or kind_id

    def summary(self, request: Request) -> str:
        kind = enrolments.get_document_kind(request.payload["document"])
        name = kind.name if kind else "Pièce"
        child = self._child(request)
        return f"{name}, {child.first_name}" if child else name

    def facts(self, request: Request) -> list[Fact]:
        kind = enrolments.get_document_kind(request.payload["document"])
        child = self._child(request)
        return [
            Fact("Pièce", kind.name if kind else ""),
            Fact("Pour", str(child) if child else "tout le foyer"),
        ]

    def changes(self, request: Request, day: date) -> list[Change]:
        kind = enrolments.get_document_kind(request.payload["document"])
        if kind is None:
            return []
        held = enrolments.valid_documents(request.family_id, day).filter(kind=kind)
        if kind.subject == kind.Subject.CHILD:
            held = held.filter(child_id=request.payload.get("child"))
        known = held.order_by("-provided_at").first()
        before = ""
        if known:
            before = str(known.get_status_display())
            if known.expires_on:
                before += f", jusqu’au {french.day(known.expires_on, year=True, weekday=False)}"
        return [Change(kind.name, before, "acceptée")]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        kind = enrolments.get_document_kind(request.payload["document"])
        if kind is not None and kind.is_sensitive:
            return [Consequence("Donnée de santé : la pièce reste dans ce dossier seul.", "warn")]
        return [Consequence("La pièce compte pour toutes les activités qui la demandent.", "ok")]

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        if not request.files.exists():
            raise CaseRefusal("Aucun fichier n’est joint : demandez la pièce à la famille.")
        # The engine itself puts the joined files in the household's file, as pieces of this kind.
        child = self._child(request)
        kind = enrolments.get_document_kind(request.payload["document"])
        return Applied(
            told=f"La pièce «\u00a0{kind.name}\u00a0» est dans votre dossier." if kind else "",
            child_id=child.pk if child else None,
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        """The engine refuses the pieces again: nothing else was written."""

    def _child(self, request: Request) -> Any:
        child_id = request.payload.get("child")
        return families.get_children([child_id]).get(child_id) if child_id else None
