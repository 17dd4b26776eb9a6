"""The town's own quotient, computed with its formula."""

from decimal import Decimal
from fractions import Fraction

from preau.rulebook.engine.amounts import Worth
from preau.rulebook.engine.rounding import round_to
from preau.rulebook.engine.words import COLON, TIMES, number
from preau.rulebook.errors import Undecided
from preau.rulebook.facts import Facts
from preau.rulebook.rules.book import Rulebook


def computed_quotient(book: Rulebook, facts: Facts) -> Worth:
    """The quotient by the town's formula, rounded as it says; Undecided when a fact is missing.

    A missing term other than the first counts as zero (benefits, rent); missing parts do not.
    """
    formula = book.quotient.formula
    if formula is None:
        raise Undecided("le règlement n’écrit pas de formule de quotient")
    total, words = Fraction(0), []
    for index, term in enumerate(formula.terms):
        value = facts.get(term.fact)
        fact = book.fact(term.fact)
        name = fact.label if fact else term.fact
        if value is None:
            if index == 0:
                raise Undecided(f"« {name} » manque pour calculer le quotient")
            continue
        total += Fraction(value) * Fraction(term.multiply) / Fraction(term.divide)
        text = f"{name} {number(value)}"
        if term.multiply != 1:
            text += f"{TIMES}{number(term.multiply)}"
        if term.divide != 1:
            text += f" ÷ {number(term.divide)}"
        words.append(text)
    text = " + ".join(words)
    for name in formula.divided_by:
        value = facts.get(name)
        fact = book.fact(name)
        label = fact.label if fact else name
        if not value:
            raise Undecided(f"« {label} » manque pour calculer le quotient")
        total /= Fraction(value)
        text = f"({text}) ÷ {number(value)} {label}"
    rounded = round_to(total, formula.rounding, Fraction(formula.step))
    shown = Decimal(rounded.numerator) / Decimal(rounded.denominator)
    return Worth(rounded, f"quotient{COLON}{text} = {number(shown)}")
