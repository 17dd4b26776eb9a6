"""A small town for the stories: the demo's offer and rules on few sites, and a pupils' register."""

import datetime as dt
from typing import Any

import pytest

from preau.accounts.enums import Role
from preau.billing import acts
from preau.billing import services as billing
from preau.bookings.rates import forget_rates
from preau.bookings.services import open_slots
from preau.demo.town import identity, offer, rules, till
from preau.demo.town.people import AGENTS
from preau.demo.town.story import Story
from preau.kernel.clock import at_paris

SCHOOL, NURSERY = "elementaire-simone-veil", "maternelle-les-platanes"
ELSEWHERE = {*offer.ELEMENTARIES, *offer.NURSERIES} - {SCHOOL, NURSERY}
SERVICES = {"SPPLUS": "enfance", "SYSTEMPAY": "sports"}
EMAILS = {Role(agent.role): agent.email for agent in AGENTS}

PUPILS = """\
Nom élève;Nom d'usage élève;Prénom élève;Date naissance;Sexe;INE;Adresse1;Cp1;Commune1;Pays1;\
Adresse2;Cp2;Commune2;Pays2; Cycle;Niveau;Libellé classe;Identifiant classe;Attestation fournie;\
Autorisation associations;Autorisation photo;Décision de passage
ROUSSEAU;;Lina;14/03/2020;F;1000000001A;8 rue du Lavoir;94300;VINCENNES;FRANCE;;;;;CYCLE II;CP;\
CP - MME DURAND;501;Oui;Oui;Oui;
ROUSSEAU;;Noé;02/09/2018;M;1000000002B;8 rue du Lavoir;94300;VINCENNES;FRANCE;;;;;CYCLE II;CE2;\
CE2 - M. PETIT;502;Oui;Oui;Oui;
MARTIN;;Jeanne;21/06/2020;F;1000000003C;3 rue Massue;94300;VINCENNES;FRANCE;17 avenue Aubert;\
94300;VINCENNES;FRANCE;CYCLE II;CP;CP - MME DURAND;501;Oui;Non;Non;
PERDU;;Élie;31/02/2020;M;1000000004D;3 rue Massue;94300;VINCENNES;FRANCE;;;;;CYCLE II;CP;\
CP - MME DURAND;501;Oui;Non;Non;
"""
CHILD = "Nom d'usage enfant;Nom de famille enfant;Prénom enfant;Classes enfants"
ADULTS = f"""\
Civilité Responsable;Nom usage responsable;Nom responsable;Prénom responsable;\
Adresse responsable;CP responsable;Commune responsable;Pays;Courriel;Téléphone domicile;\
Téléphone travail;Téléphone portable;{CHILD};{CHILD}
MME;;BELKACEM;Amina;8 rue du Lavoir;94300;VINCENNES;FRANCE;amina.belkacem@example.org;;;\
0639981120;;ROUSSEAU;Lina;CP - MME DURAND;;ROUSSEAU;Noé;CE2 - M. PETIT
M.;;ROUSSEAU;Thomas;8 rue du Lavoir;94300;VINCENNES;FRANCE;thomas.rousseau@example.org;;;\
0639983055;;ROUSSEAU;Lina;CP - MME DURAND;;ROUSSEAU;Noé;CE2 - M. PETIT
MME;;MARTIN;Odette;3 rue Massue;94300;VINCENNES;FRANCE;odette.martin@example.org;;;0639984411;;\
MARTIN;Jeanne;CP - MME DURAND;;;;
M.;;FABRE;Luc;17 avenue Aubert;94300;VINCENNES;FRANCE;luc.fabre@example.org;;;0639984412;;MARTIN;\
Jeanne;CP - MME DURAND;;;;
"""


def at(day: int, hour: int = 9, minute: int = 0, month: int = 10) -> dt.datetime:
    """An instant of the story's autumn, by a clock in Paris."""
    return at_paris(dt.date(2026, month, day), dt.time(hour, minute))


def register_files() -> tuple[dict[str, Any], dict[str, Any]]:
    """ONDE's two exports, as a browser sends them."""
    pupils, adults = (
        {
            "name": name,
            "mimeType": "text/csv",
            "buffer": text.replace("\n", "\r\n").encode("cp1252"),
        }
        for name, text in (("eleves.csv", PUPILS), ("responsables.csv", ADULTS))
    )
    return pupils, adults


def build_town(patch: pytest.MonkeyPatch, *, bank: str) -> Story:
    """The town before its families: sites, offer, pieces, rules, cash offices and agents.

    The canteen is enrolled in by an agent's hand, and collected by the cash office of `bank`.
    """
    patch.setattr(offer, "SITES", {k: v for k, v in offer.SITES.items() if k not in ELSEWHERE})
    patch.setattr(offer, "ELEMENTARIES", [SCHOOL])
    patch.setattr(offer, "NURSERIES", [NURSERY])
    patch.setattr(
        offer, "ACTIVITIES", [{**given, "is_automatic": False} for given in offer.ACTIVITIES]
    )
    patch.setattr(offer, "open_slots", lambda **_: 0)
    story = Story(now=at(5))
    by: dict[str, Any] = {"now": story.opening, "actor": story.town_hall}
    identity.write_identity(story)
    offer.build_offer(story)
    rules.set_pieces(story)
    rules.set_requests(story)
    rules.open_cash_offices(story)
    rules.hire_agents(story)
    till.record_acts(story)
    rules.publish_rules(story)
    billing.assign_activity(
        activity_id=story.activities["cantine"],
        cash_office_id=story.offices[SERVICES[bank]],
        accounting_code="70671",
        is_meal=True,
        counts_for_tax=False,
        **by,
    )
    if SERVICES[bank] == "sports":
        # The act of this office says nothing of meals: its next version does.
        acts.record_act(
            cash_office_id=story.offices["sports"],
            reference="Décision 2024-130",
            signed_on=dt.date(2024, 9, 2),
            in_force_on=dt.date(2024, 9, 2),
            activity_ids=[story.activities["cantine"]],
            means=["CHEQUE", "CARD", "ONLINE"],
            **by,
        )
    open_slots(
        offering_ids=[story.offerings["cantine", story.sites[SCHOOL]]],
        first=dt.date(2026, 10, 5),
        last=dt.date(2026, 11, 30),
        **by,
    )
    forget_rates()
    return story
