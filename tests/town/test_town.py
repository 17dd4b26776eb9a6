"""The town: what it refuses, what it cleans, what the journal keeps."""

import io
from datetime import UTC, date, datetime

import pytest
from PIL import Image

from preau.audit.models import Entry
from preau.kernel.actors import Actor
from preau.town import queries, rules, services
from preau.town.errors import TownRefusal
from preau.town.models import Page

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
ACTOR = Actor.system("Sonia Lopes")


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#0d5362").save(out, format=kind)
    return out.getvalue()


def update(**changes):
    return services.update_town(now=NOW, actor=ACTOR, **changes)


def test_an_unset_town_is_still_readable():
    assert queries.get_town().name == "Préau"
    assert queries.get_page("aide").title == "Aide"
    with pytest.raises(KeyError):
        queries.get_page("inconnue")


def test_update_town_is_journaled_once_and_names_what_changed():
    update(name="Saint-Aubin-les-Tilleuls", phone="01 99 00 12 34")
    update(name="Saint-Aubin-les-Tilleuls")
    entry = Entry.objects.get(action="town.update")
    assert entry.data == {"fields": ["name", "phone"]}
    assert queries.get_town().name == "Saint-Aubin-les-Tilleuls"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour_light": "#7fb0c0"}, "fond de page"),
        ({"colour_dark": "#30586a"}, "sombre"),
        ({"colour_light_on": "#2c7080"}, "texte écrit dessus"),
        ({"colour_light_soft": "#5a8f9c"}, "fond doux"),
        ({"colour_light": "red"}, "six chiffres"),
    ],
)
def test_colours_that_cannot_be_read_are_refused_and_change_nothing(changes, said):
    update(name="Ville")
    with pytest.raises(TownRefusal, match=said):
        update(**changes)
    assert queries.get_town().colour_light == "#0d5362"


def test_readable_colours_are_kept():
    update(
        colour_light="#5b1a3a",
        colour_light_soft="#f3e2ea",
        colour_dark="#e7b1cb",
        colour_dark_on="#2a0d1b",
        colour_dark_soft="#3d2230",
    )
    assert queries.get_town().colour_light == "#5b1a3a"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://www.ville.example/familles?x=1", "https://www.ville.example"),
        ("WWW.Ville.example", "https://www.ville.example"),
        ("http://localhost:8770", "http://localhost:8770"),
        ("https://ville.example:8443/", "https://ville.example:8443"),
    ],
)
def test_origins_are_brought_to_what_a_browser_compares(given, kept):
    assert update(embed_origins=[given, given, " "]).embed_origins == [kept]


@pytest.mark.parametrize(
    "given",
    [
        "http://ville.example",
        "https://*.ville.example",
        "javascript:alert(1)",
        "ville",
        "https://ville.example; script-src *",
        "https://a b.example",
        "https://",
        "data:text/html,x",
        "https://ville.example:99999",
    ],
)
def test_dubious_origins_are_refused(given):
    with pytest.raises(TownRefusal) as refusal:
        update(embed_origins=[given])
    assert "embed_origins" in refusal.value.fields


def test_a_logo_is_judged_by_its_content():
    content, kind = rules.checked_logo(picture("PNG"))
    assert kind == "image/png" and content.startswith(b"\x89PNG")
    services.set_logo(content=picture("JPEG"), now=NOW, actor=ACTOR)
    assert queries.get_town().logo_type == "image/jpeg"
    services.set_logo(content=None, now=NOW, actor=ACTOR)
    assert queries.get_town().logo is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "SVG"),
        (b'<?xml version="1.0"?><svg/>', "SVG"),
        (b"GIF89a" + b"0" * 40, "lisible"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 90, "lisible"),
        (b"", "lisible"),
        (picture("PNG", (2001, 10)), "trop grand"),
        (b"0" * 300_001, "300 ko"),
    ],
)
def test_other_files_are_refused_as_logos(content, said):
    with pytest.raises(TownRefusal, match=said):
        rules.checked_logo(content)


def test_a_page_is_sanitised_and_its_titles_start_under_the_page_title():
    html = queries.render_markdown(
        "# Grand\n\n<script>alert(1)</script><img src=x onerror=alert(1)>\n\n"
        "[a](javascript:alert(1)) [b](https://ville.example) **fort** : oui\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |"
    )
    assert "<h1" not in html and "<h2" in html
    for danger in ("script", "onerror", "javascript", "<img"):
        assert danger not in html
    assert 'rel="noopener noreferrer"' in html
    assert "</strong>&nbsp;: oui" in html
    assert 'class="scroll" tabindex="0"' in html


def test_two_agents_do_not_overwrite_each_other():
    services.update_page(slug="aide", title="Aide", body="a", now=NOW, actor=ACTOR)
    seen = Page.objects.get().updated_at
    services.update_page(slug="aide", title="Aide", body="b", now=NOW, actor=ACTOR, seen_at=seen)
    with pytest.raises(TownRefusal, match="Sonia Lopes"):
        services.update_page(
            slug="aide", title="Aide", body="c", now=NOW, actor=ACTOR, seen_at=seen
        )
    assert queries.get_page("aide").body == "b"


def test_notices_show_between_their_days():
    services.save_notice(
        title="Grève",
        starts_on=date(2026, 11, 23),
        ends_on=date(2026, 11, 24),
        now=NOW,
        actor=ACTOR,
    )
    shown = [len(queries.current_notices(date(2026, 11, d))) for d in (22, 23, 24, 25)]
    assert shown == [0, 1, 1, 0]
    with pytest.raises(TownRefusal, match="avant le premier"):
        services.save_notice(
            title="x",
            starts_on=date(2026, 11, 23),
            ends_on=date(2026, 11, 22),
            now=NOW,
            actor=ACTOR,
        )


def test_a_service_in_use_stays(django_assert_max_num_queries):
    from preau.catalogue.services import save_activity

    service = services.save_service(name="Enfance", now=NOW, actor=ACTOR)
    save_activity(
        name="Cantine",
        kind="CANTEEN",
        domain="AROUND_SCHOOL",
        booking_mode="DAYS",
        service_id=service.pk,
        now=NOW,
        actor=ACTOR,
    )
    with pytest.raises(TownRefusal, match="suit des activités"):
        services.delete_service(service_id=service.pk, now=NOW, actor=ACTOR)
