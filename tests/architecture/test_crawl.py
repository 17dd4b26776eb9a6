"""The demo town, visited link by link: nothing breaks, nothing is slow, nothing leaks."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections, transaction
from django.http import HttpResponse
from django.test import Client

from preau.accounts.enums import Role
from preau.demo.bank import pages as bank
from preau.demo.bank.book import Payment
from preau.families.models import Guardian
from preau.kernel.clock import utc_now
from tests.harness.crawl import Crawl, crawl
from tests.harness.every_page import NoExample, WholeTown
from tests.harness.people import make_agent
from tests.harness.reading import EXPECTED, Reader, refusals, told
from tests.harness.routes import routes

# One process reads the whole file, in one copy of the town.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crawl")]
FAMILY = "preau.families.auth.FamilyBackend"
AGENT = "preau.accounts.auth.AgentBackend"
MOST_QUERIES = 15
# Named by a cash office or a kind of request, not by an object: each family finds its own there.
OWN_BY_NAME = ("/compte/releve/", "/compte/credit/", "/demandes/nouvelle/")


@pytest.fixture(scope="module")
def town(demo_town: str, django_db_blocker: Any) -> Iterator[Any]:
    """The demo town in a transaction that is taken back at the file's end.

    It gives its connection: once a browser runs, Django would open another (asgiref's locals).
    """
    with django_db_blocker.unblock():
        held = connections["default"]
        with transaction.atomic():
            yield held
            connections["default"] = held
            transaction.set_rollback(True)


def families(number: int) -> list[Any]:
    """Accounts of different households, those with the most children first."""
    from django.db.models import Count

    found = (
        Guardian.objects.filter(user__isnull=False, user__is_active=True)
        .annotate(children=Count("family__custodies", distinct=True))
        .order_by("-children", "pk")
        .select_related("user")
    )
    chosen: dict[int, Any] = {}
    for guardian in found:
        if not guardian.user.must_change_password:
            chosen.setdefault(guardian.family_id, guardian.user)
    return list(chosen.values())[:number]


def signed_in(user: Any, backend: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend=backend)
    return client


def leaks(client: Client, addresses: set[str], accepted: set[int]) -> list[str]:
    return [
        f"seen by another: {method} {address} -> {answer.status_code}"
        for address in sorted(addresses)
        for method in ("get", "post")
        for answer in [getattr(client, method)(address)]
        if answer.status_code not in accepted
    ]


def slow(seen: Crawl) -> list[str]:
    return [
        f"{address}: {number} queries"
        for address, number in seen.queries.items()
        if number > MOST_QUERIES
    ]


def test_the_demo_town_link_by_link(town: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three visits; each says what it found wrong.

    The rules and the calendar are kept for some seconds by each process, as in production; a
    page is counted once they are.
    """
    monkeypatch.setattr("preau.bookings.rates.KEEP_SECONDS", 600.0)
    wrong = {
        "a family's space": visit_a_family(),
        "the town hall": visit_the_town_hall(),
        "the public part": crawl(Client(raise_request_exception=False), "/activites/").broken,
    }
    told = [f"{where}: {line}" for where, found in wrong.items() for line in found]
    print("\n".join(told))
    assert not told


def visit_a_family() -> list[str]:
    first, second = families(2)
    reader = signed_in(first, FAMILY)
    for activity in ("cantine", "matin", "soir", "mercredi", "vacances"):
        reader.get(f"/espace/reservations/?activite={activity}")
    mine = crawl(reader, "/espace/")
    assert len(mine.pages) > 8
    other_client = signed_in(second, FAMILY)
    # What names an object of the first family, and is not offered to the second one too.
    private = mine.objects() - crawl(other_client, "/espace/").objects()
    private = {a for a in private if not any(part in a for part in OWN_BY_NAME)}
    assert private
    return mine.broken + slow(mine) + leaks(other_client, private, {403, 404, 405})


def visit_the_town_hall() -> list[str]:
    administrator = make_agent(Role.ADMINISTRATOR, email="toute.la.mairie@preau.example")
    seen = crawl(signed_in(administrator, AGENT), "/mairie/demandes/", most=800)
    assert len(seen.pages) > 30
    nobody = make_agent(email="sans.role@preau.example")
    nobody.roles.all().delete()
    parent = families(1)[0]
    return (
        seen.broken
        + leaks(signed_in(nobody, AGENT), seen.objects(), {403, 404, 405})
        + leaks(signed_in(parent, FAMILY), seen.objects(), {404, 405})
    )


def test_axe_finds_nothing_on_any_page(
    town: Any, open_page: Callable[..., Any], request: pytest.FixtureRequest, settings: Any
) -> None:
    """Every route with a page, whoever it is for: a new one without an object to show fails here.

    `--all-looks` reads each page at 1280 and 360 px, light and dark, then what its forms answer
    when they are sent empty.
    """
    connections["default"] = town
    settings.ROOT_URLCONF = "tests.harness.demo_urls"
    whole = bool(request.config.getoption("--all-looks"))
    reader = Reader(open_page(expected=EXPECTED), all_looks=whole)
    every = WholeTown(now=utc_now())
    wrong, read = [], 0
    for route in routes():
        before = transaction.savepoint()
        try:
            pages = every.pages(route)
        except NoExample as missing:
            transaction.savepoint_rollback(before)  # a page that broke may have broken it too
            wrong.append(f"no page to read: {missing}")
            continue
        for page in pages:
            read += 1
            wrong += reader.read(page.name, page.address, page.answer, page.client)
            for address, answer in (
                refusals(page.address, page.answer, page.client) if whole else ()
            ):
                read += 1
                wrong += reader.read(f"{page.name} refused", address, answer, page.client)
    for address in ("/nulle-part/", "/mairie/nulle-part/", "/espace/nulle-part/"):
        for user in (None, next(iter(every.agents.values())), *list(every.accounts.values())[:1]):
            client = every.client(user)
            wrong += reader.read("not found", address, client.get(address), client)
    reader.kept["/style.css"] = told(HttpResponse(bank.STYLE, content_type="text/css"))
    for name, html in bank_pages().items():
        wrong += reader.read(f"bank {name}", "/banque/", HttpResponse(html), every.client(None))
    print(f"{read} pages read")
    assert read > 350
    assert not wrong, "\n".join(wrong)


def bank_pages() -> dict[str, str]:
    """The simulated bank's pages: it is another program, and its pages are functions."""
    payment = Payment(
        token="x",
        protocol="payfip",
        merchant="enfance",
        label="Régie Enfance",
        reference="R1",
        amount_cents=4_250,
        return_url="http://localhost/",
        notify_url="http://localhost/",
        fields={},
        bank_id="1",
    )
    return {
        "home": bank.home_page(),
        "card": bank.card_page(payment),
        "treasury": bank.treasury_page(payment),
        "decided": bank.decided_page(payment, "http://localhost/"),
        "refused": bank.refused_page("cette page n’existe pas"),
    }
