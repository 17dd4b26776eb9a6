"""Loading the demo town: all of it or nothing, in one transaction."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from preau.accounts.queries import find_agent_by_email
from preau.demo.town import (
    children,
    days,
    debts,
    identity,
    money,
    nursery,
    offer,
    opening,
    population,
    presence,
    rentree,
    requests,
    rules,
    sharing,
    till,
    writing,
)
from preau.demo.town.people import AGENTS
from preau.demo.town.story import Story
from preau.families.queries import active_families
from preau.kernel.locks import advisory_lock

_LOCK = 8_790

Say = Callable[[str], object]


class DatabaseInUse(RuntimeError):
    """The database holds files that are not the demo's."""


def is_loaded() -> bool:
    """One query: whether the demo town is there."""
    return find_agent_by_email(AGENTS[0].email) is not None


@transaction.atomic
def load(*, now: datetime, say: Say | None = None) -> bool:
    """Load the demo town as if it had lived to `now`; False when it is there already.

    Raises DatabaseInUse when the database holds other families: a demo never mixes with them.
    """
    if settings.PRODUCTION:
        raise DatabaseInUse("La ville de démonstration ne se charge pas en production.")
    if is_loaded():
        return False
    advisory_lock(_LOCK, 0)
    if is_loaded():
        return False
    if active_families().exists():
        raise DatabaseInUse(
            "Cette base contient déjà des dossiers : la ville de démonstration veut une base vide."
        )
    tell(Story(now=now), say)
    return True


def tell(story: Story, say: Say | None = None) -> None:
    """The story, chapter after chapter."""

    @contextmanager
    def chapter(name: str, *, is_heavy: bool = False) -> Iterator[None]:
        began = time.monotonic()
        yield
        with connection.cursor() as cursor:
            # Keys checked now: a long queue of checks slows each savepoint that is undone.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            if is_heavy:
                cursor.execute("ANALYZE")  # nobody else does before the transaction ends
        if say:
            say(f"{name} : {time.monotonic() - began:.1f} s")

    with chapter("La ville et son offre"):
        identity.write_identity(story)
        offer.build_offer(story)
        rules.set_pieces(story)
        rules.set_requests(story)
        rules.open_cash_offices(story)
        rules.hire_agents(story)
        till.record_acts(story)
        rules.publish_rules(story)
    with chapter("Les familles", is_heavy=True):
        population.import_register(story)
        homes = population.find_homes(story)
        pupils = population.read_pupils(story)
        population.give_quotients(story, homes, pupils)
        population.choose_diets(story, pupils)
    with chapter("Les inscriptions et les réservations", is_heavy=True):
        habits = days.form_habits(story, pupils, homes)
        booked = days.enrol_and_book(story, habits)
    with chapter("Les pièces et les cartes"):
        days.give_pieces(story, booked, homes)
        presence.give_cards(story, booked, homes)
    with chapter("Les absences et le pointage", is_heavy=True):
        presence.tell_absences(story, booked, homes)
        presence.keep_sheets(story, booked)
    with chapter("Les fiches des enfants, la garde et la cuisine"):
        children.fill_sheets(story, pupils, homes)
        children.share_custody(story, pupils, homes)
        children.staff_sites(story)
        children.feed_town(story, homes)
    with chapter("La crèche"):
        nursery.fill_nursery(story, pupils, homes)
    with chapter("Les factures", is_heavy=True):
        sharing.agree_with_third_parties(story)
        money.issue_invoices(story)
    with chapter("Les paiements"):
        money.take_payments(story, homes)
    with chapter("Les prélèvements, les relances et les titres"):
        debts.owe_and_collect(story, homes)
    with chapter("Les avances et les régularisations"):
        sharing.settle_with_third_parties(story)
        sharing.pay_in_advance(story)
        sharing.learn_late(story)
    with chapter("Les demandes"):
        requests.receive_requests(story, booked, homes)
        requests.offer_a_place(story, booked, homes)
        opening.set_windows(story)
        opening.hold_a_place(story, booked, homes)
        requests.issue_certificates(story, homes)
    with chapter("Les secteurs et la rentrée à venir"):
        rentree.prepare_the_year(story, pupils)
    with chapter("Les messages"):
        writing.write_to_many(story)
