"""The floor of the PDFs: one bare typst compile of the same pages, from the same templates."""

import json
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import typst

from preau.documents.compiling import TEMPLATES
from preau.documents.many import ToIssue
from preau.documents.render import known_facts
from preau.documents.squares import draw


def one_compile(documents: Sequence[ToIssue]) -> float:
    """Seconds. The templates become one function of the data, called for each document.

    The squares are drawn before the clock starts.
    """
    base = (TEMPLATES / "_base.typ").read_text(encoding="utf-8")
    page = (TEMPLATES / "invoice.typ").read_text(encoding="utf-8")
    base = re.sub(r"^#let data = .*$", "", base, flags=re.MULTILINE)
    page = re.sub(r"^#import .*$", "", page, flags=re.MULTILINE)
    facts = known_facts()
    data = [
        facts
        | draw(one.data)
        | {"number": one.number, "code": "AAAA-BBBB-CCCC", "title": one.title}
        for one in documents
    ]
    with tempfile.TemporaryDirectory(prefix="preau-pages-") as folder:
        source = Path(folder) / "all.typ"
        (Path(folder) / "all.json").write_text(json.dumps(data, ensure_ascii=False))
        source.write_text(
            f"#let one(data) = [\n{base}\n{page}\n]\n"
            '#for data in json("all.json") { one(data) }\n'
        )
        begun = time.perf_counter()
        typst.compile(
            str(source),
            format="pdf",
            font_paths=[str(TEMPLATES / "fonts")],
            ignore_system_fonts=True,
        )
        return time.perf_counter() - begun
