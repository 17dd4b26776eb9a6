"""The one list of facts that a rule may use.

To let rules speak of something new, add one line to ``DECLARED``: reading, checking, explaining
and the JSON schema all follow. A town may also declare facts of its own in its file (``facts:``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from preau.rulebook.errors import FactError

Value = Decimal | int | bool | str | date | datetime | time | frozenset | None

KINDS = ("number", "whole", "yesno", "text", "choice", "date", "instant", "time", "set")


@dataclass(frozen=True, slots=True)
class Fact:
    """One declared fact: its name in files, its kind, its French label, its choices.

    ``symbol`` is the short name in explanations («QF»); ``default`` is what is understood when
    the caller says nothing (None: unknown); ``derived`` facts are computed by the engine when the
    caller does not give them.
    """

    name: str
    kind: str
    label: str
    choices: tuple[str, ...] = ()
    symbol: str = ""
    default: Value = None
    derived: bool = False

    @property
    def short(self) -> str:
        return self.symbol or self.label


def _number(name: str, label: str, symbol: str = "", derived: bool = False) -> Fact:
    return Fact(name, "number", label, symbol=symbol, derived=derived)


def _whole(name: str, label: str, symbol: str = "", derived: bool = False) -> Fact:
    return Fact(name, "whole", label, symbol=symbol, derived=derived)


def _yesno(name: str, label: str, default: bool | None = None, derived: bool = False) -> Fact:
    return Fact(name, "yesno", label, default=default, derived=derived)


def _text(name: str, label: str) -> Fact:
    return Fact(name, "text", label)


def _choice(
    name: str, label: str, *choices: str, default: str | None = None, derived: bool = False
) -> Fact:
    return Fact(name, "choice", label, choices, default=default, derived=derived)


def _instant(name: str, label: str) -> Fact:
    return Fact(name, "instant", label)


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PERIODS = ("school", "wednesday", "small_holidays", "summer", "weekend", "public_holiday")
REASONS = (
    "none",
    "family_choice",
    "foreseeable",
    "illness",
    "hospital",
    "accident",
    "bereavement",
    "family_event",
    "sibling_ill",
    "eviction",
    "closure",
    "strike",
    "teacher_absent",
    "teacher_not_replaced",
    "weather",
    "transport",
    "school_trip",
    "school_closed",
    "sudden_departure",
    "varying_hours",
    "job_loss",
    "move",
    "exceptional_order",
    "other",
)
ACTIONS = (
    "book",
    "prebook",
    "change",
    "cancel",
    "order",
    "enrol",
    "absence",
    "attend",
    "late_pickup",
    "pay",
    "connect",
)

DECLARED: tuple[Fact, ...] = (
    # resources
    _number("quotient", "quotient familial", "QF"),
    _choice("quotient_source", "origine du quotient", "caf", "msa", "town", "estimate"),
    _number("quotient_previous", "quotient précédent", "ancien QF"),
    Fact("quotient_received_on", "date", "réception du nouveau quotient"),
    _number("annual_income", "revenu annuel", "revenu annuel"),
    _number("monthly_income", "ressources mensuelles", "ressources mensuelles"),
    _number("monthly_benefits", "prestations mensuelles"),
    _number("monthly_rent", "loyer mensuel"),
    _number("tax", "impôt sur le revenu annuel"),
    _number("tax_parts", "parts fiscales", "parts"),
    _number("subsidy_rate", "taux individuel de participation", "taux"),
    _text("social_scheme", "dispositif social"),
    _yesno("social_aid", "aide du CCAS", False),
    _yesno("voucher", "bon vacances ou loisirs remis", False),
    # household
    _whole("children", "enfants à charge", "enfants à charge"),
    _whole("children_enrolled", "enfants inscrits", "enfants inscrits"),
    _whole("children_present", "enfants présents ce jour", "enfants présents", derived=True),
    _whole("rank", "rang de l’enfant", "enfant n°"),
    _whole("present_rank", "rang parmi les enfants présents", "enfant présent n°", derived=True),
    _yesno("single_parent", "parent isolé", False),
    _yesno("staff_child", "enfant du personnel", False),
    _yesno("both_parents_work", "les deux parents travaillent"),
    # residence
    _yesno("resident", "habite la commune"),
    _text("zone", "zone de résidence"),
    _text("residence", "commune de résidence"),
    _yesno("works_here", "travaille sur le territoire", False),
    _yesno("schooled_here", "scolarisé sur le territoire", False),
    # child and school
    _text("school", "école"),
    _text("site", "site"),
    _choice("level", "niveau", "nursery", "elementary", "middle", "high"),
    _text("class_level", "classe"),
    _yesno("special_class", "classe spécialisée", False),
    _number("age", "âge", "âge"),
    _yesno("adult", "repas adulte", False),
    _yesno("pai_own_meal", "PAI avec panier-repas", False),
    _yesno("own_meal", "repas fourni par la famille", False),
    _yesno("disability", "enfant en situation de handicap", False),
    _yesno("disabled_household", "handicap dans le foyer", False),
    _text("diet", "menu"),
    # use
    _choice("mode", "fréquentation", "regular", "occasional", "exceptional"),
    _choice("booked_by", "rythme de réservation", "day", "week", "month", "term", "year"),
    _yesno("full_time", "tous les jours d’école", False),
    _yesno("booked", "réservé", True),
    _yesno("attended", "présent"),
    _choice("booking", "délai de réservation", "in_time", "late", derived=True),
    _yesno("exceptional", "demande exceptionnelle", False),
    _instant("booked_at", "réservé le"),
    Fact("addons", "set", "options", default=frozenset()),
    Fact("sessions", "set", "séances du jour", default=frozenset()),
    _yesno("transport", "transport", False),
    _whole("days_in_week", "jours dans la semaine", "jours dans la semaine", derived=True),
    _whole("days_per_week", "jours fixés par semaine"),
    _whole("days_in_month", "jours dans le mois", "jours dans le mois", derived=True),
    _whole("uses_in_month", "passages dans le mois", "passages du mois", derived=True),
    _whole("use_rank_in_week", "passage de la semaine n°", derived=True),
    _whole("use_rank_in_month", "passage du mois n°", derived=True),
    _whole("use_rank_in_year", "passage de l’année n°"),
    _whole("weeks", "semaines"),
    _whole("meals", "repas", "repas"),
    _whole("nights", "nuits", "nuits"),
    _number("hours", "heures", "heures"),
    _whole("quantity", "quantité", "quantité"),
    _whole("same_day_activities", "activités le même jour"),
    _yesno("first_of_year", "première inscription de l’année", False),
    _yesno("first_child", "premier enfant inscrit", False),
    # time
    Fact("time_in", "time", "arrivée"),
    Fact("time_out", "time", "départ"),
    _number("minutes", "durée en minutes", "durée", derived=True),
    _number("care_minutes", "minutes de garderie"),
    _number("late_minutes", "minutes de retard", "retard", derived=True),
    _whole("late_children", "enfants concernés par le retard"),
    # how many times already
    _whole("late_count", "retard n°", "retard n°"),
    _whole("unbooked_count", "présence sans réservation n°", "sans réservation n°", derived=True),
    _whole("absence_count", "absence n°"),
    _whole("late_booking_count", "réservation tardive n°"),
    _whole("cancellations_used", "annulations déjà utilisées", "annulations déjà utilisées"),
    # absence
    _choice("reason", "motif", *REASONS),
    _yesno("child_ill", "c’est l’enfant qui est malade"),
    _yesno("certificate", "justificatif fourni", derived=True),
    _choice("document", "document", "none", "medical", "prescription", "employer", "other"),
    _instant("certificate_at", "remise du justificatif"),
    _number("certificate_hours", "heures avant le justificatif", derived=True),
    _whole("certificate_days", "jours avant le justificatif", derived=True),
    _whole("certificate_days_after_end", "jours entre le retour et le justificatif", derived=True),
    _whole(
        "certificate_days_after_notice", "jours entre l’annonce et le justificatif", derived=True
    ),
    _number(
        "certificate_hours_after_notice", "heures entre l’annonce et le justificatif", derived=True
    ),
    _whole("certificate_working_days", "jours ouvrés avant le justificatif", derived=True),
    _whole("certificate_school_days", "jours d’école avant le justificatif", derived=True),
    _yesno("certificate_same_week", "justificatif dans la semaine", derived=True),
    _yesno("notified", "absence signalée", derived=True),
    _instant("notice_at", "signalement"),
    _number("notice_hours", "heures de préavis", "préavis", derived=True),
    _whole("notice_days", "jours de préavis", "préavis", derived=True),
    _whole("notice_working_days", "jours ouvrés de préavis", "préavis", derived=True),
    _whole("notice_school_days", "jours d’école de préavis", "préavis", derived=True),
    _yesno("notice_in_time", "signalé dans le délai", derived=True),
    _whole("absence_days", "jours réservés manqués", derived=True),
    _whole("absence_rank", "jour d’absence n°", "jour d’absence n°", derived=True),
    _whole("absence_calendar_days", "durée de l’absence en jours", derived=True),
    _whole("absence_calendar_rank", "jour calendaire d’absence n°", derived=True),
    _whole("absence_school_rank", "jour d’école d’absence n°", derived=True),
    _whole("absence_working_rank", "jour ouvré d’absence n°", derived=True),
    Fact("absence_from", "date", "premier jour d’absence", derived=True),
    Fact("absence_until", "date", "dernier jour d’absence", derived=True),
    # account
    _yesno("has_account", "compte ouvert", True),
    _number("balance", "solde du compte famille", "solde"),
    _number("balance_negative_hours", "heures de solde négatif"),
    _number("unpaid", "impayés", "impayés"),
    _whole("reminders", "relances"),
    _number("paid_percent", "part payée (%)"),
    _instant("paid_at", "paiement"),
    _number("paid_minutes", "minutes avant le paiement", derived=True),
    _yesno("paid_in_time", "payé avant la limite", derived=True),
    _whole("capacity_left", "places restantes"),
    _yesno("prebooked", "pré-réservé", False),
    _yesno("file_complete", "dossier complet"),
    # the whole of a group rule (a child's week, a family's month…)
    _whole("group_uses", "passages", "passages", derived=True),
    _whole("group_days", "jours", "jours", derived=True),
    _whole("group_weeks", "semaines", "semaines", derived=True),
    _whole("group_children", "enfants", "enfants", derived=True),
    _number("group_total", "total", "total", derived=True),
    # nursery
    _number("hours_per_day", "heures par jour", "h par jour"),
    _number("opening_days", "jours d’ouverture", "jours d’ouverture"),
    _number("contract_hours", "heures du contrat", "heures"),
    _number("contract_months", "mois de mensualisation", "mois"),
    _number("contract_hourly", "tarif horaire du contrat", "tarif horaire"),
    # the moment
    _choice("action", "démarche", *ACTIONS, derived=True),
    Fact("activity", "text", "activité", derived=True),
    Fact("product", "text", "produit", derived=True),
    Fact("day", "date", "jour", derived=True),
    _choice("weekday", "jour de semaine", *WEEKDAYS, derived=True),
    _choice("period", "type de période", *PERIODS, derived=True),
    Fact("holiday", "text", "vacances", derived=True),
    _whole("month", "mois", derived=True),
    _whole("day_of_month", "jour du mois", derived=True),
    Fact("week_public_holidays", "set", "jours fériés de la semaine", derived=True),
)

BY_NAME: dict[str, Fact] = {fact.name: fact for fact in DECLARED}


def check_value(fact: Fact, value: Any) -> Value:
    """Return the value in the fact's own type, or raise FactError. A float is always refused."""
    if value is None:
        return None
    kind = fact.kind
    if isinstance(value, float):
        raise FactError(fact.name, "un nombre exact (Decimal ou entier)", value)
    if kind == "yesno":
        if isinstance(value, bool):
            return value
    elif kind == "number":
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            number = Decimal(value)
            if number.is_finite():
                return number
    elif kind == "whole":
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, Decimal) and value.is_finite() and value == int(value):
            return int(value)
    elif kind == "text":
        if isinstance(value, str):
            return value
    elif kind == "choice":
        if isinstance(value, str) and value in fact.choices:
            return value
    elif kind == "date":
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
    elif kind == "instant":
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value
    elif kind == "time":
        if isinstance(value, time):
            return value
    elif (
        kind == "set"
        and isinstance(value, (set, frozenset, tuple, list))
        and all(isinstance(item, str) for item in value)
    ):
        return frozenset(value)
    raise FactError(fact.name, expected(fact), value)


def expected(fact: Fact) -> str:
    """What a value of this fact looks like, in French, for error messages."""
    if fact.kind == "choice":
        return "un mot parmi " + ", ".join(fact.choices)
    return {
        "number": "un nombre",
        "whole": "un nombre entier",
        "yesno": "true ou false",
        "text": "un texte",
        "date": "une date AAAA-MM-JJ",
        "instant": "une date et une heure (avec fuseau)",
        "time": "une heure HH:MM",
        "set": "une liste de mots",
    }[fact.kind]


def parse_value(fact: Fact, text: str) -> Value:
    """Read a fact's value from text (files, command line). Instants are Paris time."""
    from preau.rulebook.when import paris_instant, parse_date, parse_time

    if fact.kind == "text":
        return text or None
    text = text.strip()
    try:
        if text in ("", "null", "~", "unknown"):
            return None
        if fact.kind in ("number", "whole"):
            return check_value(fact, Decimal(text))
        if fact.kind == "yesno":
            if text in ("true", "false"):
                return text == "true"
            raise FactError(fact.name, expected(fact), text)
        if fact.kind == "date":
            return parse_date(text)
        if fact.kind == "instant":
            return paris_instant(text)
        if fact.kind == "time":
            return parse_time(text)
        if fact.kind == "set":
            return frozenset(part.strip() for part in text.strip("[]").split(",") if part.strip())
    except (InvalidOperation, ValueError) as error:
        raise FactError(fact.name, expected(fact), text) from error
    return check_value(fact, text)


class Facts(Mapping[str, Any]):
    """Typed facts, checked against the declared list; immutable and hashable.

    ``Facts(quotient=Decimal(812), rank=3)`` or ``Facts({...}, own=rulebook.own_facts)`` when the
    town declares facts of its own. Unknown names and wrong types raise FactError.
    """

    __slots__ = ("_hash", "_values")

    def __init__(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        own: Mapping[str, Fact] | None = None,
        **named: Any,
    ) -> None:
        given = {**(values or {}), **named}
        checked: dict[str, Value] = {}
        for name, value in given.items():
            fact = BY_NAME.get(name) or (own or {}).get(name)
            if fact is None:
                raise FactError(name, "un fait déclaré", value, unknown=True)
            checked[name] = check_value(fact, value)
        self._values = checked
        self._hash: int | None = None

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._values.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and self._values == other._values

    def __repr__(self) -> str:
        return f"Facts({self._values!r})"

    def with_(self, own: Mapping[str, Fact] | None = None, **named: Any) -> "Facts":
        """A copy with some facts added or replaced, checked the same way."""
        new = Facts(named, own=own)
        merged = object.__new__(Facts)
        merged._values = {**self._values, **new._values}
        merged._hash = None
        return merged

    def _merged(self, more: Mapping[str, Value]) -> "Facts":
        merged = object.__new__(Facts)
        merged._values = {**self._values, **more}
        merged._hash = None
        return merged
