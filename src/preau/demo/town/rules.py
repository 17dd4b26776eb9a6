"""Pieces asked, kinds of request, cash offices and their banks, the agents."""

import re
from datetime import date
from typing import Any

from django.conf import settings

from preau.accounts import services as accounts
from preau.accounts.enums import Role
from preau.accounts.fixed import set_fixed_password
from preau.billing import services as billing
from preau.bookings.rates import forget_rates
from preau.casework.kinds import all_kinds
from preau.casework.services import save_kind_settings
from preau.demo.bank.merchants import (
    DEMO_SECRET_TEST,
    DEMO_SIRET,
    DEMO_SITE_ID,
    DEMO_SPPLUS_KEY,
    DEMO_SPPLUS_OFFICE,
    DEMO_SYSTEMPAY_OFFICE,
)
from preau.demo.town.people import AGENT_PASSWORD, AGENTS
from preau.demo.town.story import Story, actor_of
from preau.enrolments.services import save_document_kind, set_required_documents
from preau.payments.gateways import save_gateway
from preau.rulebook.services import publish, save_draft

RULEBOOK = settings.PROJECT_DIR / "examples" / "rulebooks" / "demo.yaml"

# slug: name, hint, by child, months of validity, until the end of the school year, health
PIECES: dict[str, tuple[str, str, bool, int | None, bool, bool]] = {
    "assurance": (
        "Assurance scolaire et extrascolaire",
        "L’attestation de l’année en cours, au nom de l’enfant.",
        True,
        None,
        True,
        False,
    ),
    "fiche-sanitaire": (
        "Fiche sanitaire de liaison",
        "Remplie et signée ; seuls les animateurs du site la lisent.",
        True,
        None,
        True,
        True,
    ),
    "vaccinations": (
        "Vaccinations",
        "La page des vaccins du carnet de santé.",
        True,
        24,
        False,
        True,
    ),
    "attestation-sport": (
        "Attestation de santé pour le sport",
        "Le questionnaire de santé suffit : aucune réponse ne nous est transmise.",
        True,
        None,
        True,
        False,
    ),
    "justificatif-domicile": (
        "Justificatif de domicile",
        "Facture d’électricité, d’eau ou d’internet, ou bail, de moins de trois mois.",
        False,
        12,
        False,
        False,
    ),
    "livret-famille": (
        "Livret de famille ou acte de naissance",
        "La page de chaque enfant suffit.",
        False,
        None,
        False,
        False,
    ),
    "piece-identite": (
        "Pièce d’identité",
        "Carte d’identité, passeport ou titre de séjour.",
        False,
        120,
        False,
        False,
    ),
    "attestation-quotient": (
        "Attestation de quotient familial",
        "À télécharger dans votre espace CAF ou MSA.",
        False,
        12,
        False,
        False,
    ),
}
REQUIRED = {
    "cantine": ["assurance"],
    "matin": ["assurance"],
    "soir": ["assurance"],
    "mercredi": ["assurance", "fiche-sanitaire"],
    "vacances": ["assurance", "fiche-sanitaire"],
    "judo": ["attestation-sport"],
    "natation": ["attestation-sport"],
}
SERVICE_OF = {
    "ENROLMENT": "enfance",
    "ABSENCE": "enfance",
    "DIET": "enfance",
    "CARD": "enfance",
    "SCHOOL_ENROLMENT": "affaires-scolaires",
    "CRECHE_PLACE": "petite-enfance",
    "INVOICE_DISPUTE": "regie",
    "QUOTIENT": "regie",
}


def set_pieces(story: Story) -> None:
    """Which pieces exist, and which activity asks for which."""
    by = {"now": story.opening, "actor": story.town_hall}
    for slug, (name, hint, by_child, months, school_year, health) in PIECES.items():
        kind = save_document_kind(
            slug=slug,
            name=name,
            hint=hint,
            subject="CHILD" if by_child else "FAMILY",
            valid_months=months,
            until_school_year_end=school_year,
            is_sensitive=health,
            **by,
        )
        story.pieces[slug] = kind.pk
    for activity, pieces in REQUIRED.items():
        set_required_documents(
            activity_id=story.activities[activity],
            kind_ids=[story.pieces[slug] for slug in pieces],
            **by,
        )


def set_requests(story: Story) -> None:
    """Who answers each kind of request, in how many days, and what needs no agent."""
    for kind in all_kinds():
        save_kind_settings(
            kind=kind.kind,
            is_automatic=kind.default_automatic,
            service_id=story.services[SERVICE_OF.get(kind.kind, "guichet-famille")],
            days=kind.default_days,
            next_step=str(kind.default_next_step),
            now=story.opening,
            actor=story.town_hall,
        )


def open_cash_offices(story: Story) -> None:
    """Two cash offices, each with its bank, and what each collects."""
    by: dict[str, Any] = {"now": story.opening, "actor": story.town_hall}
    bank = settings.DEMO_BANK_URL
    childhood = billing.save_cash_office(
        code=DEMO_SPPLUS_OFFICE,
        name="Régie Enfance et éducation",
        act_reference="Décision 2024-112 du 3 juin 2024",
        cashier_name="Odile Marchand",
        address="Hôtel de ville, 53 bis rue de Fontenay, 94300 Vincennes",
        phone="0199002050",
        payment_days=25,
        means=["CASH", "CHEQUE", "CARD"],
        **by,
    )
    sports = billing.save_cash_office(
        code=DEMO_SYSTEMPAY_OFFICE,
        name="Régie des sports",
        act_reference="Décision 2024-118 du 17 juin 2024",
        cashier_name="Karim Haddad",
        address="Gymnase Léo-Lagrange, 3 rue du Maréchal, 94300 Vincennes",
        phone="0199002060",
        payment_days=30,
        means=["CHEQUE", "CARD"],
        accepts_top_up=True,
        **by,
    )
    story.offices |= {childhood.code: childhood.pk, sports.code: sports.pk}
    save_gateway(
        cash_office_id=childhood.pk,
        gateway="SPPLUS",
        options={"siret": DEMO_SIRET, "service_url": bank},
        secret=DEMO_SPPLUS_KEY,
        is_test=True,
        is_active=True,
        **by,
    )
    save_gateway(
        cash_office_id=sports.pk,
        gateway="SYSTEMPAY",
        options={"site_id": DEMO_SITE_ID, "service_url": f"{bank}/vads-payment"},
        secret=DEMO_SECRET_TEST,
        is_test=True,
        is_active=True,
        **by,
    )
    accounts_of = {
        "cantine": (childhood.pk, "70671", True, False),
        "matin": (childhood.pk, "70672", False, True),
        "soir": (childhood.pk, "70672", False, True),
        "mercredi": (childhood.pk, "70672", False, True),
        "vacances": (childhood.pk, "70672", False, True),
        "creche": (childhood.pk, "70661", False, True),
        "judo": (sports.pk, "70631", False, False),
        "natation": (sports.pk, "70631", False, False),
        "adhesion-sports": (sports.pk, "70631", False, False),
    }
    for activity, (office, code, is_meal, for_tax) in accounts_of.items():
        billing.assign_activity(
            activity_id=story.activities[activity],
            cash_office_id=office,
            accounting_code=code,
            is_meal=is_meal,
            counts_for_tax=for_tax,
            is_prepaid=activity == "judo",
            **by,
        )


def hire_agents(story: Story) -> None:
    """One agent for each role, all with the password of the demonstration."""
    by = {"now": story.opening, "actor": story.town_hall}
    users = []
    for agent in AGENTS:
        user = accounts.create_agent(
            email=agent.email, first_name=agent.first_name, last_name=agent.last_name, **by
        )
        accounts.assign_role(
            user=user,
            role=Role(agent.role),
            starts_on=date(2024, 9, 1),
            establishment_id=story.sites[agent.site] if agent.site else None,
            **by,
        )
        users.append(user)
        actor = actor_of(user, f"{agent.first_name} {agent.last_name}", is_agent=True)
        story.agents[agent.email] = actor
        story.agents.setdefault(agent.role, actor)
    set_fixed_password(users=users, password=AGENT_PASSWORD, now=story.opening)


def publish_rules(story: Story) -> None:
    """The council's rulebook, published; and next year's, being written."""
    text = RULEBOOK.read_text(encoding="utf-8")
    actor = story.agent("ACCOUNTANT")
    draft = save_draft(text=text, now=story.opening, actor=actor)
    publish(version_id=draft.pk, now=story.opening, actor=actor)
    year = story.rentree.year + 1
    later = re.sub(r"(?m)^applies_from: .*$", f"applies_from: {year}-09-01", text)
    later = re.sub(r"(?m)^(council_decision|executory_on): .*\n", "", later)
    save_draft(
        text=later.replace("price: 5.10", "price: 5.20"),
        name=f"Projet pour la rentrée {year}",
        now=story.ago(9),
        actor=actor,
    )
    forget_rates()
