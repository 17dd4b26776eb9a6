"""The public pages: readable by anyone, empty or full, in few queries, kept by caches."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from preau.catalogue import services
from preau.catalogue.models import Offering
from preau.kernel import clock
from preau.kernel.actors import Actor
from preau.openings.models import Window
from preau.public.pages import words
from preau.town.services import save_notice, save_service, update_page, update_town
from tests.harness.offer import WHO, make_offer

pytestmark = pytest.mark.django_db
MONDAY = dt.datetime(2026, 11, 23, 21, 40, tzinfo=dt.UTC)  # 22:40 in Paris
PAGES = ("home", "activities", "menus", "help", "legal", "accessibility", "privacy", "embed")


@pytest.fixture(autouse=True)
def evening(monkeypatch):
    for module in ("views", "embed"):
        monkeypatch.setattr(f"preau.public.pages.{module}.utc_now", lambda: MONDAY)
    assert clock.paris(MONDAY).hour == 22


@pytest.mark.parametrize("name", PAGES)
def test_every_page_stands_in_an_empty_town(client: Client, name):
    response = client.get(reverse(f"public:{name}"))
    assert response.status_code == 200
    html = response.content.decode()
    assert html.count("<h1") == 1
    assert "style=" not in html and "<script>" not in html


def test_home_says_what_exists_what_comes_and_whom_to_call(client: Client):
    make_offer()
    services.save_week_menus(
        days={dt.date(2026, 11, 24): {"main": "Lasagnes aux lentilles"}}, **WHO
    )
    save_service(
        name="Guichet famille",
        phone="0199001234",
        opening_hours="Du lundi au vendredi de 9 h à 12 h",
        **WHO,
    )
    save_notice(
        title="Grève jeudi.", starts_on=dt.date(2026, 11, 23), ends_on=dt.date(2026, 11, 26), **WHO
    )
    update_town(name="Saint-Aubin-les-Tilleuls", **WHO)
    html = client.get("/").content.decode()
    for words_ in (
        "Saint-Aubin-les-Tilleuls",
        "Cantine",
        "De la petite section au CM2",
        "Lasagnes aux lentilles",
        "Grève jeudi.",
        "Judo\u00a0: ouverture des inscriptions",
        "Ouvre dans 8\u00a0jours",
        "Vacances de Noël",
        "de 9\u00a0h à 12\u00a0h",
    ):
        assert words_ in html, words_


@pytest.mark.parametrize("path", ["/", "/activites/", "/activites/cantine/", "/menus/", "/encart/"])
def test_pages_cost_the_same_with_one_site_and_with_five(
    client: Client, path, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    offer = make_offer()
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for n in range(4):
        site = services.save_establishment(name=f"École {n}", kind="SCHOOL", **WHO)
        services.save_offering(
            activity_id=offer.canteen.activity.pk,
            establishment_id=site.pk,
            school_year_id=offer.year.pk,
            capacity=10,
            **WHO,
        )
        services.save_activity(
            name=f"Sport {n}", kind="SPORT", domain="SPORTS", booking_mode="DAYS", **WHO
        )
    with django_assert_max_num_queries(len(one)):
        client.get(path)
    assert len(one) <= 16


def test_an_activity_says_when_for_whom_and_where(client: Client):
    make_offer()
    html = client.get("/activites/cantine/").content.decode()
    for said in (
        "De la petite section au CM2",
        "En période scolaire\u00a0: lundi, mardi, jeudi et vendredi",
        "de 11\u00a0h\u00a040 à 13\u00a0h\u00a040",
        "3, rue des Écoles",
        "Inscriptions ouvertes",
    ):
        assert said in html, said
    judo = client.get("/activites/judo/").content.decode()
    assert "Inscriptions le mardi 1er décembre à 9\u00a0h" in judo
    assert "De 4 à 11\u00a0ans" in judo


def test_a_stranger_reads_when_booking_opens_and_for_whom(client: Client):
    made = make_offer()
    days = {"first_day": dt.date(2027, 1, 4), "last_day": dt.date(2027, 2, 5)}
    for audience, day in (("RESIDENTS", 1), ("ALL", 2)):
        Window.objects.create(
            offering_id=Offering.objects.get(activity__slug="cantine").pk,
            audience=audience,
            opens_at=dt.datetime(2026, 12, day, 8, 0, tzinfo=dt.UTC),
            **days,
        )
    assert made
    html = client.get("/activites/cantine/").content.decode()
    assert "Ouverture des réservations, pour les jours du 4 janvier au 5 février" in html
    first, then = (html.index(f"{day} décembre à 9\u00a0h, pour") for day in ("1er", "2"))
    assert (
        first < html.index("les familles de la commune") < then < html.index("toutes les familles")
    )


def test_an_unpublished_activity_does_not_exist(client: Client):
    offer = make_offer()
    services.save_activity(
        activity_id=offer.judo.activity.pk,
        name="Judo",
        kind="SPORT",
        domain="SPORTS",
        booking_mode="DAYS",
        is_published=False,
        **WHO,
    )
    assert client.get("/activites/judo/").status_code == 404
    assert "Judo" not in client.get("/activites/").content.decode()


def test_menus_go_from_week_to_week_and_say_why_a_day_has_none(client: Client):
    make_offer()
    html = client.get("/menus/?semaine=2026-11-11").content.decode()
    assert "Semaine du 9 au 13 novembre" in html and "Armistice" in html
    assert "semaine=2026-11-02" in html and "semaine=2026-11-16" in html
    assert client.get("/menus/?semaine=n%27importe").status_code == 200
    assert client.get("/menus/?semaine=2026-13-45").status_code == 200
    assert client.get("/menus/?semaine=2050-01-01").status_code == 404


def test_what_agents_write_is_shown_clean(client: Client):
    update_page(
        slug="aide",
        title="Aide",
        body="## Oui\n<script>alert(1)</script>",
        now=MONDAY,
        actor=Actor.system(),
    )
    html = client.get("/aide/").content.decode()
    assert "Oui</h2>" in html and "alert(1)" not in html


def test_caches_keep_a_page_for_strangers_alone(client: Client):
    first = client.get("/aide/")
    assert "public" in first.headers["Cache-Control"] and "Cookie" in first.headers["Vary"]
    again = client.get("/aide/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    client.cookies["preau_session"] = "x" * 32
    assert "private" in client.get("/aide/").headers["Cache-Control"]


def test_robots_security_sitemap(client: Client):
    make_offer()
    update_town(email="familles@saint-aubin.example", **WHO)
    robots = client.get("/robots.txt").content.decode()
    assert "Disallow: /espace/" in robots and "/sitemap.xml" in robots
    security = client.get("/.well-known/security.txt").content.decode()
    assert "Contact: mailto:familles@saint-aubin.example" in security
    assert "/activites/cantine/" in client.get("/sitemap.xml").content.decode()
    assert client.get("/favicon.ico").status_code == 302


def test_words_of_the_offer():
    assert words.weekdays_words([0, 1, 2, 3, 4]) == "du lundi au vendredi"
    assert words.weekdays_words([5]) == "samedi"
    assert words.days_away(0) == "aujourd’hui"
    from preau.catalogue.words import ages_words, levels_words

    assert levels_words(["CM2", "CP"]) == "du CP au CM2"
    assert levels_words(["GS"]) == "en grande section"
    assert levels_words([]) == ""
    assert ages_words(None, 3) == "jusqu’à 3\u00a0ans"
    assert ages_words(3, None) == "à partir de 3\u00a0ans"


def test_a_week_of_holidays_is_said_once(client: Client):
    make_offer()
    html = client.get("/menus/?semaine=2026-12-21").content.decode()
    assert html.count("pas de cantine cette semaine") == 0 and "Noël" in html
    html = client.get("/menus/?semaine=2027-02-08").content.decode()
    assert "Vacances d’hiver : pas de cantine cette semaine" in html
