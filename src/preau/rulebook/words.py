"""Rules told in French, for the agents' screens: what a rule says, without the file's keys."""

from collections.abc import Iterable
from typing import Any

from preau.kernel import french
from preau.rulebook.engine.words import euros, number, percent, say
from preau.rulebook.facts import BY_NAME, Fact
from preau.rulebook.rules.amounts import Amount, Choice, Fixed, Grid, Line, PriceOf, Rate
from preau.rulebook.rules.base import Rule, Scope
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.rules.conditions import (
    All,
    AnyOf,
    Between,
    Condition,
    Has,
    Known,
    Not,
    OneOf,
)
from preau.rulebook.rules.moments import (
    Absence,
    Access,
    DaysBefore,
    Deadline,
    HoursBefore,
    Limit,
    MonthDay,
    WeekdayBefore,
    WeekdayMap,
    Windows,
)
from preau.rulebook.rules.tariffs import Adjustment, Extra, GroupRule, Penalty, Tariff
from preau.rulebook.when import WEEKDAY_CODES, french_instant, french_time

WORDS = {
    "regular": "régulier",
    "occasional": "occasionnel",
    "exceptional": "exceptionnel",
    "nursery": "maternelle",
    "elementary": "élémentaire",
    "middle": "collège",
    "high": "lycée",
    "illness": "maladie",
    "hospital": "hospitalisation",
    "accident": "accident",
    "bereavement": "deuil",
    "family_event": "événement familial",
    "strike": "grève",
    "weather": "intempéries",
    "school_trip": "sortie scolaire",
    "closure": "fermeture",
    "school_closed": "école fermée",
    "eviction": "éviction",
    "foreseeable": "prévisible",
    "teacher_absent": "enseignant absent",
    "teacher_not_replaced": "enseignant non remplacé",
    "family_choice": "choix de la famille",
    "sibling_ill": "frère ou sœur malade",
    "sudden_departure": "départ soudain",
    "varying_hours": "horaires variables",
    "exceptional_order": "commande exceptionnelle",
    "transport": "transport",
    "other": "autre",
    "in_time": "à temps",
    "late": "en retard",
    "school": "jours de classe",
    "wednesday": "mercredis",
    "small_holidays": "petites vacances",
    "summer": "été",
    "weekend": "week-end",
    "public_holiday": "jours fériés",
    "accepted": "accepté",
    "refused": "refusé",
    "charged": "facturé",
    "not_charged": "non facturé",
    "waiting_list": "liste d’attente",
    "pending": "à valider",
    "proposal": "décidé par un agent",
    "blocked": "bloqué en ligne",
    "expired": "expiré",
    "book": "réserver",
    "prebook": "pré-réserver",
    "change": "modifier",
    "cancel": "annuler",
    "order": "commander",
    "enrol": "inscrire",
    "absence": "signaler une absence",
    "attend": "venir",
    "late_pickup": "départ tardif",
    "pay": "payer",
    "connect": "se connecter",
    **{code: french.WEEKDAYS[i] for i, code in enumerate(WEEKDAY_CODES)},
}
COUNTS = {
    "calendar": ("", ""),
    "clear": (" franc", " francs"),
    "school": (" d’école", " d’école"),
    "working": (" ouvré", " ouvrés"),
    "service": (" d’activité", " d’activité"),
}
ANCHORS = {
    "week": " le lundi de la semaine",
    "month": " le 1er du mois",
    "period": " le début de la période",
    "year": " le 1er septembre",
}


def word(value: Any, fact: Fact | None = None) -> str:
    """A value in French."""
    return WORDS.get(value, str(value)) if isinstance(value, str) else say(fact, value)


def _listed(values: Iterable[str]) -> str:
    return french.and_join(list(values), word="ou")


def tell_condition(condition: Condition, book: Rulebook) -> str:
    """«rang de l'enfant 3 et plus ; habite la commune»; "" for always."""
    match condition:
        case All(parts):
            return " ; ".join(tell_condition(part, book) for part in parts)
        case AnyOf(parts):
            return " ou bien ".join(f"({tell_condition(part, book)})" for part in parts)
        case Not(part):
            return f"sauf {tell_condition(part, book)}"
    fact = BY_NAME.get(condition.fact) or book.own_facts.get(condition.fact)
    label = fact.label if fact else condition.fact
    match condition:
        case OneOf(_, (True,)):
            return label
        case OneOf(_, (False,)):
            return f"{label} : non"
        case OneOf(_, values):
            return f"{label} {_listed(word(v, fact) for v in values)}"
        case Known(_, known):
            return f"{label} {'connu' if known else 'non connu'}"
        case Has(_, words):
            return f"{label} : {_listed(words)}"
        case Between(_, low, above, high, below):
            bounds = [
                f"{name} {say(fact, bound)}"
                for name, bound in (
                    ("à partir de", low),
                    ("plus de", above),
                    ("jusqu’à", high),
                    ("moins de", below),
                )
                if bound is not None
            ]
            return f"{label} {', '.join(bounds)}"
    return label


def tell_scope(scope: Scope, book: Rulebook) -> str:
    """«Restauration scolaire, Repas»; "" for everywhere."""
    names = [a.name for code in scope.activities if (a := book.activity(code))]
    products = [
        product.name
        for activity in book.activities
        for product in activity.products
        if product.code in scope.products
        and (not scope.activities or activity.code in scope.activities)
    ]
    parts = [french.and_join(names)] if names else []
    parts += [_listed(dict.fromkeys(products))] if products else []
    others = (*scope.periods, *scope.weekdays, *scope.holidays)
    return ", ".join([*parts, *([_listed(word(o) for o in others)] if others else [])])


def tell_limit(limit: Limit) -> str:
    """«la veille, jusqu’à 9 h», «le lundi de la semaine précédente, jusqu’à 9 h»."""
    hour = f", jusqu’à {french_time(limit.minutes)}" if limit.minutes < 1440 else ", au soir"
    text = _tell_step(limit)
    if isinstance(limit.step, (HoursBefore, Windows)):
        hour = ""
    if limit.anchor != "service":
        text = "la veille avant" if text == "la veille" else text
        text += (
            ANCHORS[limit.anchor]
            if text.endswith("avant")
            else (f", compté depuis{ANCHORS[limit.anchor]}")
        )
    text += hour
    if limit.shift != "none":
        way = "avancé" if limit.shift == "earlier" else "reculé"
        text += f", {way} si le jour est fermé"
    return text


def _tell_step(limit: Limit) -> str:
    step = limit.step
    match step:
        case DaysBefore(0, _):
            return "le jour même"
        case DaysBefore(1, "calendar"):
            return "la veille"
        case DaysBefore(days, count):
            return f"{french.count(days, 'jour')}{COUNTS[count][days > 1]} avant"
        case WeekdayBefore():
            return _tell_weekday(step)
        case WeekdayMap(entries):
            return " ; ".join(
                f"{word(code)} : {_tell_weekday(target)}"
                + (f" {french_time(minutes)}" if minutes is not None else "")
                for code, target, minutes in entries
            )
        case HoursBefore(hours, excluding):
            without = f" ({', '.join(word(e) for e in excluding)} non comptés)" if excluding else ""
            return f"{hours} h avant{without}"
        case MonthDay(day, months):
            when = {0: "du mois", 1: "du mois précédent"}.get(months, f"{months} mois avant")
            return f"le {day} {when}"
        case Windows(windows):
            return " ; ".join(
                " ".join(
                    filter(
                        None,
                        (
                            f"du {french_instant(w.opens_at)}" if w.opens_at else "",
                            f"au {french_instant(w.closes_at)}" if w.closes_at else "",
                        ),
                    )
                )
                for w in windows
            )
    raise TypeError(step)


def _tell_weekday(step: WeekdayBefore) -> str:
    name = word(step.weekday)
    match step.weeks:
        case None:
            return f"le {name} d’avant"
        case 0:
            return f"le {name} de la semaine"
        case 1:
            return f"le {name} de la semaine précédente"
        case weeks:
            return f"le {name}, {weeks} semaines avant"


def tell_amount(amount: Amount, book: Rulebook) -> str:
    """An amount in a few words; a grid is shown as a table elsewhere."""
    match amount:
        case Fixed(value):
            return euros(int(value * 100)) if value == round(value, 2) else number(value)
        case Rate():
            fact = BY_NAME.get(amount.of) or book.own_facts.get(amount.of)
            base = fact.short if fact else amount.of
            text = f"{base} × "
            text += (
                percent(amount.rate.value * 100)
                if isinstance(amount.rate, Fixed)
                else "taux de la grille"
            )
            if isinstance(amount.minimum, Fixed):
                text += f", au moins {euros(int(amount.minimum.value * 100))}"
            if isinstance(amount.maximum, Fixed):
                text += f", au plus {euros(int(amount.maximum.value * 100))}"
            return text
        case Line():
            return f"droite sur {len(amount.points)} points"
        case Choice(by, values, _):
            fact = BY_NAME.get(by) or book.own_facts.get(by)
            return ", ".join(
                f"{say(fact, v == 'true') if v in ('true', 'false') else word(v)} "
                f"{tell_amount(inner, book)}"
                for v, inner in values
            )
        case PriceOf(product, _):
            return f"prix de « {product} »"
        case Grid():
            return f"grille de {french.count(len(amount.rows), 'ligne')}"
    raise TypeError(amount)


def tell_rule(rule: Rule, book: Rulebook) -> str:
    """What a rule does, in one line."""
    if isinstance(rule, (Tariff, Extra, Penalty)):
        return tell_amount(rule.amount, book)
    if isinstance(rule, (Adjustment, GroupRule)):
        operation, amount = rule.effect.operation, rule.effect.amount
        if isinstance(amount, Fixed):
            value = amount.value
            match operation:
                case "percent":
                    return f"{'+' if value > 0 else ''}{percent(value)}"
                case "multiply":
                    return f"× {number(value)}"
                case "add":
                    return f"{'+' if value >= 0 else ''}{euros(int(value * 100))}"
        verbs = {
            "set": "prix",
            "at_least": "au moins",
            "at_most": "au plus",
            "add": "plus",
            "percent": "pourcentage",
            "multiply": "multiplié par",
        }
        return f"{verbs[operation]} {tell_amount(amount, book)}"
    if isinstance(rule, Deadline):
        verbs_ = french.and_join([word(action) for action in rule.actions])
        what = "jamais possible" if rule.never else tell_limit(rule.limit) if rule.limit else ""
        late = f" ; ensuite : {word(rule.late)}" if not rule.never else ""
        return f"{verbs_} : {what}{late}"
    if isinstance(rule, Access):
        return word(rule.outcome)
    if isinstance(rule, Absence):
        if rule.proposal:
            return f"décidé par un agent ({percent(rule.charge)} retenus)"
        text = (
            "non facturé"
            if rule.charge == 0
            else ("facturé" if rule.charge == 100 else f"{percent(rule.charge)} du prix")
        )
        return text + (f", plus {tell_amount(rule.surcharge, book)}" if rule.surcharge else "")
    return ""
