"""Codes that people read aloud and copy by hand: check letters, and no look-alikes."""

import re
import secrets

# 23 letters, modulo 23: I, O and U left out, as look-alikes of 1, 0 and V.
CHECK_LETTERS = "ABCDEFGHJKLMNPQRSTVWXYZ"
# For random codes: neither 0/O, 1/I/L, 2/Z, 5/S, 8/B nor vowels that make words.
CODE_ALPHABET = "34679CDFGHJKMNPQRTVWXY"


def check_letter(digits: str) -> str:
    """The letter that detects any wrong digit and any swap of neighbours (weights, modulo 23)."""
    total = sum(int(digit) * weight for weight, digit in enumerate(reversed(digits), start=2))
    return CHECK_LETTERS[total % 23]


def new_family_code() -> str:
    """Seven random digits and their check letter, «4027316K»: tells nothing of the family."""
    digits = f"{secrets.randbelow(9_000_000) + 1_000_000}"
    return digits + check_letter(digits)


def normalise_family_code(text: str) -> str | None:
    """«4027316 k» → «4027316K»; None when it is no family code (shape or letter)."""
    match = re.fullmatch(r"(\d{7})([A-Z])", re.sub(r"[\s.\-\u00a0\u202f]", "", text).upper())
    if match is None or check_letter(match[1]) != match[2]:
        return None
    return match[0]


def random_code(length: int, *, group: int = 0) -> str:
    """An unguessable code over CODE_ALPHABET (4.4 bits a character), cut in groups by «-»."""
    raw = "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))
    if not group:
        return raw
    return "-".join(raw[start : start + group] for start in range(0, length, group))


def normalise_code(text: str) -> str:
    """What a person typed or scanned, upper-cased, without spaces nor hyphens."""
    return re.sub(r"[\s\-\u00a0\u202f]", "", text).upper()
