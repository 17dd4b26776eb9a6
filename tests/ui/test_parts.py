"""Tags, filters and layouts, without a browser."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lucide
import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

import preau
from preau.kernel.money import Money
from preau.ui.styleguide import sample

Draw = Callable[..., str]


@pytest.fixture
def draw(rf: RequestFactory, settings: Any) -> Draw:
    settings.ROOT_URLCONF = "tests.ui.urls"

    def render(source: str, path: str = "/", **context: Any) -> str:
        context.setdefault("request", rf.get(path))
        return Template(source).render(Context(context))

    return render


def test_filters(draw: Draw) -> None:
    day = date(2026, 11, 5)
    assert draw("{{ v|euros }}", v=1250) == "12,50\u202f€"
    assert draw("{{ v|euros }}", v=Money(1250)) == "12,50\u202f€"
    assert draw("{{ v|jour }}|{{ v|jour:'an' }}", v=day) == (
        "jeudi 5 novembre|jeudi 5 novembre 2026"
    )
    assert draw("{{ v|mois }}|{{ v|mois:'' }}", v=day) == "novembre 2026|novembre"
    assert draw("{{ v|instant }}", v=datetime(2026, 11, 19, 20, 52, tzinfo=UTC)).startswith(
        "jeudi 19 novembre à 21"
    )
    assert draw("{{ v|rang }}|{{ w|rang:'f' }}", v=2, w=1) == "2<sup>e</sup>|1<sup>re</sup>"
    assert draw("{{ v|et }}", v=["a", "<b>"]) == "a et &lt;b&gt;"
    assert draw("{{ 3|pluriel:'cheval,chevaux' }}") == "3\u00a0chevaux"
    assert draw("{{ 1|accord:'réservé' }}") == "réservé"
    assert draw("{{ v|age:d }}", v=date(2018, 6, 9), d=day) == "8\u00a0ans"


@pytest.mark.parametrize("name", ["euros", "jour", "heure", "telephone", "mois", "age", "rang"])
def test_an_absent_value_draws_nothing(draw: Draw, name: str) -> None:
    assert draw("{{ v|" + name + " }}", v=None) == ""


def test_small_parts_escape_what_people_typed(draw: Draw) -> None:
    bad = "<script>"
    for source in (
        "{% tag 'ok' v %}",
        "{% child_disc v %}",
        "{% button v href=v name=v confirm=v sr=v %}",
        "{% note 'ok' v %}{{ v }}{% endnote %}",
        "{% leaf v v %}{{ v }}{% endleaf %}",
        "{% panel v %}{{ v }}{% endpanel %}",
        "{% unfold v %}{{ v }}{% endunfold %}",
        "{% receipt v ref=v sent=v %}{{ v }}{% endreceipt %}",
        "{% empty_state v v %}{{ v }}{% endempty_state %}",
        "{% steps v 1 %}{% progress 1 2 v %}{% copy_button v %}",
        "{% scroll v %}{{ v }}{% endscroll %}",
    ):
        assert bad not in draw(source, v=bad)


def test_every_icon_written_in_a_template_exists() -> None:
    unknown = []
    for path in Path(preau.__file__).parent.glob("**/templates/**/*.html"):
        text = path.read_text()
        for name in re.findall(r"""(?<!data-)\bicon[ =]["']([\w-]+)["']""", text):
            try:
                lucide._load_icon(name)
            except lucide.IconDoesNotExist:
                unknown.append(f"{path.name}: {name}")
    assert unknown == []


def test_an_unknown_icon_does_not_break_a_page(draw: Draw) -> None:
    assert "<circle" in draw("{% icon name %}", name="no-such-icon")


def test_a_child_keeps_its_colour(draw: Draw) -> None:
    child = SimpleNamespace(first_name="Lina", pk=7)
    assert draw("{% child_disc c %}", c=child) == draw("{% child_disc c %}", c=child)
    assert 'class="disc k2 ' in draw("{% child_disc c n=2 %}", c=child)
    assert draw("{% child_class c n=5 %}", c=child) == "k1"


def test_pagination_keeps_the_query(draw: Draw) -> None:
    page = Paginator(range(100), 10).page(3)
    html = draw("{% pagination page %}", path="/x?sort=name&page=3&q=a%26b", page=page)
    assert 'href="?sort=name&amp;q=a%26b&amp;page=4" rel="next"' in html
    assert 'aria-current="page"' in html
    assert "21–30 sur 100" in html
    assert "<nav" not in draw("{% pagination page %}", page=Paginator(range(3), 10).page(1))


def test_sort_header_turns_round(draw: Draw) -> None:
    source = "{% sort_header 'name' 'Nom' default='name' %}"
    first = draw(source, path="/x?page=3")
    assert 'aria-sort="ascending"' in first
    assert 'href="?sort=-name"' in first
    assert 'aria-sort="descending"' in draw(source, path="/x?sort=-name")
    assert "aria-sort" not in draw(source, path="/x?sort=due")


def test_links_to_faces_that_are_not_there_do_not_crash(draw: Draw) -> None:
    assert draw("{% route 'nobody:home' as u %}[{{ u }}]") == "[]"
    assert "<a" in draw("{% nav_link 'nobody:home' 'Rien' %}")


def test_the_current_item_of_the_menu(draw: Draw, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.ui.urls"
    source = "{% nav_link 'portal:planning' 'Réservations' %}"
    assert 'aria-current="page"' in draw(source, path="/famille/planning")
    assert 'aria-current="true"' in draw(source, path="/famille/planning/mars")
    assert "aria-current" not in draw(source, path="/famille/home")
    assert 'aria-current="true"' in draw(source, path="/elsewhere", section="portal:planning")
    assert "aria-current" not in draw(source, path="/famille/planning", section="portal:home")


@pytest.mark.django_db
def test_pages_for_what_went_wrong(client: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.ui.urls"
    client.raise_request_exception = False
    for path, status, words in (
        ("/nowhere", 404, "Cette page n’existe pas"),
        ("/forbidden", 403, "Vous n’avez pas accès à cette page"),
        ("/broken", 500, "Une panne de notre côté"),
    ):
        answer = client.get(path)
        assert answer.status_code == status
        assert words in answer.content.decode()


def test_the_500_page_asks_nothing_of_the_database() -> None:
    """No database mark: a query would fail this test."""
    from preau.ui.errors import server_error

    answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500


@pytest.mark.django_db
def test_theme_is_served_to_everyone(client: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.ui.urls"
    answer = client.get("/theme.css")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/css")
    assert "public" in answer["Cache-Control"]
    assert client.get("/logo").status_code == 404


@pytest.mark.django_db
def test_the_planning_costs_no_query(
    rf: RequestFactory, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.ROOT_URLCONF = "tests.ui.urls"
    with django_assert_num_queries(1):  # the town
        render_to_string("ui/styleguide.html", sample(4), rf.get("/"))
