"""The town's settings: each screen for who may, refusals said in the form."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.audit.models import Entry
from preau.town import queries
from preau.town.models import Notice, Page, Service
from tests.harness.people import make_agent

pytestmark = pytest.mark.django_db
BACKEND = "preau.accounts.auth.AgentBackend"
TOWN_SCREENS = (
    "town-identity",
    "town-colours",
    "town-logo",
    "town-embed",
    "town-texts",
    "town-services",
    "town-service-new",
)
WRITING_SCREENS = ("town-pages", "town-notices", "town-notice-new")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_agent(Role.ADMINISTRATOR), BACKEND)
    return client


@pytest.mark.parametrize("name", ("settings", *TOWN_SCREENS, *WRITING_SCREENS))
def test_screens_open_to_the_administrator_alone(client: Client, name):
    url = reverse(f"townhall:{name}")
    assert client.get(url).status_code == 302
    client.force_login(make_agent(Role.COUNTER), BACKEND)
    assert client.get(url).status_code == 403
    client.force_login(make_agent(Role.ADMINISTRATOR, email="a@b.example"), BACKEND)
    response = client.get(url)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"


def test_the_hub_shows_what_the_role_opens(client: Client):
    client.force_login(make_agent(Role.SCHOOL_OFFICE), BACKEND)
    html = client.get(reverse("townhall:settings")).content.decode()
    assert reverse("townhall:town-identity") not in html


IDENTITY = {"name": "Saint-Aubin", "subtitle": "Espace familles", "holiday_zone": "C"}


def test_identity(admin: Client):
    url = reverse("townhall:town-identity")
    assert admin.post(url, {**IDENTITY, "postcodes": "99000\n99001"}).status_code == 302
    assert queries.get_town().postcodes == ["99000", "99001"]
    assert Entry.objects.get(action="town.update").actor_label == "Sonia Lopes"
    bad = admin.post(url, {**IDENTITY, "postcodes": "9900", "siret": "12", "name": "Autre"})
    assert bad.status_code == 422 and "quatorze chiffres" in bad.content.decode()
    worse = admin.post(url, {**IDENTITY, "postcodes": "9900", "name": "Autre"})
    assert worse.status_code == 422 and "cinq chiffres" in worse.content.decode()
    assert 'value="Autre"' in worse.content.decode()  # nothing typed is lost
    assert queries.get_town().name == "Saint-Aubin"


SET = {
    "colour_light": "#0d5362",
    "colour_light_on": "#ffffff",
    "colour_light_soft": "#dcebea",
    "colour_dark": "#8fd0da",
    "colour_dark_on": "#0b2227",
    "colour_dark_soft": "#1d3a40",
}


def test_colours_are_refused_with_their_contrast_and_proposed_readable(admin: Client):
    url = reverse("townhall:town-colours")
    bad = admin.post(url, {**SET, "colour_light": "#6fa8b4"})
    assert bad.status_code == 422
    html = bad.content.decode()
    assert "sur le fond de page" in html and "Trop pâle" in html
    assert admin.post(url, {**SET, "colour_light": "bleu"}).status_code == 422
    proposed = admin.get(url, {"base": "#c04020"})
    assert "Voici un jeu lisible" in proposed.content.decode()
    assert "Trop pâle" not in proposed.content.decode()
    assert admin.get(url, {"base": "x"}).status_code == 200
    assert admin.post(url, {**SET, "check": "1"}).status_code == 200
    assert not Entry.objects.filter(action="town.update").exists()
    initial = proposed.context["form"].initial
    assert admin.post(url, initial).status_code == 302
    assert queries.get_town().colour_light == initial["colour_light"]
    css = admin.get("/theme.css").content.decode()
    assert initial["colour_light"] in css
    assert admin.post(url, {"default": "1"}).status_code == 302
    assert queries.get_town().colour_light == "#0d5362"


def test_the_preview_writes_only_colours(admin: Client):
    url = reverse("townhall:town-colours-preview")
    assert b"#0d5362" in admin.get(url, SET).content
    assert admin.get(url, {**SET, "colour_dark": "red;}body{display:none"}).content == b""


def test_logo(admin: Client):
    url = reverse("townhall:town-logo")
    svg = SimpleUploadedFile("l.png", b"<svg onload='alert(1)'/>", "image/png")
    refused = admin.post(url, {"logo": svg})
    assert refused.status_code == 422 and "SVG" in refused.content.decode()
    from tests.town.test_town import picture

    assert admin.post(url, {"logo": SimpleUploadedFile("l.png", picture())}).status_code == 302
    served = admin.get("/logo")
    assert served.headers["Content-Type"] == "image/png"
    assert admin.post(url, {"remove": "1"}).status_code == 302
    assert admin.get("/logo").status_code == 404


def test_embedding_sites_and_what_to_paste(admin: Client):
    url = reverse("townhall:town-embed")
    page = admin.get(url).content.decode()
    assert "&lt;iframe src=" in page and "/encart/" in page
    assert admin.post(url, {"embed_origins": "https://www.ville.example/x\n"}).status_code == 302
    assert queries.get_town().embed_origins == ["https://www.ville.example"]
    bad = admin.post(url, {"embed_origins": "https://www.ville.example\nhttp://autre.example"})
    assert bad.status_code == 422 and "https://" in bad.content.decode()
    assert admin.post(url, {"embed_origins": ""}).status_code == 302
    assert queries.get_town().embed_origins == []


def test_a_page_is_previewed_published_and_not_overwritten(admin: Client):
    url = reverse("townhall:town-page", args=["aide"])
    preview = admin.post(url, {"title": "Aide", "body": "## Bonjour", "preview": "1"})
    assert "Bonjour</h2>" in preview.content.decode() and not Page.objects.exists()
    assert admin.post(url, {"title": "Aide", "body": "un"}).status_code == 302
    seen = admin.get(url).context["form"].initial["seen_at"]
    assert admin.post(url, {"title": "Aide", "body": "deux", "seen_at": seen}).status_code == 302
    late = admin.post(url, {"title": "Aide", "body": "trois", "seen_at": seen})
    assert late.status_code == 409
    assert "trois" in late.content.decode() and "deux" in late.content.decode()
    assert Page.objects.get().body == "deux"
    again = late.context["form"]["seen_at"].value()
    assert admin.post(url, {"title": "Aide", "body": "trois", "seen_at": again}).status_code == 302
    assert admin.get(reverse("townhall:town-page", args=["inconnue"])).status_code == 404


def test_services_and_notices(admin: Client):
    admin.post(reverse("townhall:town-service-new"), {"name": "Enfance", "position": "0"})
    service = Service.objects.get()
    admin.post(
        reverse("townhall:town-service", args=[service.pk]),
        {"name": "Enfance", "phone": "0199001234", "position": "1"},
    )
    service.refresh_from_db()
    assert service.phone == "0199001234"
    admin.post(reverse("townhall:town-service-delete", args=[service.pk]))
    assert not Service.objects.exists()
    new = reverse("townhall:town-notice-new")
    bad = admin.post(new, {"title": "Grève", "starts_on": "2026-11-24", "ends_on": "2026-11-23"})
    assert bad.status_code == 422 and "avant le premier" in bad.content.decode()
    admin.post(new, {"title": "Grève", "starts_on": "2026-11-23", "ends_on": "2026-11-24"})
    notice = Notice.objects.get()
    assert "Grève" in admin.get(reverse("townhall:town-notices")).content.decode()
    admin.post(reverse("townhall:town-notice-delete", args=[notice.pk]))
    assert not Notice.objects.exists()
    assert admin.get(reverse("townhall:town-notice", args=[notice.pk])).status_code == 404
