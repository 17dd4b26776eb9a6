"""The agents' screens of the rules: read, check, change a grid, compare, try, publish."""

from pathlib import Path

import pytest
from django.test import Client

from preau.accounts.enums import Role
from preau.bookings.rates import forget_rates
from preau.rulebook import queries, services
from preau.rulebook.editing import find_rule
from preau.rulebook.enums import Status
from preau.rulebook.models import RulebookVersion
from tests.harness.people import NOW, make_agent, make_town

pytestmark = pytest.mark.django_db
BACKEND = "preau.accounts.auth.AgentBackend"
DEMO = (Path(__file__).parents[3] / "examples/rulebooks/demo.yaml").read_text(encoding="utf-8")


@pytest.fixture
def office(client: Client):
    forget_rates()
    make_town()
    client.force_login(make_agent(Role.ACCOUNTANT), BACKEND)
    yield client
    forget_rates()


def draft(text=DEMO):
    from preau.kernel.actors import Actor

    return services.save_draft(text=text, now=NOW, actor=Actor.system())


def page(client, path, **more):
    response = client.get(path, more)
    assert response.status_code == 200, response.status_code
    return response.content.decode().replace("\u202f", " ").replace("\u00a0", " ")


def test_another_agent_does_not_come_in(client: Client):
    make_town()
    client.force_login(make_agent(Role.COUNTER), BACKEND)
    assert client.get("/mairie/regles/").status_code == 403


def test_a_pasted_text_becomes_a_draft_and_a_bad_one_is_told_with_its_line(office):
    assert "Aucune règle n’est en vigueur" in page(office, "/mairie/regles/")
    bad = office.post("/mairie/regles/", {"text": "format: 1\nname: x\nactivites: {}\n"})
    assert "ligne 3" in bad.content.decode()
    done = office.post("/mairie/regles/", {"name": "Rentrée", "text": DEMO})
    row = RulebookVersion.objects.get()
    assert done.url == f"/mairie/regles/{row.pk}/controle/" and row.name == "Rentrée"


def test_the_rules_are_told_in_french(office):
    html = page(office, f"/mairie/regles/{draft().pk}/")
    for words in (
        "le lundi de la semaine précédente, jusqu’à 9 h",
        "1 jour d’école avant, jusqu’à 9 h",
        "plus de 800 à 1 100",
        "QF × 1,2 %",
        "rang de l’enfant à partir de 3",
    ):
        assert words in html, words


def test_a_grid_is_changed_like_a_sheet(office):
    row = draft()
    path = f"/mairie/regles/{row.pk}/tariffs/cantine-qf/"
    html = page(office, path)
    assert ('name="r3-p0"' in html and 'value="3.40"' in html) or "3,40" in html
    data = {}
    brackets = [
        ("from", "0", "to", "400", "1,00"),
        ("above", "400", "to", "900", "2"),
        ("above", "900", "below", "", "5,10"),
        ("above", "", "to", "", ""),
    ]
    for i, (low_word, low, high_word, high, cents) in enumerate(brackets):
        data |= {
            f"r{i}-low_word": low_word,
            f"r{i}-low": low,
            f"r{i}-high_word": high_word,
            f"r{i}-high": high,
            f"r{i}-p0": cents,
        }
    for i in range(4, 8):
        data |= {f"r{i}-low_word": "above", f"r{i}-high_word": "to"}
    assert office.post(path, data).status_code == 302
    row.refresh_from_db()
    grid = find_rule(queries.compiled(row), "tariffs", "cantine-qf").amount
    assert [(r.low, r.high) for r in grid.rows] == [(0, 400), (400, 900), (900, None)]
    assert "price: 2" in row.text
    data |= {"r1-low": "950"}
    wrong = office.post(path, data)
    assert wrong.status_code == 200 and "sous la borne basse" in wrong.content.decode()


def test_a_deadline_is_a_sentence_with_choices(office):
    row = draft()
    path = f"/mairie/regles/{row.pk}/deadlines/cantine-delai/"
    assert "jours d’école" in page(office, path)
    done = office.post(
        path,
        {
            "how": "weekday",
            "weekday": "thu",
            "weeks": "1",
            "time": "12:00",
            "count": "calendar",
            "number": "",
            "late": "refused",
        },
    )
    assert done.status_code == 302
    assert "le jeudi de la semaine précédente, jusqu’à 12 h" in page(
        office, f"/mairie/regles/{row.pk}/"
    )
    wrong = office.post(
        path,
        {
            "how": "days",
            "weekday": "thu",
            "weeks": "1",
            "time": "26:00",
            "count": "calendar",
            "number": "",
            "late": "refused",
        },
    )
    assert "Écrivez un nombre" in wrong.content.decode()


def test_a_rate_and_a_plain_amount(office):
    row = draft()
    office.post(
        f"/mairie/regles/{row.pk}/tariffs/centre-journee/",
        {"percent": "1,5", "low": "4", "high": "22"},
    )
    office.post(f"/mairie/regles/{row.pk}/surcharges/cantine-sans-reservation/", {"price": "3"})
    html = page(office, f"/mairie/regles/{row.pk}/")
    assert "QF × 1,5 %, au moins 4,00 €, au plus 22,00 €" in html and "+3,00 €" in html


def test_holes_keep_from_publishing_and_are_told(office):
    text = DEMO.replace("        - {above: 400, to: 600, price: 1.80}\n", "")
    row = draft(text)
    path = f"/mairie/regles/{row.pk}/"
    assert "QF de 400,01 à 600" in page(office, f"{path}controle/")
    asked = {"council_decision": "D12", "executory_on": "2026-07-01", "applies_from": "2026-09-01"}
    assert "empêchent de publier" in office.post(f"{path}publier/", asked).content.decode()
    row.refresh_from_db()
    assert row.status == Status.DRAFT


def test_published_then_copied_changed_and_compared(office):
    row = draft()
    path = f"/mairie/regles/{row.pk}/"
    asked = {"council_decision": "D12", "executory_on": "2026-07-01", "applies_from": "2026-09-01"}
    assert office.post(f"{path}publier/", asked).url == "/mairie/regles/"
    row.refresh_from_db()
    assert (row.status, row.council_decision) == (Status.PUBLISHED, "D12")
    assert office.get(f"{path}tariffs/cantine-qf/").status_code == 302
    office.post(f"{path}copie/")
    copy = RulebookVersion.objects.exclude(pk=row.pk).get()
    assert copy.status == Status.DRAFT
    office.post(f"/mairie/regles/{copy.pk}/tariffs/cantine-exterieur/", {"price": "8"})
    html = page(office, f"/mairie/regles/{copy.pk}/comparer/", avec=row.pk)
    assert "7,20 €" in html and "8,00 €" in html and "<ins>" in html
    text = office.get(f"/mairie/regles/{copy.pk}/export/")
    assert text["Content-Type"].startswith("application/yaml")
    assert office.post(f"/mairie/regles/{copy.pk}/supprimer/").url == "/mairie/regles/"
    office.post(f"{path}archiver/")
    row.refresh_from_db()
    assert row.status == Status.ARCHIVED


def test_a_draft_without_days_to_price_changes_nothing(office):
    row = draft()
    services.publish(version_id=row.pk, now=NOW, actor=_actor())
    html = page(office, f"/mairie/regles/{draft().pk}/apercu/", mois="2026-11")
    assert "Aucune famille ne paie autre chose" in html


def _actor():
    from preau.kernel.actors import Actor

    return Actor.system()


def test_an_unknown_version_is_not_found(office):
    for path in ("", "controle/", "texte/", "export/", "comparer/", "tariffs/x/"):
        assert office.get(f"/mairie/regles/999/{path}").status_code == 404
