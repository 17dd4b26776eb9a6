"""Acts on many children at once: a closed day, a strike, a class on a trip, a teacher absent."""

from preau.journeys.mass_acts.acting import ask_mass_act, run_mass_act
from preau.journeys.mass_acts.preview import Concerned, Preview, Wish, preview_mass_act
from preau.journeys.mass_acts.queries import acts_of_slots, acts_within, get_act
from preau.journeys.mass_acts.undoing import (
    Back,
    UndoPreview,
    ask_undo,
    preview_undo,
    run_undo,
    undone_rows,
)
from preau.journeys.models import MassAct

__all__ = [
    "Back",
    "Concerned",
    "MassAct",
    "Preview",
    "UndoPreview",
    "Wish",
    "acts_of_slots",
    "acts_within",
    "ask_mass_act",
    "ask_undo",
    "get_act",
    "preview_mass_act",
    "preview_undo",
    "run_mass_act",
    "run_undo",
    "undone_rows",
]
