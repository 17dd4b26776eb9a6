"""Only /encart/ may be framed, and only by the sites that the town listed."""

import datetime as dt
import re

import pytest
from django.test import Client

from preau.town.services import update_town
from tests.harness.offer import WHO, make_offer
from tests.harness.routes import routes

pytestmark = pytest.mark.django_db
HEADER = "Content-Security-Policy"
SITE = "https://www.saint-aubin.example"


def ancestors(response) -> str:
    return re.search(r"frame-ancestors ([^;]+)", response.headers[HEADER])[1]


def test_the_panel_may_be_framed_by_the_listed_sites_alone(client: Client):
    assert ancestors(client.get("/encart/")) == "'none'"
    update_town(embed_origins=[SITE], **WHO)
    response = client.get("/encart/")
    assert ancestors(response) == SITE
    assert "X-Frame-Options" not in response.headers
    assert "default-src 'none'" in response.headers[HEADER]
    assert "unsafe" not in response.headers[HEADER]


def test_no_other_route_relaxes_it(client: Client):
    update_town(embed_origins=[SITE], **WHO)
    tried = 0
    for route in routes():
        if route.name == "public:embed" or not route.address:
            continue
        response = client.get(route.address)
        if HEADER in response.headers:
            assert SITE not in response.headers[HEADER], route
            assert ancestors(response) == "'none'", route
            tried += 1
    assert tried > 20


def test_the_panel_shows_nothing_of_anyone_and_leaves_the_frame(client: Client, monkeypatch):
    make_offer()
    monkeypatch.setattr(
        "preau.public.pages.embed.utc_now", lambda: dt.datetime(2026, 11, 23, 21, 40, tzinfo=dt.UTC)
    )
    response = client.get("/encart/")
    html = response.content.decode()
    assert "<script" not in html and "<form" not in html
    links = re.findall(r"<a [^>]*>", html.split("<main", 1)[1])
    assert links and all('target="_top"' in link for link in links)
    assert not response.cookies
    # After lunch the next canteen is tomorrow's.
    assert "mardi 24 novembre" in html and "Prochaines séances" in html
