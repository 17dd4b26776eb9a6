"""PDF documents, set by typst: archivable (PDF/A-2a) and accessible (PDF/UA-1)."""

import json
import threading
from pathlib import Path
from typing import Any, Literal, cast

import typst
from django.conf import settings

from preau.documents.errors import RenderingFailed
from preau.kernel.french import telephone
from preau.town.queries import get_town

TEMPLATES = Path(__file__).parent / "typst"
STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]

_local = threading.local()


def render_pdf(template: str, data: dict[str, Any]) -> bytes:
    """The PDF of `typst/<template>.typ` on `data` (plain JSON values; amounts and dates as text).

    The town's identity joins `data` as `town`, the address of `/verifier/` as `verify_url`.
    Raises RenderingFailed when they do not fit together.
    """
    known = {
        "town": town_identity(),
        "verify_url": f"{settings.BASE_URL}/verifier/".removeprefix("https://").removeprefix(
            "http://"
        ),
    }
    try:
        pdf = _compiler().compile(
            input=str(TEMPLATES / f"{template}.typ"),
            format="pdf",
            sys_inputs={"data": json.dumps(known | data, ensure_ascii=False)},
            pdf_standards=list(STANDARDS),
        )
        return cast(bytes, pdf)
    except typst.TypstError as error:
        raise RenderingFailed(f"{template}: {error}") from error


def town_identity() -> dict[str, str]:
    """What a document says of the town."""
    town = get_town()
    return {
        "name": town.name,
        "subtitle": town.subtitle,
        "address": town.address,
        "phone": telephone(town.phone),
        "email": town.email,
        "website": town.website,
        "siret": town.siret,
        "colour": town.colour_light,
    }


def _compiler() -> typst.Compiler:
    # One a thread: it keeps the fonts and the parsed templates between documents.
    if not hasattr(_local, "compiler"):
        _local.compiler = typst.Compiler(
            root=str(TEMPLATES),
            font_paths=[str(TEMPLATES / "fonts")],
            ignore_system_fonts=True,
        )
    return _local.compiler
