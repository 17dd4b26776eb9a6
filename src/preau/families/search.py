"""One search document per family: words stored by Python, indexed by the database.

PostgreSQL's own parser is left out on both sides (it cuts e-mail addresses and numbers in its
own way): the words are the lexemes, and each word of a question is matched as a prefix.
"""

import re
from collections.abc import Iterable

from django.db.models import BooleanField, Expression, F, Func, Value

from preau.kernel.text import search_key

_MAX_WORDS = 8


def search_document(field: str) -> Func:
    """The words of `field` (parted by one space) as a tsvector, for a stored column."""
    return Func(
        Func(F(field), Value(" "), function="string_to_array"), function="array_to_tsvector"
    )


class _Matches(Func):
    template = "%(expressions)s"
    arg_joiner = " @@ "
    arity = 2
    output_field = BooleanField()


def matches(field: str, text: str) -> Expression | None:
    """A condition: each word of `text` begins a word of `field`, a tsvector. None without words."""
    words = question_words(text)
    if not words:
        return None
    question = " & ".join("'{}':*".format(word.replace("'", "''")) for word in words)
    return _Matches(F(field), Func(Value(question), template="(%(expressions)s)::tsquery"))


def question_words(text: str) -> list[str]:
    """What an agent typed, as words: «06 39 98» and «4027316 k» are one word each."""
    text = text.strip()[:200]
    compact = re.sub(r"[\s.\-/()\u00a0\u202f]", "", text)
    if re.fullmatch(r"(\+|00)?\d{3,}", compact):
        return [normalise_phone(compact)]
    if re.fullmatch(r"\d{7}[A-Za-z]", compact):
        return [compact.lower()]
    return _lexemes(text)[:_MAX_WORDS]


def document_of(parts: Iterable[str]) -> str:
    """The words of a family's file, each once, parted by one space."""
    words: dict[str, None] = {}
    for part in parts:
        for word in _lexemes(part):
            words[word] = None
    return " ".join(words)


def _lexemes(text: str) -> list[str]:
    return [w[:100] for w in search_key(text).replace("\\", " ").split() if w.strip(".+_@")]


def normalise_phone(text: str) -> str:
    """Digits alone, «+33 6 39…» as «0639…»; a foreign number keeps its «+»."""
    digits = re.sub(r"[\s.\-/()\u00a0\u202f]", "", text or "")
    digits = re.sub(r"^(?:\+|00)33(?:0)?", "0", digits)
    return re.sub(r"^00", "+", digits)[:20]
