"""The panel in a real frame: shown on a listed site, refused by the browser elsewhere."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from preau.town.services import update_town
from tests.harness.offer import WHO, make_offer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town_site(live_server) -> Iterator[str]:
    """The town's own site: one page that includes the panel, on another origin."""
    html = (
        f'<!doctype html><html lang="fr"><title>Ville</title><link rel="icon" href="data:,">'
        f'<iframe src="{live_server.url}/encart/" title="Espace familles"></iframe>'
    )

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_listed_site_shows_it_and_its_links_leave_the_frame(open_page, live_server, town_site):
    make_offer()
    update_town(embed_origins=[town_site], **WHO)
    page = open_page(width=1280)
    page.goto(town_site)
    panel = page.frame_locator("iframe")
    panel.get_by_role("link", name="Les activités").click()
    page.wait_for_url(f"{live_server.url}/activites/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce que propose la ville")


def test_an_unlisted_site_is_refused_by_the_browser(open_page, town_site):
    update_town(embed_origins=["https://www.saint-aubin.example"], **WHO)
    page = open_page(width=1280, expected=("frame-ancestors", "Refused to frame", "Framing"))
    with page.expect_console_message(lambda told: "frame-ancestors" in told.text):
        page.goto(town_site)
    expect(page.frame_locator("iframe").locator("body")).not_to_contain_text("Espace familles")
