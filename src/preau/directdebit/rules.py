"""Pure rules of SEPA direct debit."""

from datetime import date, timedelta

MONTHS_UNUSED = 36
"""A mandate without a debit for 36 months lapses (SEPA core rulebook, 4.1)."""

REASONS = {
    "AC01": "numéro de compte incorrect",
    "AC04": "compte clos",
    "AC06": "compte bloqué",
    "AC13": "compte d’un professionnel",
    "AG01": "opération interdite sur ce compte",
    "AG02": "code opération incorrect",
    "AM04": "provision insuffisante",
    "AM05": "opération en double",
    "BE05": "identifiant créancier incorrect",
    "FF01": "format du fichier incorrect",
    "MD01": "pas de mandat, ou opération contestée",
    "MD02": "données du mandat incorrectes",
    "MD06": "opération contestée par le titulaire",
    "MD07": "titulaire décédé",
    "MS02": "refus du titulaire",
    "MS03": "motif non communiqué",
    "RC01": "identifiant de banque incorrect",
    "RR04": "raison réglementaire",
    "SL01": "service particulier de la banque du titulaire",
    "TM01": "fichier reçu trop tard",
}
FINAL = frozenset({"AC04", "MD01", "MD07", "AG01"})
"""After these, another debit can only fail: the mandate ends at once."""


def lapse_day(*, signed_on: date, last_used_on: date | None) -> date:
    """The first day on which the mandate no longer holds."""
    since = last_used_on or signed_on
    year, month = since.year + MONTHS_UNUSED // 12, since.month
    try:
        return since.replace(year=year)
    except ValueError:  # 29 February
        return date(year, month + 1, 1)


def promised_day(*, issued_on: date, due_on: date, notice_days: int) -> date:
    """The day that an invoice announces for its debit: its last day to pay, never sooner than the
    notice that the family is owed. No collection takes it before."""
    return max(due_on, issued_on + timedelta(days=notice_days))


def reason_words(code: str) -> str:
    """What a bank's reason code means."""
    return REASONS.get(code, f"motif {code}" if code else "motif non communiqué")
