"""Invented content for `ui/styleguide.html`: every part in every state, looked at and tested."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator

from preau.kernel import french
from preau.ui.cells import Cell
from preau.ui.forms import DateField, choice

CELLS: list[tuple[Cell, str]] = [
    (Cell("booked", name="d", who="Lina, jeudi 26"), "à vous, modifiable"),
    (Cell("free", name="d", who="Lina, vendredi 27"), "se réserve d’un toucher"),
    (Cell("free", name="d", chosen=True, who="Lina, lundi 30"), "pas encore envoyé"),
    (Cell("booked", name="d", chosen=False, who="Lina, mardi 1er"), "pas encore envoyé"),
    (Cell("full", name="d", who="Noé, jeudi 17"), "complet, liste ouverte"),
    (Cell("full", name="d", chosen=True, who="Noé, vendredi 18"), "demande à envoyer"),
    (Cell("full", who="Noé, lundi 21"), "complet, sans liste"),
    (Cell("waiting", who="Lina, jeudi 17", word="Complet", note="3e en liste d’attente"), "rang"),
    (Cell("waiting", name="d", who="Lina, jeudi 17", note="3e en liste d’attente"), "se quitte"),
    (Cell("pending", who="Lina, vendredi 27", note="réponse mercredi"), "le service répond"),
    (Cell("away", who="Noé, mardi 24", note="justifiée"), "plus prévu"),
    (Cell("present", who="Lina, lundi 23", word="Présente"), "pointée sur place"),
    (Cell("absent", who="Noé, lundi 23"), "attendu, pas venu"),
    (Cell("past", who="Lina, mardi 24", note="délai passé lundi, 9 h"), "se signale en absence"),
    (Cell("past-free", who="Noé, mardi 24", note="délai passé"), "ne se réserve plus ici"),
    (Cell("cancelled", who="Noé, mardi 24", note="grève"), "rien n’est facturé"),
]


class SampleForm(forms.Form):
    """One field of each sort; `sample()` leaves two of them wrong."""

    phone = forms.RegexField(
        r"^0\d{9}$",
        label="Votre téléphone",
        help_text="Pour vous joindre si un enfant est malade.",
        error_messages={"invalid": "Le numéro a 9 chiffres : il en faut 10."},
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "tel"}),
    )
    arrival = forms.ChoiceField(
        label="Quand arrivez-vous dans la commune ?",
        choices=[("now", "Nous y habitons déjà"), ("soon", choice("Bientôt", "Avant la rentrée"))],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez la date d’arrivée."},
    )
    born_on = DateField(label="Date de naissance de l’enfant")
    school = forms.ChoiceField(label="École", choices=[("a", "Marie-Curie"), ("b", "Jean-Moulin")])
    days = forms.MultipleChoiceField(
        label="Jours souhaités",
        choices=[("1", "lundi"), ("2", "mardi")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    message = forms.CharField(label="Votre message", widget=forms.Textarea, required=False)
    proof = forms.FileField(
        label="Attestation d’assurance", help_text="PDF ou photo, 8 Mo au plus.", required=False
    )
    agree = forms.BooleanField(
        label="J’accepte d’être joint par SMS",
        help_text="Modifiable à tout moment.",
        required=False,
    )


def _weeks(children: list[str]) -> list[dict[str, Any]]:
    states = ["present", "past", "booked", "free", "full", "booked", "booked", "free"]
    weeks = []
    for rank, monday in enumerate(date(2026, 11, 16) + timedelta(weeks=n) for n in range(4)):
        days = []
        for offset in range(5):
            on = monday + timedelta(days=offset)
            cells = []
            for place, child in enumerate(children):
                state = "present" if rank == 0 else states[(rank + offset + place) % 6 + 2]
                settled = state == "present"
                cells.append(
                    (
                        child,
                        Cell(
                            state,
                            name="" if settled else "day",
                            value=f"{place}:{on}",
                            who=f"{child}, {french.day(on)}",
                            child=child,
                            cents=318,
                            chosen=True if (rank, offset, place) == (2, 1, 0) else None,
                        ),
                    )
                )
            off = offset == 2
            days.append(
                {
                    "weekday": french.weekday(on),
                    "number": on.day,
                    "now": on == date(2026, 11, 23),
                    "off": off,
                    "note": "pas d’école" if off else "jusqu’à la veille, 9 h",
                    "cells": [] if off else cells,
                }
            )
        weeks.append(
            {
                "title": french.span(monday, monday + timedelta(days=4)),
                "sub": "Semaine passée" if rank == 0 else "à venir",
                "gone": rank == 0,
                "days": days,
                "sum": "6 repas, 19,08 €",
            }
        )
    return weeks


def sample(children: int = 2) -> dict[str, Any]:
    """The context of the styleguide: `{"demo": …}`."""
    names = ["Lina", "Noé", "Sami", "Mai-Linh"]
    day = date(2026, 11, 5)
    form = SampleForm(
        {
            "phone": "063998470",
            "born_on_day": "31",
            "born_on_month": "2",
            "born_on_year": "2021",
            "school": "a",
        }
    )
    return {
        "demo": {
            "day": day,
            "instant": datetime(2026, 11, 19, 20, 52, tzinfo=UTC),
            "names": names[:3],
            "children": names,
            "pair": names[:2],
            "form": form,
            "cells": CELLS,
            "page": Paginator(range(360), 20).page(2),
            "tabs": [
                {"url": "#a", "label": "Cantine", "icon": "utensils", "current": True},
                {"url": "#b", "label": "Soir", "icon": "sunset", "count": 3},
            ],
            "lines": [
                {
                    "label": "Lina, cantine",
                    "detail": "3 repas × 3,18 €",
                    "amount_cents": 954,
                    "children": [SimpleNamespace(first_name="Lina", colour=1)],
                    "open": True,
                    "days": [
                        {"on": date(2026, 10, 1)},
                        {"on": date(2026, 10, 2), "state": "away", "note": "absente, facturé"},
                        {"on": date(2026, 10, 5), "state": "free", "note": "absente, gratuit"},
                    ],
                    "why": ["Tarif de la tranche C, celle de votre quotient familial de 742."],
                },
                {
                    "label": "Noé, accueil du soir",
                    "detail": "5 soirs × 2,40 €",
                    "amount_cents": 1200,
                    "children": [SimpleNamespace(first_name="Noé", colour=2)],
                    "why": ["Tranche C."],
                },
            ],
            "facts": [
                {"label": "Adresse", "value": "41 bis, avenue des Aulnes", "url": "#contenu"},
                {"label": "Depuis le", "value": "lundi 16 novembre 2026"},
            ],
            "diff": [
                {
                    "label": "Adresse",
                    "before": "8, rue du Lavoir",
                    "after": "41 bis, avenue des Aulnes",
                },
                {"label": "Depuis le", "before": "", "after": "lundi 16 novembre 2026"},
                {"label": "Commune", "before": "Saint-Aubin", "after": "Saint-Aubin"},
            ],
            "planning_children": names[:children],
            "weeks": _weeks(names[:children]),
        }
    }
