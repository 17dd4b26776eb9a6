"""The child’s sheet: collecting, consents, vaccinations, a plan; health sealed and journaled."""

import datetime as dt
import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from preau.audit.models import Entry
from preau.childsheet import queries, rules, services
from preau.childsheet.enums import Vaccine
from preau.childsheet.errors import SheetRefused
from preau.childsheet.health import Health
from preau.childsheet.models import ChildSheet, Pai
from preau.childsheet.services.reminders import step_due
from preau.families import services as families
from preau.families.models import Guardian
from preau.families.services import ParentingData
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.messaging.models import Message
from tests.harness.people import AGENT, DAY, NOW, adult_of, child_of, make_family, make_town

pytestmark = pytest.mark.django_db
MOTHER = Actor(user_id=1, label="Amina Belkacem", channel=Channel.PORTAL)
FATHER = Actor(user_id=2, label="Thomas Rousseau", channel=Channel.PORTAL)
ALL = tuple(Vaccine.values)


@pytest.fixture
def child():
    make_town()
    return child_of(make_family(children=1, email="amina@famille.example"))


@pytest.fixture
def family(child):
    from preau.families.queries import families_of_child

    return families_of_child(child, DAY).get()


def health(child, **fields):
    services.write_health(
        child_id=child.pk,
        family_id=None,
        health=Health(**fields),
        now=NOW,
        actor=MOTHER,
    )


def test_health_is_sealed_and_each_reading_is_journaled(child, family):
    health(child, allergens=("PEANUTS",), treatment="stylo d’adrénaline", vaccines=("DTP",))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM childsheet_childsheet")
        stored = str(cursor.fetchall())
    assert "PEANUTS" not in stored and "adrénaline" not in stored
    before = Entry.objects.filter(action="childsheet.read_health").count()
    found = services.read_health(child_id=child.pk, action="READ", now=NOW, actor=AGENT)
    assert found.treatment == "stylo d’adrénaline"
    assert found.allergen_words == ["arachide"]
    lines = Entry.objects.filter(action="childsheet.read_health")
    assert lines.count() == before + 1 and lines.get().object_id == child.pk
    everything = " ".join(f"{e.summary} {e.data}" for e in Entry.objects.all())
    assert "adrénaline" not in everything and "arachide" not in everything.lower()
    signs = queries.signs_of([child.pk])[child.pk]
    assert signs.has_allergy and not signs.has_pai
    # Without being asked for, the site's sheet says the sign and no more.
    sheet = queries.site_sheets([child], DAY)[child.pk]
    assert sheet.health is None and sheet.signs.has_allergy


@pytest.mark.parametrize(
    ("birth", "count"),
    [((2015, 5, 1), 1), ((2017, 12, 31), 1), ((2018, 1, 1), 7), ((2024, 3, 1), 8)],
)
def test_vaccinations_follow_the_birth(birth, count):
    assert len(rules.vaccines_required(dt.date(*birth))) == count


def test_missing_vaccinations_admit_for_three_months_then_remind(child):
    health(child, vaccines=())
    sheet = ChildSheet.objects.get()
    assert sheet.provisional_until == dt.date(2027, 1, 6)
    assert rules.provisional_until(dt.date(2026, 11, 30)) == dt.date(2027, 2, 28)
    Message.objects.all().delete()
    sent = [bool(services.send_reminders(now=NOW + dt.timedelta(days=n))) for n in range(130)]
    days = [n for n, yes in enumerate(sent) if yes]
    # 60, 30 and 7 days before 6 January 2027, that day, then each month.
    assert days == [32, 62, 85, 92, 122]
    body = Message.objects.order_by("pk").first().body
    assert "6 janvier 2027" in body
    for word in ("vaccin", "allergie", "DTP"):
        assert word not in body.lower()
    services.check_vaccines(child_id=child.pk, vaccines=ALL, now=NOW, actor=AGENT)
    sheet.refresh_from_db()
    assert sheet.provisional_until is None and sheet.vaccines_checked_by == AGENT.label
    assert not step_due(dt.date(2027, 1, 6), None, DAY)


def test_a_plan_is_reviewed_each_year(child, family):
    with pytest.raises(SheetRefused, match="douze mois"):
        services.record_pai(
            child_id=child.pk,
            family_id=family.pk,
            measures="x",
            signed_on=DAY,
            review_on=dt.date(2028, 1, 1),
            now=NOW,
            actor=MOTHER,
        )
    plan = services.record_pai(
        child_id=child.pk,
        family_id=family.pk,
        measures="Ventoline si toux",
        signed_on=DAY,
        document=SimpleUploadedFile("pai.pdf", b"%PDF-1.4 asthme"),
        now=NOW,
        actor=MOTHER,
    )
    assert plan.review_on == dt.date(2027, 10, 6)
    assert "Ventoline" not in plan.sealed_measures
    child.refresh_from_db()
    assert child.has_pai
    name, kind, content = services.read_document(
        child_id=child.pk, file_id=plan.document_id, now=NOW, actor=AGENT
    )
    assert (name, kind, content) == ("pai.pdf", "application/pdf", b"%PDF-1.4 asthme")
    other = child_of(make_family(children=1, last_name="Autre"))
    with pytest.raises(SheetRefused):
        services.read_document(child_id=other.pk, file_id=plan.document_id, now=NOW, actor=AGENT)
    later = dt.datetime(2027, 8, 25, 7, tzinfo=dt.UTC)
    assert services.send_reminders(now=later) == 1
    assert services.send_reminders(now=later) == 0, "once a month"
    again = services.record_pai(
        child_id=child.pk,
        family_id=family.pk,
        measures="Ventoline",
        signed_on=later.date(),
        now=later,
        actor=MOTHER,
    )
    assert again.document_id == plan.document_id, "the paper stays until another one comes"
    assert Pai.objects.filter(ended_on__isnull=True).get() == again
    services.end_pai(child_id=child.pk, now=later, actor=AGENT)
    child.refresh_from_db()
    assert not child.has_pai


def test_consents_are_dated_and_withdrawn(child, family):
    def sign(given, actor=MOTHER, kind="PHOTO"):
        return services.sign_consent(
            child_id=child.pk,
            family_id=family.pk,
            kind=kind,
            is_given=given,
            now=NOW,
            actor=actor,
        )

    assert sign(True).confirmed_at == NOW
    assert sign(True) is None
    child.refresh_from_db()
    assert child.photo_consent is True
    sign(False)
    child.refresh_from_db()
    assert child.photo_consent is False
    assert [c.is_given for c in queries.consent_history(child.pk)] == [False, True]
    families.record_parenting(
        child_id=child.pk,
        data=ParentingData("DISAGREEMENT", "BOTH_SIGN", DAY),
        now=NOW,
        actor=AGENT,
    )
    Guardian.objects.filter(pk=adult_of(family, 1).pk).update(email="thomas@example.fr")
    asked = sign(True, kind="OUTING")
    assert asked.confirmed_at is None
    mail = Message.objects.get(to="thomas@example.fr")
    assert f"/enfants/{child.pk}/fiche/#sign" in mail.body and "sorties à pied" in mail.body

    def confirm(actor):
        services.confirm_other_parent(
            child_id=child.pk,
            family_id=family.pk,
            what="consent",
            pk=asked.pk,
            now=NOW,
            actor=actor,
        )

    with pytest.raises(SheetRefused, match="autre parent"):
        confirm(MOTHER)
    label = "sorties à pied ou en car"
    assert queries.site_sheets([child], DAY)[child.pk].consents[label] is None
    confirm(FATHER)
    assert queries.site_sheets([child], DAY)[child.pk].consents[label] is True
    with pytest.raises(SheetRefused, match="deux parents"):
        services.set_leave_alone(
            child_id=child.pk,
            family_id=family.pk,
            may=True,
            from_hour=dt.time(17, 30),
            now=NOW,
            actor=MOTHER,
        )


def test_who_may_and_who_must_not_collect(child, family):
    who = {"child_id": child.pk, "family_id": family.pk, "now": NOW, "actor": MOTHER}
    with pytest.raises(SheetRefused, match="téléphone"):
        services.add_collector(kind="ALLOWED", name="Mamie Rose", **who)
    rose = services.add_collector(kind="ALLOWED", name="rose martin", phone="06 01 02 03 04", **who)
    with pytest.raises(SheetRefused, match="justice"):
        services.add_collector(kind="FORBIDDEN", name="Jean Dupont", **who)
    services.add_collector(
        kind="FORBIDDEN",
        name="Jean Dupont",
        judgment=SimpleUploadedFile("j.pdf", b"%PDF-1.4 x"),
        **who,
    )
    services.set_phones(phones=[("Rose Martin", "grand-mère", "0601020304")], **who)
    sheet = queries.site_sheets([child], DAY)[child.pk]
    assert [p.name for p in sheet.must_not_collect] == ["Jean Dupont"]
    assert [p.name for p in sheet.may_collect][-1] == rose.name == "Rose Martin"
    assert [p.name for p in sheet.to_call] == [
        "Amina Belkacem",
        "Thomas Rousseau",
        "Rose Martin",
    ]
    services.set_leave_alone(may=True, from_hour=dt.time(17, 30), **who)
    assert (
        queries.site_sheets([child], DAY)[child.pk].leave == "peut partir seul à partir de 17 h 30"
    )
    forbidden = queries.collectors_of(child.pk).get(kind="FORBIDDEN")
    with pytest.raises(SheetRefused, match="guichet"):
        services.remove_collector(collector_id=forbidden.pk, **who)
    services.remove_collector(collector_id=rose.pk, **who)
    assert queries.collectors_of(child.pk).count() == 1


def test_a_sites_sheets_cost_the_same_for_one_and_ten(django_assert_max_num_queries):
    make_town()
    children = [child_of(make_family(children=1, last_name=f"N{n}")) for n in range(10)]
    for some in (children[:1], children):
        with django_assert_max_num_queries(14):
            assert len(queries.site_sheets(some, DAY)) == len(some)


def test_no_log_no_journal_no_message_tells_health(child, family, caplog):
    words = ("Anapen", "arachide", "PEANUTS", "adrénaline", "carnet-secret")
    with caplog.at_level(logging.DEBUG):
        services.write_health(
            child_id=child.pk,
            family_id=family.pk,
            health=Health(allergens=("PEANUTS",), treatment="Anapen", advice="adrénaline"),
            vaccine_proof=SimpleUploadedFile("carnet-secret.pdf", b"%PDF-1.4 x"),
            now=NOW,
            actor=MOTHER,
        )
        services.record_pai(
            child_id=child.pk,
            family_id=family.pk,
            measures="adrénaline",
            signed_on=DAY,
            now=NOW,
            actor=MOTHER,
        )
        services.read_health(child_id=child.pk, action="READ", now=NOW, actor=AGENT)
        services.send_reminders(now=NOW + dt.timedelta(days=40))
    said = caplog.text + " ".join(
        [f"{e.summary} {e.data}" for e in Entry.objects.all()]
        + [f"{m.subject} {m.body}" for m in Message.objects.all()]
    )
    for word in words:
        assert word not in said
    with connection.cursor() as cursor:
        for table in ("childsheet_childsheet", "childsheet_pai", "documents_sealedfile"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            stored = str(cursor.fetchall())
            assert not any(word in stored for word in words)
