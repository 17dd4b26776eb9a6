"""Compile every template of ours: `python -m tests.harness.templates`."""

import sys
from pathlib import Path

import django
from django.template import TemplateSyntaxError, engines

ROOT = Path(__file__).resolve().parents[2]


def failures() -> list[str]:
    """What does not compile: the template's path and why."""
    engine = engines["django"]
    found = []
    for folder in sorted((ROOT / "src" / "preau").glob("**/templates")):
        for path in sorted(folder.rglob("*")):
            if path.suffix not in {".html", ".txt", ".svg", ".xml"}:
                continue
            try:
                engine.from_string(path.read_text())
            except (TemplateSyntaxError, UnicodeDecodeError) as error:
                found.append(f"{path.relative_to(ROOT)}: {error}")
    return found


if __name__ == "__main__":
    django.setup()
    found = failures()
    print("\n".join(found))
    sys.exit(bool(found))
