"""Each kind of request, from the family's answers to the file, and back when it is undone."""

import datetime as dt
from types import SimpleNamespace

import pytest

from preau.accounts import queries as accounts
from preau.attendance import queries as attendance
from preau.attendance import services as attendance_services
from preau.bookings.models import Booking
from preau.casework import services
from preau.casework.errors import CannotUndo, CaseRefusal, InvalidPayload
from preau.casework.kinds import get_kind
from preau.casework.models import Request
from preau.casework.values import GivenFile
from preau.catalogue.models import Establishment
from preau.childcare import queries as childcare
from preau.childcare import services as childcare_services
from preau.enrolments import queries as enrolments
from preau.enrolments.models import ProvidedDocument
from preau.families import queries as families
from preau.messaging.models import Message
from preau.schools import queries as schools
from preau.schools import services as school_services
from preau.schools.services import Placement
from tests.bookings.world import make_offering, make_site, make_slot, make_year
from tests.casework.world import (
    ADDRESS,
    agent_actor,
    make_document_kind,
    make_file,
    require,
    submit,
)
from tests.harness.people import (
    AGENT,
    DAY,
    NOW,
    adult_of,
    child_of,
    make_account,
    make_agent,
    make_family,
    make_town,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def world():
    make_town()
    family = make_family()
    return SimpleNamespace(family=family, agent=agent_actor(make_agent()), child=child_of(family))


def approve(world, request, **kwargs):
    kind = get_kind(request.kind)
    services.hold(request_id=request.pk, now=NOW, actor=world.agent)
    request = Request.objects.get(pk=request.pk)
    seen = kind.fingerprint(request, DAY)
    assert kind.facts(request)
    kind.consequences(request, DAY)
    return services.approve(
        request_id=request.pk,
        now=NOW,
        actor=world.agent,
        version=request.version,
        seen=seen,
        **kwargs,
    )


def undo(world, request):
    return services.undo(request_id=request.pk, now=NOW + MINUTE, actor=world.agent)


def canteen(site=None, **fields):
    return make_offering(site=site, **fields)


def at_school(world, site, level="CE2", child=None):
    year = make_year()
    return school_services.place_pupil(
        placement=Placement(
            child_id=(child or world.child).pk,
            establishment_id=site.pk,
            school_class_id=None,
            level=level,
            school_year_id=year.pk,
            starts_on=year.starts_on,
            ends_on=year.ends_on,
        ),
        source="test",
        family_id=world.family.pk,
        now=NOW,
        actor=world.agent,
    )


# --- Enrolment --------------------------------------------------------------------------------


def enrolment(world, offering, **fields):
    return submit(
        world.family,
        "ENROLMENT",
        {"offering": offering.pk, "starts_on": "2026-10-12"},
        child=world.child,
        **fields,
    )


def test_enrolment_is_applied_with_its_pieces(world):
    site = make_site()
    at_school(world, site)
    offering = canteen(site)
    insurance = make_document_kind(until_school_year_end=True)
    require(offering.activity, insurance)
    given = make_file(world.family)
    request = enrolment(world, offering, files=(GivenFile(given.pk, insurance.pk),))
    assert request.status == "SUBMITTED"
    change = get_kind("ENROLMENT").changes(request, DAY)[0]
    assert change.before == "non inscrit" and "12 octobre 2026" in change.after
    approve(world, request)
    held = enrolments.active_enrolments(world.family.pk, DAY).get()
    assert (held.offering_id, held.request_id, held.channel) == (
        offering.pk,
        request.pk,
        "PORTAL",
    )
    assert held.starts_on == dt.date(2026, 10, 12)
    piece = ProvidedDocument.objects.get()
    assert (piece.status, piece.expires_on) == ("ACCEPTED", dt.date(2027, 8, 31))
    undo(world, request)
    assert not enrolments.active_enrolments(world.family.pk, DAY).exists()
    assert ProvidedDocument.objects.get().status == "REFUSED"
    approve(world, request)
    assert enrolments.active_enrolments(world.family.pk, DAY).count() == 1


def test_enrolment_is_automatic_when_the_activity_says_so_and_nothing_is_missing(world):
    site = make_site()
    at_school(world, site)
    offering = canteen(site)
    offering.activity.is_automatic = True
    offering.activity.save()
    insurance = make_document_kind()
    require(offering.activity, insurance)
    assert enrolment(world, offering).status == "SUBMITTED"
    given = make_file(world.family)
    request = enrolment(world, offering, files=(GivenFile(given.pk, insurance.pk),))
    assert request.status == "APPROVED" and request.was_automatic
    # Nobody has looked at the piece yet: it waits for an agent, and counts meanwhile.
    assert ProvidedDocument.objects.get().status == "RECEIVED"
    assert not enrolments.missing_documents(
        child_id=world.child.pk,
        family_id=world.family.pk,
        activity_id=offering.activity_id,
        day=DAY,
    )


def test_a_doubtful_automatic_enrolment_goes_to_an_agent(world):
    at_school(world, make_site("École Jean-Moulin"))
    offering = canteen(make_site("École des Marronniers"))
    offering.activity.is_automatic = True
    offering.activity.save()
    request = enrolment(world, offering)
    assert request.status == "SUBMITTED"
    texts = [c.text for c in get_kind("ENROLMENT").consequences(request, DAY)]
    assert any("Jean-Moulin" in text for text in texts)


def test_enrolment_twice_is_refused_in_words(world):
    offering = canteen()
    approve(world, enrolment(world, offering))
    with pytest.raises(Exception, match="déjà inscrit"):
        approve(world, enrolment(world, offering))


def test_a_sport_is_booked_whole_and_freed_by_the_undo(world):
    offering = make_offering(
        "judo",
        name="Judo",
        kind="SPORT",
        mode="WHOLE_PERIOD",
        site=make_site("Dojo", "SPORTS"),
        product="seance",
    )
    for day in ("2026-10-14", "2026-11-04"):
        make_slot(day, offering=offering)
    request = enrolment(world, offering)
    approve(world, request)
    assert Booking.objects.filter(child=world.child, status="CONFIRMED").count() == 2
    undo(world, request)
    assert not Booking.objects.filter(child=world.child, status="CONFIRMED").exists()


def test_a_date_outside_the_offering_is_told_at_once(world):
    offering = canteen()
    with pytest.raises(InvalidPayload, match="Choisissez une date"):
        submit(
            world.family,
            "ENROLMENT",
            {"offering": offering.pk, "starts_on": "2028-01-01"},
            child=world.child,
        )


# --- The file ---------------------------------------------------------------------------------


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


CHILD = {
    "first_name": "Zoé",
    "last_name": "Rousseau",
    "birth_on": "2022-03-04",
    "sex": "F",
    "weeks": "ALL",
}


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


ADULT = {
    "first_name": "Karim",
    "last_name": "Haddad",
    "relationship": "père",
    "email": "karim.haddad@example.fr",
    "mobile_phone": "06 39 98 00 11",
}


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


# --- Crèche, school, card, absence ------------------------------------------------------------

WEEK = {
    "wished_from": "2027-01-04",
    "days": ["0", "1", "3"],
    "arrives_at": "08:30",
    "leaves_at": "17:30",
}


def accept_pieces():
    """The base pieces of every file: they unlock its rank."""
    for row in childcare.preregistrations():
        for piece in row.pieces.filter(criterion=None):
            childcare_services.decide_piece(
                preregistration_id=row.pk, piece_id=piece.pk, accepted=True, now=NOW, actor=AGENT
            )


def test_creche_place_from_pregnancy_on(world):
    request = submit(world.family, "CRECHE_PLACE", {**WEEK, "expected_on": "2026-12-20"})
    assert "20 décembre" in request.summary
    approve(world, request)
    assert not childcare.waiting_list().exists()  # no rank before its pieces
    accept_pieces()
    row = childcare.waiting_list().get()
    assert (row.rank, row.weekly_minutes) == (1, [540, 540, 0, 540, 0])
    assert row.child.expected_on == dt.date(2026, 12, 20)
    assert row.created_at == request.submitted_at
    undo(world, request)
    assert not childcare.waiting_list().exists()
    with pytest.raises(InvalidPayload):
        submit(world.family, "CRECHE_PLACE", {**WEEK, "days": []}, child=world.child)


def test_the_rank_follows_the_day_of_the_request_not_of_the_approval(world):
    first = submit(world.family, "CRECHE_PLACE", WEEK, child=child_of(world.family, 1))
    second = submit(world.family, "CRECHE_PLACE", WEEK, child=world.child, now=NOW + MINUTE)
    approve(world, second)
    approve(world, first)
    accept_pieces()
    assert [row.child_id for row in childcare.waiting_list()] == [
        child_of(world.family, 1).pk,
        world.child.pk,
    ]


def test_school_enrolment(world):
    year = make_year()
    site = Establishment.objects.create(
        name="École Jean-Moulin", kind="SCHOOL", slug="jean-moulin", levels=["CP", "CE1", "CE2"]
    )
    answers = {"school_year": year.pk, "level": "CE2", "establishment": site.pk}
    with pytest.raises(InvalidPayload, match="niveau"):
        submit(world.family, "SCHOOL_ENROLMENT", {**answers, "level": "PS"}, child=world.child)
    request = submit(world.family, "SCHOOL_ENROLMENT", answers, child=world.child)
    approve(world, request)
    held = schools.schooling_on([world.child.pk], DAY)[world.child.pk]
    assert (held.establishment_id, held.level) == (site.pk, "CE2")
    undo(world, request)
    assert not schools.schooling_on([world.child.pk], DAY)


def test_a_lost_card_is_dead_at_once_and_the_next_one_is_issued(world):
    card = attendance_services.issue_card(
        child_id=world.child.pk, family_id=world.family.pk, now=NOW, actor=world.agent
    )
    request = submit(world.family, "CARD", {"reason": "LOST"}, child=world.child)
    card.refresh_from_db()
    assert (request.status, card.status) == ("SUBMITTED", "LOST")
    approve(world, request)
    active = attendance.active_card_of(world.child.pk)
    assert active.rank == 2


def absent(world, **fields):
    offering = canteen()
    make_slot("2026-10-08", offering=offering)
    from tests.bookings.world import book

    book(Booking.slot.field.related_model.objects.get(), world.child, world.family)
    return submit(
        world.family,
        "ABSENCE",
        {"starts_on": "2026-10-08", "ends_on": "2026-10-08", "reason": "ILLNESS"},
        child=world.child,
        **fields,
    )


def test_an_absence_is_reported_at_once_and_justified_on_approval(world):
    given = make_file(world.family)
    request = absent(world, files=(GivenFile(given.pk),))
    report = attendance.absences_of(world.family.pk).get()
    assert (report.status, report.document_id, report.reported_at) == ("REPORTED", given.pk, NOW)
    approve(world, request)
    report.refresh_from_db()
    assert report.status == "JUSTIFIED"


def test_a_refused_absence_is_not_justified(world):
    request = absent(world)
    services.refuse(
        request_id=request.pk, reason="Certificat illisible", now=NOW, actor=world.agent
    )
    report = attendance.absences_of(world.family.pk).get()
    assert (report.status, report.decision_comment) == ("NOT_JUSTIFIED", "Certificat illisible")


# --- Question, invoice ------------------------------------------------------------------------


def test_a_question_is_closed_by_its_answer(world):
    request = submit(
        world.family, "QUESTION", {"subject": "Horaires", "message": "À quelle heure ouvre… ?"}
    )
    with pytest.raises(CaseRefusal):
        approve(world, request)
    approve(world, request, message="À 8 h 30.")
    mail = Message.objects.filter(subject__contains="Réponse").get()
    assert "À 8 h 30." in mail.body and "recours" not in mail.body


# --- A family unknown so far ------------------------------------------------------------------

HOME = {k: v for k, v in ADDRESS.items() if k != "since"}
NEWCOMERS = {
    "home": HOME,
    "adults": [{**ADULT, "birth_on": "1990-01-02"}],
    "children": [{**CHILD, "last_name": "Haddad"}],
}


def test_an_unknown_family_opens_its_file(world):
    given = make_file()
    kind = make_document_kind("justificatif-domicile", subject="FAMILY")
    request = submit(
        None,
        "NEW_FAMILY",
        NEWCOMERS,
        email="karim.haddad@example.fr",
        files=(GivenFile(given.pk, kind.pk),),
    )
    assert (request.family_id, request.summary) == (None, "Haddad (Zoé)")
    assert get_kind("NEW_FAMILY").duplicates(request) == []
    approve(world, request)
    request.refresh_from_db()
    family = families.get_family(request.family_id)
    assert family.name == "Haddad" and family.channel == "PORTAL" and family.is_resident
    assert [c.first_name for c in families.children_of(family, DAY)] == ["Zoé"]
    assert ProvidedDocument.objects.get().family_id == family.pk
    given.refresh_from_db()
    assert given.family_id == family.pk
    told = Message.objects.filter(subject__contains="acceptée").get().body
    assert family.printed_code in told
    assert Message.objects.filter(to="karim.haddad@example.fr", body__contains="/mot-de-passe/")


def test_a_likely_duplicate_is_attached_without_doubling_anyone(world):
    twice = {
        "home": HOME,
        "adults": [
            {
                "first_name": "Amina",
                "last_name": "Belkacem",
                "relationship": "mère",
                "email": "amina@example.fr",
                "mobile_phone": "06 39 98 11 20",
            }
        ],
        "children": [
            {**CHILD, "first_name": "Lina", "birth_on": "2016-06-09"},
            {**CHILD, "first_name": "Zoé"},
        ],
    }
    request = submit(None, "NEW_FAMILY", twice)
    matches = get_kind("NEW_FAMILY").duplicates(request)
    assert [match.family_id for match in matches] == [world.family.pk]
    with pytest.raises(CaseRefusal, match="déjà connu"):
        approve(world, request)
    approve(world, request, choice=f"attach:{world.family.pk}")
    assert families.guardians_of(world.family).count() == 2
    assert len(families.children_of(world.family, DAY)) == 3
    with pytest.raises(CannotUndo):
        undo(world, request)


def test_an_incomplete_opening_is_told(world):
    with pytest.raises(InvalidPayload) as refused:
        submit(None, "NEW_FAMILY", {"home": HOME, "adults": [{**ADULT, "email": "x"}]})
    assert set(refused.value.errors) == {"adults.0.email", "children"}


def test_an_invoice_rightly_contested_gives_a_credit_note(world):
    from preau.billing import queries as billing
    from tests.harness.money import make_invoice, make_office

    invoice = make_invoice(world.family, make_office(), 450, 900, now=NOW)
    line = billing.get_invoice(invoice.number).lines.all()[0]
    request = submit(
        world.family,
        "INVOICE_DISPUTE",
        {"invoice": invoice.number, "lines": [line.pk], "reason": "Lina était absente."},
    )
    changes = get_kind("INVOICE_DISPUTE").changes(request, DAY)
    assert [(c.label, c.after) for c in changes] == [(line.label, "0,00\u202f€")]
    approve(world, request)
    note = billing.family_invoices(world.family.pk).filter(kind="CREDIT_NOTE").get()
    assert note.total_cents == -line.amount_cents
    assert billing.get_invoice(invoice.number).left_cents == 1350 - line.amount_cents
    # Another household's invoice is none of its choices.
    with pytest.raises(InvalidPayload):
        submit(
            make_family(last_name="Moreau"),
            "INVOICE_DISPUTE",
            {"invoice": invoice.number, "reason": "non"},
        )


def test_a_justified_absence_is_told_in_one_letter_at_each_step(world):
    request = absent(world)
    assert Message.objects.count() == 1
    approve(world, request)
    assert Message.objects.count() == 2
