"""Joins the style sheets of `ui/css/` into `ui/static/ui/preau.css`: one request, less to carry.

Run `python -m preau.ui.build` after touching `ui/css/`; a test refuses a stale result.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = HERE / "css"
TARGET = HERE / "static" / "ui" / "preau.css"


def joined() -> str:
    """All the sources, in the order of their names, without comments nor idle space."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*.css")))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"\s+", " ", text)
    # Spaces around + and - matter inside calc(): leave those alone.
    text = re.sub(r"\s*([{};,])\s*", r"\1", text)
    text = re.sub(r"([:]) (?=[^{}]*[;}])", r"\1", text)
    return text.replace(";}", "}").replace("}@", "}\n@").strip() + "\n"


if __name__ == "__main__":
    TARGET.write_text(joined(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {TARGET.stat().st_size} bytes\n")
