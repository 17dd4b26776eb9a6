"""What a contract, or an amendment, says on paper: plain French values, from what was agreed."""

from datetime import date
from typing import Any

from preau.childcare.models import Contract, Terms
from preau.childcare.queries.places import care_settings
from preau.childcare.rules.week import read_week, span_words
from preau.families import queries as families
from preau.kernel import french

DEDUCTIONS = (
    "Fermeture de l’établissement, hospitalisation, éviction décidée par la crèche : déduites dès "
    "le premier jour.",
    "Maladie, avec un certificat : déduite à partir du quatrième jour ; le premier et les deux "
    "jours calendaires qui le suivent restent dus.",
    "Toute autre absence : les heures du contrat restent dues.",
    "Toute demi-heure commencée au-delà des heures du contrat est due.",
)
"""What every contract says of deductions: the national reference. The town's published rules, where
they say more for the family, are applied day by day on the statement."""


def title_of(terms: Terms) -> str:
    """«Contrat d’accueil», «Avenant au contrat d’accueil»."""
    return (
        "Contrat d’accueil" if terms.cause == Terms.Cause.SIGNED else "Avenant au contrat d’accueil"
    )


def contract_facts(contract: Contract, terms: Terms) -> dict[str, Any]:
    """Everything that the document says, in plain values: kept, so that it can be printed again.

    `contract` with its child, family, establishment and section.
    """
    adults = [str(adult) for adult in families.guardians_of(contract.family_id)]
    settings = care_settings()
    long = _long
    first = max(terms.applies_from, contract.starts_on)
    hours = french.minutes
    return {
        "title": title_of(terms),
        "child": str(contract.child),
        "born": long(contract.child.birth_on) if contract.child.birth_on else "",
        "family": f"{contract.family.name}, code famille {contract.family.printed_code}",
        "adults": french.and_join(adults),
        "site": contract.establishment.name,
        "section": contract.section.name if contract.section else "",
        "from": long(first),
        "until": long(contract.ends_on),
        "reason": terms.reason if terms.cause == Terms.Cause.AMENDED else "",
        "week": [
            {"day": french.WEEKDAYS[index].capitalize(), "hours": span_words(span)}
            for index, span in enumerate(read_week(terms.week))
        ],
        "adaptation": [
            {"day": long(date.fromisoformat(step[0])), "hours": span_words((step[1], step[2]))}
            for step in (contract.adaptation if terms.cause == Terms.Cause.SIGNED else ())
        ],
        "adaptation_words": "L’adaptation est gratuite."
        if settings.adaptation_is_free
        else "Les heures d’adaptation sont payées au tarif horaire.",
        "weeks_off": f"{terms.weeks_off.normalize():f}".replace(".", ","),
        "closed": [french.day_short(date.fromisoformat(day)) for day in terms.closed_days],
        "hourly": french.euros(terms.hourly_cents),
        "tariff": list(terms.tariff_sentences),
        "instalment": french.euros(terms.instalment_cents),
        "arithmetic": (
            f"{hours(terms.minutes)} de contrat × {french.euros(terms.hourly_cents)} de l’heure ÷ "
            f"{french.count(terms.months, 'mois', 'mois')} = "
            f"{french.euros(terms.instalment_cents)} par mois."
        ),
        "deductions": list(DEDUCTIONS),
        "notice": f"Départ avant la fin : préavis de {french.count(settings.notice_days, 'jour')}.",
        "signatures": [],
    }


def _long(day: date) -> str:
    return french.day(day, year=True, weekday=False)
