"""Certificates that a family asks for and has at once, where what the town knows suffices.

One place gathers the facts from every domain; the portal and the agents' file both ask here.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from preau.attendance.presence import days_present
from preau.billing.tax import spread_paid
from preau.catalogue.queries import activity_names, school_year_of
from preau.certificates.enums import CertificateKind
from preau.certificates.services import CertificateFacts, issue_certificate
from preau.enrolments.queries import active_enrolments
from preau.families.queries import (
    address_of,
    children_of,
    custodies_on,
    get_children,
    payer_of,
)
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.errors import Refusal
from preau.schools.queries import schooling_on, schoolings_of
from preau.town.queries import get_town

if TYPE_CHECKING:
    from preau.families.models import Child, Family

UNDER = 6  # years, on 1 January of the year of the payments (CGI, art. 200 quater B)
YEARS_BACK = 3


class NothingToCertify(Refusal):
    message = "Il n’y a rien à attester pour cette période."
    code = "nothing_to_certify"


@dataclass(frozen=True, slots=True)
class Offer:
    """What this family may ask for today: years of tax certificates, and children."""

    tax_years: list[int]
    children: list["Child"]


def certificate_offer(*, family: "Family", now: datetime) -> Offer:
    """The current year (up to today) and the three before, and the household's children."""
    today = paris_day(now)
    return Offer(
        tax_years=[today.year - back for back in range(YEARS_BACK + 1)],
        children=children_of(family, today),
    )


def issue(
    *,
    kind: str,
    family: "Family",
    child: "Child | None",
    first: date | None,
    last: date | None,
    year: int | None,
    now: datetime,
    actor: Actor,
) -> Any:
    """Gather the facts and issue the certificate. Raises NothingToCertify."""
    today = paris_day(now)
    if kind == CertificateKind.TAX:
        facts = tax_facts(family=family, year=year or today.year, today=today)
    elif child is None:
        raise NothingToCertify("Choisissez un enfant.")
    elif kind == CertificateKind.ATTENDANCE:
        if first is None or last is None or last < first:
            raise NothingToCertify("Choisissez une période dont la fin suit le début.")
        facts = attendance_facts(family=family, child=child, first=first, last=last, today=today)
    elif kind == CertificateKind.LEAVING:
        facts = leaving_facts(family=family, child=child, today=today)
    elif kind == CertificateKind.ENROLMENT:
        facts = enrolment_facts(family=family, child=child, today=today)
    else:
        facts = school_facts(family=family, child=child, today=today)
    return issue_certificate(kind=kind, family_id=family.pk, facts=facts, now=now, actor=actor)


def tax_facts(*, family: "Family", year: int, today: date) -> CertificateFacts:
    """Childcare paid in the year for children under 6 on 1 January; meals and penalties left out.

    Sums paid, not sums invoiced (CGI, art. 200 quater B; BOI-IR-RICI-300). A running year is
    certified up to today, and says so. Shared custody halves the parent's ceiling: said too.
    """
    first, last = date(year, 1, 1), min(date(year, 12, 31), today)
    if last < first:
        raise NothingToCertify
    rows_paid = spread_paid(family_id=family.pk, first=first, last=last)
    # Those it paid for, even if they have left the household since.
    youngest = {
        pk: child
        for pk, child in get_children(
            row["child_id"] for row in rows_paid if row["child_id"]
        ).items()
        if child.birth_on and is_under_six(child.birth_on, year)
    }
    paid: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows_paid:
        if row["child_id"] in youngest and row["counts_for_tax"] and not row["is_meal"]:
            paid[row["child_id"]][row["activity_id"]] += row["cents"] - row["penalty_cents"]
    total = sum(sum(by_activity.values()) for by_activity in paid.values())
    if total <= 0:
        raise NothingToCertify(
            f"Aucune somme payée en {year} n’ouvre droit au crédit d’impôt : il concerne la garde, "
            f"repas exclus, des enfants de moins de {UNDER} ans au 1er janvier {year}."
        )
    names = activity_names({a for by_activity in paid.values() for a in by_activity})
    homes = custodies_on(paid, last)
    rows = [
        [_name(youngest[child_id]), _born(youngest[child_id]), names[activity], french.euros(cents)]
        for child_id, by_activity in paid.items()
        for activity, cents in sorted(by_activity.items())
        if cents > 0
    ]
    shared = [_name(youngest[c]) for c in paid if len(homes.get(c, [])) > 1]
    notes = [
        "Les repas, les majorations et les pénalités ne sont pas compris dans ces sommes.",
        "Sommes effectivement payées au cours de l’année, quelle que soit la date des factures.",
    ]
    if shared:
        notes.append(
            f"{french.and_join(shared)} : résidence alternée ; le plafond de chaque parent est "
            "alors réduit de moitié."
        )
    if last < date(year, 12, 31):
        notes.append(
            f"Année en cours : sommes arrêtées au {french.day(last, year=True, weekday=False)}."
        )
    title = f"Attestation fiscale {year}"
    return CertificateFacts(
        title=title,
        starts_on=first,
        ends_on=last,
        data=_paper(
            family,
            today,
            sentences=[
                f"La ville atteste que le foyer {family.name}, code famille "
                f"{family.printed_code}, a payé {french.period(first, last, year=True)} les sommes "
                "suivantes pour la garde de ses enfants de moins de six ans."
            ],
            columns=["Enfant", "Né(e) le", "Activité", "Somme payée"],
            rows=rows,
            total=f"Total : {french.euros(total)}",
            notes=notes,
        ),
        public_facts={
            "Foyer": family.name,
            "Année": str(year),
            "Total": french.euros(total),
        },
    )


def is_under_six(birth_on: date, year: int) -> bool:
    """Under six on 1 January of the year."""
    return birth_on > date(year - UNDER, 1, 1)


def attendance_facts(
    *, family: "Family", child: "Child", first: date, last: date, today: date
) -> CertificateFacts:
    """The days on which the child really came, by activity, as the sites recorded them."""
    last = min(last, today)
    found = days_present(child_id=child.pk, family_id=family.pk, first=first, last=last)
    if not found:
        raise NothingToCertify(
            f"{child.first_name} n’a été {_agreed(child, 'pointé')} {_agreed(child, 'présent')} à "
            "aucune activité à ces dates."
        )
    return CertificateFacts(
        title="Attestation de présence",
        starts_on=first,
        ends_on=last,
        child_id=child.pk,
        data=_paper(
            family,
            today,
            sentences=[
                f"La ville atteste que {_who(child)}, a été {_agreed(child, 'présent')} "
                f"{french.period(first, last, year=True)} aux activités suivantes."
            ],
            columns=["Activité", "Lieu", "Du", "Au", "Jours"],
            rows=[
                [
                    row.activity,
                    row.establishment,
                    f"{row.first_on:%d/%m/%Y}",
                    f"{row.last_on:%d/%m/%Y}",
                    str(row.days),
                ]
                for row in found
            ],
        ),
        public_facts={
            "Enfant": _name(child),
            "Période": french.period(first, last, year=True),
            "Jours": french.and_join(
                f"{row.activity} : {french.count(row.days, 'jour')}" for row in found
            ),
        },
    )


def enrolment_facts(*, family: "Family", child: "Child", today: date) -> CertificateFacts:
    """The activities in which the child is enrolled today."""
    found = [e for e in active_enrolments(family.pk, today) if e.child_id == child.pk]
    if not found:
        raise NothingToCertify(
            f"{child.first_name} n’est {_agreed(child, 'inscrit')} à aucune activité."
        )
    return CertificateFacts(
        title="Attestation d’inscription",
        starts_on=today,
        ends_on=max(e.ends_on for e in found),
        child_id=child.pk,
        data=_paper(
            family,
            today,
            sentences=[
                f"La ville atteste que {_who(child)}, est {_agreed(child, 'inscrit')} "
                "à ce jour aux activités suivantes."
            ],
            columns=["Activité", "Lieu", "Du", "Au"],
            rows=[
                [
                    e.offering.activity.name,
                    e.offering.establishment.name,
                    f"{e.starts_on:%d/%m/%Y}",
                    f"{e.ends_on:%d/%m/%Y}",
                ]
                for e in found
            ],
        ),
        public_facts={
            "Enfant": _name(child),
            "Activités": french.and_join(e.offering.activity.name for e in found),
        },
    )


def school_facts(*, family: "Family", child: "Child", today: date) -> CertificateFacts:
    """The school and class of the child today."""
    schooling = schooling_on([child.pk], today).get(child.pk)
    year = school_year_of(today)
    if schooling is None or year is None:
        raise NothingToCertify(
            f"{child.first_name} n’est {_agreed(child, 'scolarisé')} dans aucune de nos écoles."
        )
    school_class = f", classe {schooling.school_class.name}" if schooling.school_class else ""
    return CertificateFacts(
        title="Certificat de scolarité",
        starts_on=schooling.starts_on,
        ends_on=schooling.ends_on,
        child_id=child.pk,
        data=_paper(
            family,
            today,
            sentences=[
                f"La ville certifie que {_who(child)}, est {_agreed(child, 'inscrit')} "
                f"à {_school(schooling)}, niveau {schooling.level}"
                f"{school_class}, pour l’année scolaire {year.label}."
            ],
        ),
        public_facts={
            "Enfant": _name(child),
            "École": schooling.establishment.name,
            "Année scolaire": year.label,
        },
    )


def leaving_facts(*, family: "Family", child: "Child", today: date) -> CertificateFacts:
    """That the child has left, or is about to leave, its school (certificat de radiation)."""
    last = schoolings_of([child.pk]).first()
    if last is None:
        raise NothingToCertify(
            f"{child.first_name} n’a été {_agreed(child, 'scolarisé')} dans aucune de nos écoles."
        )
    if last.ends_on >= last.school_year.ends_on and last.ends_on > today:
        raise NothingToCertify(
            f"{child.first_name} est encore à {_school(last)} : notez d’abord son départ."
        )
    return CertificateFacts(
        title="Certificat de radiation",
        starts_on=last.starts_on,
        ends_on=last.ends_on,
        child_id=child.pk,
        data=_paper(
            family,
            today,
            sentences=[
                f"La ville certifie que {_who(child)}, {_agreed(child, 'inscrit')} à "
                f"{_school(last)}, niveau {last.level}, depuis le "
                f"{french.day(last.starts_on, year=True, weekday=False)}, en est "
                f"{_agreed(child, 'radié')} après le "
                f"{french.day(last.ends_on, year=True, weekday=False)}.",
                "Ce certificat permet son inscription dans une autre école.",
            ],
        ),
        public_facts={
            "Enfant": _name(child),
            "École": last.establishment.name,
            "Radié après le": french.day(last.ends_on, year=True, weekday=False),
        },
    )


def _paper(
    family: "Family",
    today: date,
    *,
    sentences: list[str],
    columns: list[str] | None = None,
    rows: list[list[str]] | None = None,
    total: str = "",
    notes: list[str] | None = None,
) -> dict[str, Any]:
    payer = payer_of(family)
    address = address_of(family)
    return {
        "day": french.day(today, year=True, weekday=False),
        "recipient": [
            f"{payer.get_civility_display()} {payer}".strip() if payer else family.name,
            address.line1,
            *([address.line2] if address.line2 else []),
            f"{address.postcode} {address.city}",
        ],
        "sentences": sentences,
        "columns": [
            {"label": label, "amount": label in {"Somme payée", "Jours"}} for label in columns or []
        ],
        "rows": rows or [],
        "total": total,
        "notes": notes or [],
        "signature": f"Pour le maire de {get_town().name}, par délégation",
    }


def _name(child: "Child") -> str:
    return f"{child.first_name} {child.usage_name or child.last_name}"


def _who(child: "Child") -> str:
    return f"{_name(child)}, {_agreed(child, 'né')} le {_born(child)}"


def _agreed(child: "Child", word: str) -> str:
    """A participle that agrees with the child; both endings when the town does not know."""
    return {"F": f"{word}e", "M": word}.get(child.sex, f"{word}(e)")


def _school(schooling: Any) -> str:
    """«l’école élémentaire Jules-Ferry», «l’école Jules-Ferry», «le groupe…» as it is named."""
    name: str = schooling.establishment.name
    kind, _space, rest = name.partition(" ")
    return f"l’{kind.lower()} {rest}" if kind.lower() in {"école", "ecole"} else f"l’école {name}"


def _born(child: "Child") -> str:
    return f"{child.birth_on:%d/%m/%Y}" if child.birth_on else "à naître"
