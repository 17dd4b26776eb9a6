"""Setting one PDF with typst: archivable (PDF/A-2a), accessible (PDF/UA-1). Knows no database, so
that a process which does nothing else can do it."""

import json
import threading
from pathlib import Path
from typing import Any, Literal, cast

import typst

from preau.documents.errors import RenderingFailed
from preau.documents.squares import draw

TEMPLATES = Path(__file__).parent / "typst"
STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]

_local = threading.local()


def set_document(template: str, data: dict[str, Any]) -> bytes:
    """The PDF of a template on `data` (plain JSON values), its squares drawn. Raises
    RenderingFailed."""
    return compile_pdf(template, json.dumps(draw(data), ensure_ascii=False))


def compile_pdf(template: str, data: str) -> bytes:
    """The PDF of `typst/<template>.typ` on `data`, JSON text. Raises RenderingFailed."""
    return _compile(template, data, pdf_standards=list(STANDARDS))


def compile_for_paper(template: str, data: str) -> bytes:
    """The same with no tag: a third of the weight and half of the work, for what is printed and
    not read on a screen."""
    return _compile(template, data, pdf_tags=False)


def _compile(template: str, data: str, **how: Any) -> bytes:
    try:
        pdf = _compiler().compile(
            input=str(TEMPLATES / f"{template}.typ"),
            format="pdf",
            sys_inputs={"data": data},
            **how,
        )
    except typst.TypstError as error:
        raise RenderingFailed(f"{template}: {error}") from error
    return cast(bytes, pdf)


def _compiler() -> typst.Compiler:
    # One a thread: it keeps the fonts and the parsed templates between documents.
    if not hasattr(_local, "compiler"):
        _local.compiler = typst.Compiler(
            root=str(TEMPLATES),
            font_paths=[str(TEMPLATES / "fonts")],
            ignore_system_fonts=True,
        )
    return _local.compiler
