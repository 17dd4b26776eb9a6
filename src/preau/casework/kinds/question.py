"""A question to a service: the answer closes it."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.casework.kinds.base import Applied, Asking, Change, Kind, KindForm, Wanted
from preau.casework.models import Request, RequestKind
from preau.kernel.actors import Actor
from preau.town import queries as town


class QuestionForm(KindForm):
    service = forms.TypedChoiceField(
        label=_("À quel service ?"), coerce=int, required=False, empty_value=None
    )
    subject = forms.CharField(label=_("Votre question en quelques mots"), max_length=120)
    message = forms.CharField(
        label=_("Votre message"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("N’écrivez pas de donnée de santé ici."),
    )

    def prepare(self) -> None:
        self.fields["service"].choices = [
            ("", _("Je ne sais pas")),
            *((s.pk, s.name) for s in town.list_services()),
        ]


class Question(Kind):
    kind = RequestKind.QUESTION
    slug = "question"
    icon = "message-square"
    title = _("Question au service")
    purpose = _("Pour tout le reste : un agent vous répond par écrit.")
    group = "Autre"
    form_class = QuestionForm
    can_be_automatic = False
    is_decision = False
    undoable = False
    needs_answer = True
    approve_label = _("Répondre et clore")
    default_days = 5
    default_next_step = _("Un agent vous répond ici et par e-mail.")

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return [Wanted("Une pièce jointe")]

    def service_id(self, request: Request) -> int | None:
        return request.payload.get("service")

    def summary(self, request: Request) -> str:
        return str(request.payload["subject"])

    def changes(self, request: Request, day: date) -> list[Change]:
        return []

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        """Nothing to write in the file: the answer itself is the step told to the family."""
        return Applied()
