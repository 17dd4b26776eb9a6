"""Both parents must agree: an unusual act waits for the second one, usual ones do not."""

import datetime as dt

import pytest

from preau.accounts.models import User
from preau.audit.models import Entry
from preau.casework import queries, services
from preau.casework.errors import MessageNeeded, NotYoursToSign, OtherParentMustAgree
from preau.casework.models import Request
from preau.catalogue.models import SchoolClass
from preau.families import services as families
from preau.families.enums import CustodyWeeks
from preau.families.errors import BothMustSign
from preau.families.models import Guardian
from preau.families.services import ParentingData
from preau.families.values import AddressData, ChildData, GuardianData
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.messaging.models import Message
from preau.schools.models import Schooling
from preau.schools.services import end_schooling
from tests.bookings.world import make_site, make_year
from tests.casework.deciding import approve, at_school
from tests.casework.world import diet, submit
from tests.harness.people import AGENT, DAY, NOW, adult_of, make_account, make_agent
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def homes(world):
    """The child's other parent in a file of its own, and a recorded disagreement."""
    Guardian.objects.filter(pk=adult_of(world.family, 1).pk).update(has_authority=False)
    world.father = families.open_family(
        address=AddressData("3 rue Neuve", "75012", "Paris"),
        guardians=[GuardianData("Rousseau", "Thomas", email="thomas@example.fr")],
        children=[ChildData(child_id=world.child.pk, weeks=CustodyWeeks.ODD)],
        channel="COUNTER",
        now=NOW,
        actor=AGENT,
    )
    world.record = families.record_parenting(
        child_id=world.child.pk,
        data=ParentingData("DISAGREEMENT", "BOTH_SIGN", DAY),
        now=NOW,
        actor=AGENT,
    )
    world.mother_user, world.father_user = make_account(world.family), make_account(world.father)
    at_school(world, make_site())
    return world


def leave(world, **fields):
    return submit(
        world.family,
        "SCHOOL_LEAVING",
        {"last_day": "2026-12-18", "next_school": "École de Lyon"},
        child=world.child,
        user=User.objects.get(pk=world.mother_user.pk),
        **fields,
    )


def father(world):
    return Actor(user_id=world.father_user.pk, label="Thomas Rousseau", channel=Channel.PORTAL)


def test_it_waits_until_the_second_parent_agrees(homes):
    request = leave(homes)
    asked = Message.objects.get(to="thomas@example.fr")
    assert "/espace/accords/" in asked.body and asked.family_id == homes.father.pk
    for secret in ("Aulnes", "0639981120", "Lyon", "Amina"):
        assert secret not in asked.body
    assert Message.objects.filter(body__contains="l’accord de l’autre parent").count() == 1
    with pytest.raises(OtherParentMustAgree, match="Thomas"):
        approve(homes, request)
    adult = adult_of(homes.father)
    assert [row.pk for row in queries.to_sign(adult, DAY)] == [request.pk]
    assert queries.to_sign(adult_of(homes.family), DAY) == []
    who = {"request_id": request.pk, "now": NOW}
    with pytest.raises(NotYoursToSign):
        services.sign_request(
            guardian_id=adult_of(homes.family).pk, agrees=True, actor=father(homes), **who
        )
    services.sign_request(guardian_id=adult.pk, agrees=True, actor=father(homes), **who)
    assert queries.to_sign(adult, DAY) == []
    assert approve(homes, Request.objects.get(pk=request.pk)).status == "APPROVED"
    answered = Message.objects.filter(subject__contains="réponse de l’autre parent").get()
    assert answered.to == "amina@example.fr"


def test_an_opposition_holds_it_and_a_lifted_disagreement_frees_it(homes):
    request = leave(homes)
    services.sign_request(
        request_id=request.pk,
        guardian_id=adult_of(homes.father).pk,
        agrees=False,
        note="Le juge est saisi.",
        now=NOW,
        actor=father(homes),
    )
    with pytest.raises(OtherParentMustAgree, match="s’oppose"):
        approve(homes, request)
    assert not Message.objects.filter(body__contains="Le juge est saisi").exists()
    families.lift_parenting(record_id=homes.record.pk, reason="Accord", now=NOW, actor=AGENT)
    assert approve(homes, Request.objects.get(pk=request.pk)).status == "APPROVED"


def test_an_agent_notes_the_agreement_on_paper_and_says_how(homes):
    request = leave(homes)
    adult = adult_of(homes.father)
    who = {"request_id": request.pk, "guardian_id": adult.pk, "agrees": True, "now": NOW}
    with pytest.raises(MessageNeeded):
        services.sign_request(actor=homes.agent, **who)
    services.sign_request(actor=homes.agent, note="courrier du 2 octobre", **who)
    assert approve(homes, Request.objects.get(pk=request.pk)).status == "APPROVED"


def test_a_parent_without_a_file_is_asked_of_the_agent(homes):
    Guardian.objects.filter(pk=adult_of(homes.father).pk).update(left_on=DAY)
    request = leave(homes)
    [one] = queries.signers_of(request, DAY)
    assert one.guardian is None and "inconnu" in one.name
    services.sign_request(
        request_id=request.pk,
        guardian_id=None,
        agrees=True,
        note="courrier",
        now=NOW,
        actor=homes.agent,
    )
    assert approve(homes, Request.objects.get(pk=request.pk)).status == "APPROVED"


def test_a_usual_act_stays_free_for_either(homes):
    request = diet(homes.family, user=homes.mother_user)
    assert queries.signers_of(request, DAY) == [] and request.status == "APPROVED"


def test_what_agents_type_needs_both_too(homes):
    who = {"child_id": homes.child.pk, "family_id": homes.family.pk, "now": NOW, "actor": AGENT}
    with pytest.raises(BothMustSign):
        families.change_child(changes={"last_name": "Moreau"}, **who)
    assert families.change_child(changes={"sex": "M"}, **who)
    assert families.change_child(changes={"last_name": "Moreau"}, both_agreed=True, **who)
    with pytest.raises(BothMustSign):
        end_schooling(last_day=dt.date(2026, 12, 18), **who)


def test_an_agent_who_places_a_pupil_needs_both_and_the_journal_keeps_it(homes):
    year, other = make_year(), make_site("École Pasteur")
    room = SchoolClass.objects.create(
        establishment=other, school_year=year, name="CE2 A", levels=["CE2"]
    )
    office = client_of(make_agent("SCHOOL_OFFICE", email="office@saint-aubin.example"))
    page = f"/mairie/ecoles/eleves/{homes.child.pk}/"
    assert "Les deux parents décident" in office.get(page).content.decode()
    asked = {"school_class": room.pk, "level": "CE2", "starts_on": DAY.isoformat()}
    assert "accord écrit de ses deux parents" in office.post(page, asked).content.decode()
    assert Schooling.objects.get().establishment_id != other.pk
    assert office.post(page, asked | {"both_agreed": "on"}).status_code == 302
    assert Entry.objects.filter(
        action="schools.place_pupil", summary__contains="accord écrit des deux parents"
    ).exists()
    # Another class of the same school is an everyday act.
    again = SchoolClass.objects.create(
        establishment=other, school_year=year, name="CE2 B", levels=["CE2"]
    )
    assert office.post(page, asked | {"school_class": again.pk}).status_code == 302
    families.lift_parenting(record_id=homes.record.pk, reason="Accord", now=NOW, actor=AGENT)
    assert "372-2" in office.get(page).content.decode()


def test_an_agent_who_fills_the_sheet_says_that_both_signed(homes):
    agent = client_of(make_agent("ADMINISTRATOR", email="claire@saint-aubin.example"))
    page = f"/mairie/dossiers/{homes.family.code}/enfants/{homes.child.pk}/sante/"
    person = {"c-kind": "ALLOWED", "c-name": "Rose Martin", "c-phone": "0639981200"}
    acts = [
        {"act": "collector"} | person,
        {"act": "alone", "a-may": "1"},
        {"act": "consents", "o-OUTING": "1"},
    ]
    for act in acts:
        refused = agent.post(page, act)
        assert refused.status_code == 422
        assert "signature des deux parents" in refused.content.decode()
        assert agent.post(page, act | {"both_signed": "1"}).status_code == 302
    kept = Entry.objects.filter(summary__contains="signature des deux parents vue")
    assert set(kept.values_list("action", flat=True)) == {
        "childsheet.add_collector",
        "childsheet.leave_alone",
        "childsheet.consent",
    }
    # A refusal needs nobody; a person forbidden neither.
    assert agent.post(page, {"act": "consents", "o-OUTING": "0"}).status_code == 302


def test_the_pages_of_both_parents_and_of_the_agent(homes, django_assert_max_num_queries):
    request = leave(homes)
    mother, other = client_of(homes.mother_user), client_of(homes.father_user)
    assert (
        "l’accord de l’autre parent"
        in mother.get(f"/espace/demandes/{request.reference}/").content.decode()
    )
    assert "Votre accord est demandé" in other.get("/espace/").content.decode()
    assert "Votre accord" not in mother.get("/espace/").content.decode()
    with django_assert_max_num_queries(15):
        page = other.get("/espace/accords/").content.decode()
    assert "18 décembre" in page and "Lyon" not in page and "Aulnes" not in page
    agent = client_of(make_agent("ADMINISTRATOR", email="claire@saint-aubin.example"))
    case = f"/mairie/demandes/{request.reference}/"
    assert "n’a pas encore répondu" in agent.get(case).content.decode()
    assert mother.post(f"/espace/accords/{request.pk}/", {"answer": "yes"}).status_code == 404
    assert other.post(f"/espace/accords/{request.pk}/", {"answer": "yes"}).status_code == 302
    assert "Thomas Rousseau</b> : d’accord" in agent.get(case).content.decode()
    assert "Rien à signer" in other.get("/espace/accords/").content.decode()
