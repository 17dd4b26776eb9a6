"""The file of a household by request: contacts, people, quotient, meals, pieces."""

import datetime as dt

import pytest

from preau.accounts import queries as accounts
from preau.casework.errors import CannotUndo, CaseRefusal, InvalidPayload
from preau.casework.kinds import get_kind
from preau.casework.models import Request
from preau.casework.values import GivenFile
from preau.enrolments.models import ProvidedDocument
from preau.families import queries as families
from preau.messaging.models import Message
from tests.casework.deciding import (
    ADULT,
    CHILD,
    approve,
    undo,
)
from tests.casework.world import (
    make_document_kind,
    make_file,
    submit,
)
from tests.harness.people import (
    DAY,
    adult_of,
    child_of,
    make_account,
    make_family,
)

pytestmark = pytest.mark.django_db


def test_contact_change_is_the_adult_s_own(world):
    user = make_account(world.family)
    other = adult_of(world.family, 1)
    answers = {"guardian": other.pk, "mobile_phone": "06 00 00 00 00"}
    with pytest.raises(InvalidPayload):
        submit(world.family, "CONTACT_CHANGE", answers, user=user)
    me = adult_of(world.family)
    request = submit(
        world.family,
        "CONTACT_CHANGE",
        {"guardian": me.pk, "mobile_phone": "06 39 98 47 02", "email": "neuve@example.fr"},
        user=user,
    )
    assert request.status == "APPROVED"
    me.refresh_from_db()
    assert (me.mobile_phone, me.email) == ("0639984702", "neuve@example.fr")
    # The new address signs in only once its holder proves it.
    assert not accounts.find_family_users_by_email("neuve@example.fr").exists()
    assert Message.objects.filter(to="neuve@example.fr", subject__contains="Confirmez").exists()
    undo(world, request)
    me.refresh_from_db()
    assert (me.mobile_phone, me.email) == ("0639981120", "")


def test_a_child_is_added_and_taken_back(world):
    request = submit(world.family, "ADD_CHILD", CHILD)
    approve(world, request)
    names = [child.first_name for child in families.children_of(world.family, DAY)]
    assert names == ["Lina", "Noé", "Zoé"]
    undo(world, request)
    assert len(families.children_of(world.family, DAY)) == 2


def test_a_child_known_elsewhere_is_attached_not_doubled(world):
    other = make_family(last_name="Moreau")
    answers = {**CHILD, "first_name": "Lina", "birth_on": "2016-06-09", "weeks": "EVEN"}
    newcomer = make_family(last_name="Petit", children=0)
    request = submit(newcomer, "ADD_CHILD", answers)
    kind = get_kind("ADD_CHILD")
    assert [value for value, _label in kind.choices(request, DAY)][-1] == "new"
    with pytest.raises(CaseRefusal, match="déjà connu"):
        approve(world, request)
    lina = child_of(other)
    approve(world, Request.objects.get(pk=request.pk), choice=f"child:{lina.pk}")
    assert [child.pk for child in families.children_of(newcomer, DAY)] == [lina.pk]
    assert families.families_of_child(lina, DAY).count() == 2
    # What the family reads says nothing of the other household.
    assert "Moreau" not in kind.title + Request.objects.get(pk=request.pk).result["told"]


def test_a_second_adult_is_added_and_invited(world):
    request = submit(world.family, "ADD_GUARDIAN", ADULT)
    approve(world, request)
    assert families.guardians_of(world.family).count() == 3
    mail = Message.objects.get(to="karim.haddad@example.fr")
    assert "/mot-de-passe/" in mail.body and mail.is_secret
    undo(world, request)
    assert families.guardians_of(world.family).count() == 2


def test_quotient(world):
    given = make_file(world.family)
    answers = {"value": "845,50", "source": "CAF", "starts_on": "2026-10-01"}
    first = submit(world.family, "QUOTIENT", {**answers, "value": "1200"})
    approve(world, first)
    request = submit(world.family, "QUOTIENT", answers, files=(GivenFile(given.pk),))
    changes = {c.label: c for c in get_kind("QUOTIENT").changes(request, DAY)}
    assert (changes["Quotient familial"].before, changes["Quotient familial"].after) == (
        "1\u202f200",
        "845,50",
    )
    approve(world, request)
    held = families.quotient_on(world.family.pk, DAY)
    assert (held.value_cents, held.document_id) == (84550, given.pk)
    undo(world, request)
    assert families.quotient_on(world.family.pk, DAY).value_cents == 120000
    for bad in ("beaucoup", "-3", "9999999"):
        with pytest.raises(InvalidPayload):
            submit(world.family, "QUOTIENT", {**answers, "value": bad})
    with pytest.raises(CannotUndo):
        undo(world, first)


def test_diet_is_undone(world):
    request = submit(world.family, "DIET", {"diet": "NO_MEAT"}, child=world.child)
    assert child_of(world.family).diet == "NO_MEAT"
    undo(world, request)
    assert child_of(world.family).diet == "STANDARD"


def test_a_piece_is_reviewed_then_counts(world):
    kind = make_document_kind("vaccinations", valid_months=12, is_sensitive=True)
    with pytest.raises(InvalidPayload, match="lequel"):
        submit(world.family, "DOCUMENT", {"document": kind.pk})
    empty = submit(world.family, "DOCUMENT", {"document": kind.pk, "child": world.child.pk})
    with pytest.raises(CaseRefusal, match="Aucun fichier"):
        approve(world, empty)
    given = make_file(world.family)
    request = submit(
        world.family,
        "DOCUMENT",
        {"document": kind.pk, "child": world.child.pk},
        files=(GivenFile(given.pk),),
    )
    approve(world, request)
    piece = ProvidedDocument.objects.get()
    assert (piece.kind_id, piece.child_id, piece.status) == (kind.pk, world.child.pk, "ACCEPTED")
    assert piece.expires_on == dt.date(2027, 10, 6)
