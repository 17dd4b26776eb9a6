"""The rooms of the house, and the import contracts that follow from them.

`make contracts` writes importlinter.toml from this list; `make check` refuses a file out of step.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "importlinter.toml"

# From the roof to the ground. Rooms on one line are siblings that never import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("config",),
    ("demo",),
    ("public", "portal", "townhall", "api"),
    ("ui",),
    ("connectors",),
    ("journeys", "reporting"),
    ("casework",),
    ("recovery",),
    ("cashdesk", "directdebit", "payments"),
    ("billing",),
    ("kitchen",),
    ("attendance",),
    ("childcare", "schools"),
    ("certificates",),
    ("bookings",),
    ("childsheet", "enrolments", "openings"),
    ("rulebook",),
    ("catalogue",),
    ("families",),
    ("accounts",),
    ("messaging",),
    ("documents",),
    ("town",),
    ("audit",),
    ("kernel",),
)
# What stands outside the rooms: the command line's two doors.
OUTSIDE = ("__main__", "cli")


def depth(room: str) -> int:
    """How far from the roof a room is: imports and foreign keys go to an equal or greater depth."""
    for number, rooms in enumerate(LAYERS):
        if room in rooms:
            return number
    raise LookupError(f"{room} is no room of the house: add it to LAYERS")


def domains_with_models() -> list[str]:
    """The rooms that own tables."""
    rooms = [room for rooms in LAYERS for room in rooms]
    package = ROOT / "src" / "preau"
    return sorted(
        room
        for room in rooms
        if (package / room / "models.py").exists() or (package / room / "models").is_dir()
    )


def text() -> str:
    """The whole importlinter.toml."""

    def listed(items: list[str]) -> str:
        return "[\n" + "".join(f"    {json.dumps(item)},\n" for item in items) + "]"

    parts = [
        "# Written by `make contracts` from tests/architecture/contracts.py: change it there.",
        "",
        "[tool.importlinter]",
        'root_package = "preau"',
        "exclude_type_checking_imports = true",
        "",
        "[[tool.importlinter.contracts]]",
        'name = "Imports go downwards only"',
        'type = "layers"',
        'containers = ["preau"]',
        "exhaustive = true",
        f"exhaustive_ignores = {listed(list(OUTSIDE))}",
        f"layers = {listed([' | '.join(rooms) for rooms in LAYERS])}",
    ]
    for room in domains_with_models():
        parts += [
            "",
            "[[tool.importlinter.contracts]]",
            f'name = "The models of {room} are imported by {room} alone"',
            'type = "protected"',
            f'protected_modules = ["preau.{room}.models"]',
            f'allowed_importers = ["preau.{room}"]',
        ]
    return "\n".join(parts) + "\n"


def main() -> int:
    """Write the file, or with --check say whether it is in step."""
    if "--check" in sys.argv:
        if TARGET.exists() and TARGET.read_text() == text():
            return 0
        print("importlinter.toml is out of step: run « make contracts ».")
        return 1
    TARGET.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
