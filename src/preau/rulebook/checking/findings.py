"""One finding of the checker."""

from dataclasses import dataclass
from decimal import Decimal

ERROR, WARNING = "error", "warning"

CODES = {
    "hole": "trou entre deux tranches",
    "overlap": "valeur dans deux tranches",
    "empty_cell": "case vide",
    "no_unknown": "rien pour une famille sans cette donnée",
    "unreachable": "règle jamais atteinte",
    "no_tariff": "pas de tarif",
    "no_price": "pas de prix dans ce cas",
    "bad_product": "produit inconnu",
    "dates_overlap": "dates qui se chevauchent",
    "dates_hole": "jours sans règle",
    "deadline": "limite impossible",
    "deadline_closed": "limite un jour fermé",
    "no_start": "heure de début manquante",
    "ambiguous": "texte à deux lectures",
    "meal_cost": "repas au-dessus de son coût",
    "no_cost": "coût du repas non indiqué",
    "meal_debt": "repas refusé pour dette",
    "retroactive": "hausse rétroactive",
    "no_decision": "délibération manquante",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to settle. An error keeps a draft from being published; a warning does not.

    ``values`` are the exact values concerned; ``line`` is the line in the file when known.
    """

    severity: str
    code: str
    message: str
    rule_id: str = ""
    values: tuple[str, ...] = ()
    line: int | None = None

    @property
    def title(self) -> str:
        return CODES.get(self.code, self.code)

    @property
    def blocking(self) -> bool:
        return self.severity == ERROR


def error(code: str, message: str, rule_id: str = "", *values: object) -> Finding:
    return Finding(ERROR, code, message, rule_id, tuple(_value(v) for v in values))


def warning(code: str, message: str, rule_id: str = "", *values: object) -> Finding:
    return Finding(WARNING, code, message, rule_id, tuple(_value(v) for v in values))


def _value(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
