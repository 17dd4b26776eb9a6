"""An agent joins two files and parts a household on the screens, then undoes both."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.families.auth import FamilyBackend
from preau.families.models import Custody, Family
from preau.journeys.models import FamilyAct
from tests.harness.people import (
    adult_of,
    child_of,
    make_account,
    make_agent,
    make_family,
    make_town,
)

pytestmark = pytest.mark.django_db
BACKEND = "preau.accounts.auth.AgentBackend"


@pytest.fixture
def office(client: Client) -> Client:
    make_town()
    client.force_login(make_agent(Role.SCHOOL_OFFICE), backend=BACKEND)
    return client


def test_side_by_side_previewed_done_undone(office: Client) -> None:
    kept, other = make_family(children=2), make_family(children=1)
    listed = office.get(reverse("townhall:family-merge-choose", args=[kept.code]))
    assert "même téléphone" in listed.content.decode() and other.printed_code in (
        listed.content.decode()
    )
    page = reverse("townhall:family-merge", args=[kept.code, other.code])
    form = office.get(page).context["form"]
    # The same people are recognised by themselves.
    assert form[f"adult_{adult_of(other).pk}"].initial == str(adult_of(kept).pk)
    assert form[f"child_{child_of(other).pk}"].initial == str(child_of(kept).pk)
    sent = {"key": str(uuid.uuid4()), "address": "kept", "name": "kept", "quotient": "kept"}
    sent |= {f"adult_{adult_of(other, n).pk}": str(adult_of(kept, n).pk) for n in range(2)} | {
        f"child_{child_of(other).pk}": str(child_of(kept).pk)
    }
    shown = office.post(page, sent | {"act": "preview"}).content.decode()
    assert "une seule fiche" in shown and not FamilyAct.objects.exists()
    done = office.post(page, sent | {"act": "confirm"}, follow=True)
    assert "n’en font plus qu’un" in done.content.decode()
    office.post(page, sent | {"act": "confirm"})  # sent twice
    act = FamilyAct.objects.get()
    closed = office.get(reverse("townhall:family", args=[other.code])).content.decode()
    assert "Ce dossier a rejoint" in closed
    undone = office.post(reverse("townhall:family-act-undo", args=[kept.code, act.pk]), follow=True)
    assert "tout est revenu comme avant" in undone.content.decode()
    assert Family.objects.get(pk=other.pk).status == "ACTIVE"


def test_a_household_is_parted_and_put_together_again(office: Client) -> None:
    family = make_family(children=1)
    page = reverse("townhall:family-split", args=[family.code])
    assert "Qui part" in office.get(page).content.decode()
    sent = {
        "key": str(uuid.uuid4()),
        "from_on": "2099-01-04",
        "adults": [adult_of(family, 1).pk],
        f"child_{child_of(family).pk}": "EVEN",
        "line1": "17 avenue Aubert",
        "postcode": "94300",
        "city": "Vincennes",
        "country": "FRANCE",
    }
    assert "semaines paires" in office.post(page, sent | {"act": "preview"}).content.decode()
    assert (
        "un adulte au moins"
        in office.post(
            page, sent | {"adults": [adult_of(family, n).pk for n in range(2)], "act": "preview"}
        )
        .content.decode()
        .lower()
    )
    office.post(page, sent | {"act": "confirm"})
    act = FamilyAct.objects.get()
    assert Custody.objects.filter(family=act.other).count() == 1
    shown = office.get(reverse("townhall:family-act", args=[family.code, act.pk]))
    assert "Défaire" in shown.content.decode()


def test_the_old_code_still_signs_in_and_the_counter_may_not_merge(office: Client) -> None:
    kept, other = make_family(children=0, adults=1), make_family(children=0, adults=1)
    make_account(other, password="Un bon mot de passe 2026")
    page = reverse("townhall:family-merge", args=[kept.code, other.code])
    office.post(
        page,
        {
            "key": str(uuid.uuid4()),
            "address": "kept",
            "name": "kept",
            "quotient": "kept",
            f"adult_{adult_of(other).pk}": "",
            "act": "confirm",
        },
    )
    user = FamilyBackend().authenticate(
        None, username=other.code, password="Un bon mot de passe 2026", kind="FAMILY"
    )
    assert user is not None  # the letter that the family kept still opens its file
    counter = Client()
    counter.force_login(make_agent(Role.COUNTER, email="guichet@saint-aubin.example"), BACKEND)
    assert counter.get(page).status_code == 403
