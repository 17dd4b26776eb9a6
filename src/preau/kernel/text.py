"""Keys for sorting and searching names, stored by Python: PostgreSQL has no ICU everywhere."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss"})


def search_key(*parts: str) -> str:
    """«Élise», «D'ALMEIDA-Roux» → «elise d almeida roux»: no accent, no case, single spaces."""
    text = " ".join(part for part in parts if part).translate(_LIGATURES)
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^0-9a-z@.+_]+", " ", bare.lower()).strip()


def proper_name(text: str) -> str:
    """«JEAN-PIERRE d'ALMEIDA» → «Jean-Pierre D'Almeida»; mixed case is left as typed."""
    text = re.sub(r"\s+", " ", text).strip()
    if text != text.upper() and text != text.lower():
        return text
    return re.sub(
        r"[^\W\d_]+", lambda m: m[0][0].upper() + m[0][1:].lower(), text, flags=re.UNICODE
    )


def is_number(text: str) -> bool:
    """Whether this is a whole number that `int` and the database read: plain digits, eighteen at
    most. (`str.isdigit` takes «²» too, and any length.)"""
    return text.isascii() and text.isdigit() and len(text) < 19
