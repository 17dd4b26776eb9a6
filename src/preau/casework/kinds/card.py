"""A new card for a child: the former one is dead at once, the next one is ready to give."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.attendance import queries as attendance
from preau.attendance import services as attendance_services
from preau.casework.kinds.base import Applied, Asking, Change, Consequence, Kind, KindForm, Wanted
from preau.casework.models import Request, RequestKind
from preau.kernel import french
from preau.kernel.actors import Actor

REASONS = [("LOST", "perdue ou volée"), ("DAMAGED", "abîmée"), ("FIRST", "jamais reçue")]


class CardForm(KindForm):
    reason = forms.ChoiceField(
        label=_("La carte actuelle est"), choices=REASONS, widget=forms.RadioSelect, initial="LOST"
    )


class NewCard(Kind):
    kind = RequestKind.CARD
    slug = "carte"
    icon = "id-card"
    title = _("Nouvelle carte")
    purpose = _("Carte perdue ou abîmée : l’ancienne ne sert plus, une autre est préparée.")
    group = "Vos enfants"
    form_class = CardForm
    needs_child = True
    is_decision = False
    undoable = False
    default_days = 5
    default_next_step = _("La nouvelle carte est préparée au guichet, où vous la retirez.")

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return []

    def summary(self, request: Request) -> str:
        word = dict(REASONS)[request.payload["reason"]]
        return f"{request.child.first_name}, carte {word}"

    def changes(self, request: Request, day: date) -> list[Change]:
        active = _active(request)
        before = f"carte n°\u202f{active.rank}, active" if active else "aucune carte active"
        return [Change(f"Carte {french.of(request.child.first_name)}", before, "nouvelle carte")]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        if _active(request):
            return [Consequence("L’ancienne carte est refusée au pointage, tout de suite.")]
        return [Consequence("Une carte est préparée pour cet enfant.", "ok")]

    def received(self, request: Request, *, now: datetime, actor: Actor) -> None:
        active = _active(request)
        if request.payload["reason"] == "DAMAGED":
            return
        if active is not None:
            attendance_services.declare_card_lost(
                card_id=active.pk, family_id=request.family_id, now=now, actor=actor
            )
        attendance_services.order_card(
            child_id=request.child_id,
            family_id=request.family_id,
            channel=request.channel,
            now=now,
            actor=actor,
        )

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        card = attendance_services.issue_card(
            child_id=request.child_id, family_id=request.family_id, now=now, actor=actor
        )
        return Applied(
            told=f"La carte n°\u202f{card.rank} {french.of(request.child.first_name)} est prête.",
            data={"card_id": card.pk},
        )


def _active(request: Request) -> Any:
    return attendance.active_card_of(request.child_id)
