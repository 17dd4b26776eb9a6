"""PDF documents: what they say of the town, then typst (`compiling`)."""

from typing import Any

from django.conf import settings

from preau.documents.compiling import set_document
from preau.documents.logos import logo_drawing
from preau.kernel.french import telephone
from preau.town.queries import get_town


def render_pdf(template: str, data: dict[str, Any]) -> bytes:
    """The PDF of `typst/<template>.typ` on `data` (plain JSON values; amounts and dates as text).

    The town's identity joins `data` as `town`, the address of `/verifier/` as `verify_url`.
    Raises RenderingFailed when they do not fit together.
    """
    return set_document(template, known_facts() | data)


def known_facts() -> dict[str, Any]:
    """What every document knows: the town, and where its code is verified."""
    return {
        "town": town_identity(),
        "verify_url": f"{settings.BASE_URL}/verifier/".removeprefix("https://").removeprefix(
            "http://"
        ),
    }


def town_identity() -> dict[str, Any]:
    """What a document says of the town."""
    town = get_town()
    logo, is_wide = logo_drawing(bytes(town.logo)) if town.logo else ("", False)
    return {
        "logo": logo,
        "logo_is_wide": is_wide,
        "name": town.name,
        "subtitle": town.subtitle,
        "address": town.address,
        "phone": telephone(town.phone),
        "email": town.email,
        "website": town.website,
        "siret": town.siret,
        "colour": town.colour_light,
    }
