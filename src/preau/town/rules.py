"""Pure rules of the town: origins, texts, logos."""

import io
import re
from urllib.parse import urlsplit

import markdown
import nh3
from markdown.extensions.toc import TocExtension
from PIL import Image, UnidentifiedImageError

from preau.town.errors import TownRefusal

MAX_LOGO_BYTES = 300_000
MAX_LOGO_SIDE = 2_000
LOGO_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}

_TAGS = {
    "p",
    "br",
    "hr",
    "h2",
    "h3",
    "h4",
    "ul",
    "ol",
    "li",
    "a",
    "strong",
    "em",
    "del",
    "sup",
    "blockquote",
    "code",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "abbr",
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
    "th": {"scope"},
    "ol": {"start"},
}
_TABLE_OPEN = '<div class="scroll" tabindex="0" role="group" aria-label="Tableau"><table>'


def french_spaces(text: str) -> str:
    """Spaces that must not break, where French wants one: «mot :» never leaves its sign alone."""
    text = re.sub(r" ([;!?%€])(?=[\s.,)*]|$)", "\u202f\\1", text)
    text = re.sub(r" ([:»])(?=[\s.,;)*]|$)", "\u00a0\\1", text)
    text = re.sub(r"(?<=\d) (h|min|ans|mois|jours?)\b", "\u00a0\\1", text)
    text = re.sub(r"(?<=\dh) (?=\d\d\b)|(?<=\d\u00a0h) (?=\d\d\b)", "\u00a0", text)
    return text.replace("« ", "«\u00a0")


def render_markdown(text: str) -> str:
    """An agent's Markdown as safe HTML: titles start at h2, no script, style nor image.

    A link leads to https, http, mailto, tel or within the site. The result may be marked safe.
    """
    html = markdown.markdown(
        french_spaces(text or ""),
        extensions=["tables", "sane_lists", TocExtension(permalink=False)],
        output_format="html",
    )
    clean = nh3.clean(
        re.sub(r"<(/?)h[56]\b", r"<\1h4", re.sub(r"<(/?)h1\b", r"<\1h2", html)),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"https", "http", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    clean = clean.replace("<th>", '<th scope="col">')
    return clean.replace("<table>", _TABLE_OPEN).replace("</table>", "</table></div>")


def normal_origin(text: str) -> str:
    """«https://www.ville.example/page» → «https://www.ville.example»: what CSP understands.

    Raises TownRefusal: https only (http for this very machine), no wildcard, no path that would
    mislead.
    """
    text = text.strip()
    parts = urlsplit(text if "://" in text else f"https://{text}")
    host = (parts.hostname or "").lower()
    if not re.fullmatch(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host) or ".." in host:
        raise TownRefusal(
            f"« {text} » n’est pas l’adresse d’un site : écrivez par exemple "
            "https://www.ma-ville.fr."
        )
    local = host in {"localhost", "127.0.0.1"}
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise TownRefusal(f"« {text} » : l’adresse doit commencer par https://.")
    if "." not in host and not local:
        raise TownRefusal(f"« {text} » : il manque la fin de l’adresse, par exemple « .fr ».")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise TownRefusal(f"« {text} » : ce numéro de port n’existe pas.") from None
    return f"{parts.scheme}://{host}{port}"


def checked_logo(content: bytes) -> tuple[bytes, str]:
    """The picture and its true type, judged by its content. Raises TownRefusal.

    SVG is refused (it can hold script); a picture is re-encoded, so that nothing hides behind it.
    """
    if len(content) > MAX_LOGO_BYTES:
        raise TownRefusal("Ce logo pèse plus de 300 ko : réduisez-le, puis envoyez-le à nouveau.")
    head = content[:400].lstrip().lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype")):
        raise TownRefusal("Un logo en SVG n’est pas accepté : envoyez-le en PNG, JPEG ou WebP.")
    try:
        with Image.open(io.BytesIO(content), formats=list(LOGO_FORMATS)) as picture:
            kind = str(picture.format)
            if max(picture.size) > MAX_LOGO_SIDE:
                raise TownRefusal(
                    f"Ce logo est trop grand : {MAX_LOGO_SIDE} pixels de côté au plus."
                )
            picture.load()
            copy = picture.convert(
                "RGBA" if kind != "JPEG" and picture.mode in {"RGBA", "LA", "P", "PA"} else "RGB"
            )
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise TownRefusal(
            "Ce fichier n’est pas une image lisible : envoyez un PNG, un JPEG ou un WebP."
        ) from None
    out = io.BytesIO()
    copy.save(out, format=kind)
    return out.getvalue(), LOGO_FORMATS[kind]


def clean_postcodes(codes: list[str]) -> list[str]:
    """Five digits each, in order, once. Raises TownRefusal."""
    kept = sorted({code.strip() for code in codes if code.strip()})
    for code in kept:
        if not re.fullmatch(r"\d{5}", code):
            raise TownRefusal(f"« {code} » n’est pas un code postal : cinq chiffres.")
    return kept
