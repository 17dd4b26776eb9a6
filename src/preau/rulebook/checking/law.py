"""What the law says: warnings, with the exact values."""

from collections.abc import Iterator
from decimal import Decimal

from preau.kernel import french
from preau.rulebook.checking.coverage import probe, products_of
from preau.rulebook.checking.findings import Finding, warning
from preau.rulebook.engine.prices import Price
from preau.rulebook.engine.words import say
from preau.rulebook.rules.book import Activity, Rulebook
from preau.rulebook.rules.conditions import facts_in
from preau.rulebook.when import Calendar

DEBT = frozenset({"balance", "balance_negative_hours", "unpaid", "reminders"})
MEALS = ("meal",)


def check_law(book: Rulebook, calendar: Calendar, previous: Rulebook | None) -> Iterator[Finding]:
    """Meals above cost, meals refused for debt, retroactive increases, missing decision."""
    for activity in book.activities:
        if activity.kind in MEALS and activity.priced:
            yield from _cost(book, activity, calendar)
    yield from _debt(book)
    yield from _retroactive(book, previous, calendar)
    if not book.council_decision:
        yield warning(
            "no_decision", "aucune délibération n’est nommée : elle est demandée pour publier", ""
        )


def _cost(book: Rulebook, activity: Activity, calendar: Calendar) -> Iterator[Finding]:
    if activity.cost is None:
        yield warning(
            "no_cost",
            f"« {activity.name} » : le coût par usager n’est pas indiqué, le "
            "plafond légal du prix d’un repas (code de l’éducation, R531-53) ne peut "
            "pas être vérifié",
            "",
            activity.code,
        )
        return
    cost = int(activity.cost * 100)
    worst: tuple[int, Price] | None = None
    charged: tuple[int, Price] | None = None
    for code in products_of(activity):
        for facts, price in probe(book, activity.code, code, calendar):
            if not isinstance(price, Price) or facts.get("adult"):
                continue
            meal = price.cents - price.surcharge_cents
            if meal > cost and (worst is None or meal > worst[0]):
                worst = (meal, price)
            if meal <= cost < price.cents and (charged is None or price.cents > charged[0]):
                charged = (price.cents, price)
    if worst is not None:
        yield warning(
            "meal_cost",
            f"« {activity.name} » : {worst[1].sentences[0]} dépasse le coût "
            f"par usager de {french.euros(cost)} (R531-53)",
            worst[1].rule_ids[0],
            Decimal(worst[0]) / 100,
            activity.cost,
        )
    if charged is not None:
        yield warning(
            "meal_cost",
            f"« {activity.name} » : avec la majoration, "
            f"{french.euros(charged[0])} dépasse le coût par usager de "
            f"{french.euros(cost)}",
            charged[1].rule_ids[-1],
            Decimal(charged[0]) / 100,
            activity.cost,
        )


def _debt(book: Rulebook) -> Iterator[Finding]:
    meals = {activity.code for activity in book.activities if activity.kind in MEALS}
    for rule in book.access:
        if not rule.enabled or rule.outcome not in ("refused", "expired"):
            continue
        debts = facts_in(rule.when) & DEBT
        covered = meals if not rule.scope.activities else meals & set(rule.scope.activities)
        if (
            debts
            and covered
            and (not rule.actions or set(rule.actions) & {"book", "attend", "order", "enrol"})
        ):
            yield warning(
                "meal_debt",
                f"« {rule.name} » refuse un repas pour une raison d’argent : l’accès "
                "en ligne peut être bloqué (outcome: blocked), le repas est servi et facturé",
                rule.id,
                *sorted(covered),
            )


def _retroactive(
    book: Rulebook, previous: Rulebook | None, calendar: Calendar
) -> Iterator[Finding]:
    if book.applies_from is None or book.executory_on is None:
        return
    if book.applies_from >= book.executory_on:
        return
    sentence = (
        f"le règlement s’applique dès le {french.day(book.applies_from, year=True)}, avant "
        f"d’être exécutoire le {french.day(book.executory_on, year=True)}"
    )
    if previous is None:
        yield warning(
            "retroactive",
            f"{sentence} : une hausse ne peut pas être rétroactive",
            "",
            book.applies_from,
            book.executory_on,
        )
        return
    from preau.rulebook.checking.compare import increases

    for change in increases(previous, book, calendar)[:3]:
        words = ", ".join(f"{n} {say(book.fact(n), v)}" for n, v in change.facts.items())
        yield warning(
            "retroactive",
            f"{sentence} : « {change.activity} » passe de "
            f"{french.euros(change.before)} à {french.euros(change.after)} ({words})",
            change.rule_id,
            book.applies_from,
            book.executory_on,
        )
