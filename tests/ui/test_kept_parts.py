"""Parts drawn once by each process, and the escaping of parts drawn often."""

from django.template import Context, Template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from preau.ui.escaping import esc


def test_a_kept_part_is_drawn_once_for_its_values(settings):
    settings.MODE = "production"
    page = Template("{% kept version %}{{ words }}{% endkept %}")
    assert page.render(Context({"version": 1, "words": "avant"})) == "avant"
    assert page.render(Context({"version": 1, "words": "après"})) == "avant"
    assert page.render(Context({"version": 2, "words": "après"})) == "après"
    other = Template("{% kept version %}{{ words }}{% endkept %}")
    assert other.render(Context({"version": 1, "words": "ailleurs"})) == "ailleurs"


def test_nothing_of_a_family_is_kept(settings):
    """What is kept never holds a form, a name or an amount: read from the templates themselves."""
    from pathlib import Path

    root = Path(settings.PROJECT_DIR) / "src" / "preau"
    found = 0
    for path in root.rglob("*.html"):
        for part in path.read_text().split("{% kept")[1:]:
            inside = part.split("{% endkept %}")[0]
            found += 1
            for word in (
                "csrf_token",
                "family",
                "child.",
                "euros",
                "guardian",
                "request.user",
                "messages",
            ):
                used = inside.replace("portal:family", "").replace("Espace familles", "")
                used = used.replace("guichet famille", "")
                assert word not in used, (path.name, word)
    assert found >= 4


def test_escaping_is_djangos():
    for text in ("a", "<b>&\"'", SafeString("<i>"), 12, "é"):
        assert esc(text) == str(conditional_escape(text))
