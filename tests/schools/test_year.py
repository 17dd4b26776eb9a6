"""From one school year to the next: pupils promoted, enrolments renewed, numbers forecast."""

import datetime as dt
import io
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob
from pypdf import PdfReader

from preau.accounts.enums import Role
from preau.casework.models import Request
from preau.catalogue.models import Establishment, Offering, WeeklyPattern
from preau.catalogue.services import copy_offerings, save_school_year
from preau.documents.models import Print
from preau.enrolments import renewals
from preau.enrolments.models import (
    Acceptance,
    DocumentKind,
    Enrolment,
    ProvidedDocument,
    Renewal,
    RequiredDocument,
)
from preau.enrolments.queries import renewal_of
from preau.enrolments.services import enrol
from preau.families.models import Family, Guardian
from preau.families.queries import quotient_on
from preau.journeys.letter_prints import run_letters
from preau.journeys.rollover.forecast import forecast
from preau.journeys.rollover.next_offer import close_next_offer, next_offer, open_next_offer
from preau.journeys.rollover.renewal import open_renewal, renewal_form
from preau.journeys.tasks import tell_renewals
from preau.kernel.enums import Channel
from preau.messaging.models import Message
from preau.schools import promotions, sectors
from preau.schools.models import Promotion, Schooling
from tests.harness.offer import make_offer
from tests.harness.people import AGENT, NOW, child_of, make_account, make_agent, make_family
from tests.harness.people import make_town as make_the_town

pytestmark = pytest.mark.django_db
WHO: dict[str, Any] = {"now": NOW, "actor": AGENT}
DAY = dt.date(2026, 10, 6)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def town(db: None) -> SimpleNamespace:
    """One nursery school, one elementary school (the offer's), pupils in GS, CE1 and CM2."""
    make_the_town()
    offer = make_offer()
    Establishment.objects.filter(pk=offer.school.pk).update(
        levels=["CP", "CE1", "CE2", "CM1", "CM2"]
    )
    nursery = Establishment.objects.create(
        kind="SCHOOL", name="Aulnes", slug="aulnes", levels=["PS", "MS", "GS"]
    )
    sectors.save_segment(
        pk=None,
        street="rue du Lavoir",
        side="BOTH",
        first=1,
        last=None,
        cycle="ELEMENTARY",
        school_id=offer.school.pk,
        **WHO,
    )
    family = make_family(children=3, email="amina@example.org")
    kids = [child_of(family, n) for n in range(3)]
    for child, level, school in zip(
        kids, ("CM2", "CE1", "GS"), (offer.school, offer.school, nursery), strict=True
    ):
        Schooling.objects.create(
            child=child,
            establishment=school,
            school_year=offer.year,
            level=level,
            starts_on=offer.year.starts_on,
            ends_on=offer.year.ends_on,
            channel="SYSTEM",
            created_at=NOW,
        )
    return SimpleNamespace(offer=offer, nursery=nursery, family=family, kids=kids)


def prepare(town: Any) -> Any:
    return promotions.prepare_roll_over(from_year=town.offer.year, **WHO)


@pytest.mark.parametrize(
    ("level", "outcome", "following"),
    [
        ("PS", "UP", "MS"),
        ("GS", "UP", "CP"),
        ("CM2", "UP", ""),
        ("CE1", "REPEAT", "CE1"),
        ("CP", "SKIP", "CE2"),
        ("ULIS", "UP", "ULIS"),
        ("CM1", "LEAVES", ""),
    ],
)
def test_the_ladder(level: str, outcome: str, following: str) -> None:
    assert promotions.next_level(level, outcome) == following


def test_prepared_corrected_applied_undone(town: Any) -> None:
    row = prepare(town)
    found = {p.level_from: p for p in promotions.promotions_of(row)}
    assert found["CM2"].outcome == "LEAVES"
    assert (found["GS"].level_to, found["GS"].school_to) == ("CP", town.offer.school)
    assert Schooling.objects.count() == 3  # nothing written yet
    with pytest.raises(promotions.RollOverRefused):
        prepare(town)
    with pytest.raises(promotions.RollOverRefused):  # an exception needs its reason
        promotions.change_promotion(
            promotion_id=found["CE1"].pk, outcome="REPEAT", school_id=None, reason="", **WHO
        )
    kept = promotions.change_promotion(
        promotion_id=found["CE1"].pk, outcome="REPEAT", school_id=None, reason="Maintien", **WHO
    )
    assert (kept.level_to, kept.school_to_id) == ("CE1", town.offer.school.pk)
    assert promotions.apply_roll_over(roll_over_id=row.pk, **WHO) == 2
    levels = dict(
        Schooling.objects.filter(school_year=row.to_year).values_list("child_id", "level")
    )
    assert levels == {town.kids[1].pk: "CE1", town.kids[2].pk: "CP"}
    row.refresh_from_db()
    assert promotions.why_not_undo(row) == ""
    promotions.undo_roll_over(roll_over_id=row.pk, **WHO)
    assert Schooling.objects.count() == 3
    assert prepare(town).pk != row.pk  # it may be prepared again


def test_it_is_not_undone_once_a_family_has_acted(town: Any) -> None:
    row = prepare(town)
    promotions.apply_roll_over(roll_over_id=row.pk, **WHO)
    copy_offerings(source_id=town.offer.year.pk, target_id=row.to_year_id, **WHO)
    Offering.objects.filter(school_year_id=row.to_year_id).update(is_open=True)
    later = {"now": NOW + dt.timedelta(hours=1), "actor": AGENT}
    enrol(
        child_id=town.kids[1].pk,
        family_id=town.family.pk,
        offering_id=Offering.objects.filter(school_year=row.to_year).first().pk,
        starts_on=row.to_year.starts_on,
        channel=Channel.PORTAL,
        **later,
    )
    row.refresh_from_db()
    with pytest.raises(promotions.RollOverRefused):
        promotions.undo_roll_over(roll_over_id=row.pk, **later)


def test_a_derogation_already_granted_is_kept(town: Any) -> None:
    year = save_school_year(starts_on=dt.date(2027, 9, 1), **WHO)
    Schooling.objects.create(
        child=town.kids[2],
        establishment=town.nursery,
        school_year=year,
        level="CP",
        starts_on=year.starts_on,
        ends_on=year.ends_on,
        channel="PORTAL",
        source="derogation",
        created_at=NOW,
    )
    row = prepare(town)
    assert Promotion.objects.get(child=town.kids[2]).school_to == town.nursery
    promotions.apply_roll_over(roll_over_id=row.pk, **WHO)
    assert Schooling.objects.get(child=town.kids[2], school_year=year).source == "derogation"


def test_queries_do_not_grow_with_the_pupils(town: Any, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(28):
        row = prepare(town)
    with django_assert_max_num_queries(22):
        promotions.apply_roll_over(roll_over_id=row.pk, **WHO)


def test_forecast_moves_each_level_up_and_follows_sectors(town: Any) -> None:
    found = forecast(year=town.offer.year, day=DAY, given_births={2024: 40})
    table = {(line.school, line.level): (line.now, *line.next) for line in found.lines}
    assert found.labels[0] == "2026-2027" and len(found.labels) == 4
    assert table["Aulnes", "GS"][0] == 1 and table["Aulnes", "GS"][1] == 0
    assert table["Marie-Curie", "CP"][1] == 1  # the pupil in GS lives in its sector
    assert table["Marie-Curie", "CE2"][1] == 1 and table["Marie-Curie", "CM2"][3] == 1
    halved = forecast(year=town.offer.year, day=DAY, stay=50)
    assert halved.totals()[1] <= found.totals()[1]


# --- Renewing ------------------------------------------------------------------------------------


@pytest.fixture
def campaign(town: Any) -> SimpleNamespace:
    """Lina (CE1) at the canteen and at judo; next year's offer is the same; a piece expired."""
    lina = town.kids[1]
    for made in (town.offer.canteen, town.offer.judo):
        enrol(
            child_id=lina.pk,
            family_id=town.family.pk,
            offering_id=made.offerings[0].pk,
            starts_on=DAY,
            channel=Channel.COUNTER,
            **WHO,
        )
    row = prepare(town)
    promotions.apply_roll_over(roll_over_id=row.pk, **WHO)
    copy_offerings(source_id=town.offer.year.pk, target_id=row.to_year_id, **WHO)
    Offering.objects.filter(school_year_id=row.to_year_id).update(is_open=True)
    kind = DocumentKind.objects.create(
        slug="assurance", name="Assurance", until_school_year_end=True
    )
    RequiredDocument.objects.create(activity=town.offer.judo.activity, kind=kind)
    regulation = renewals.save_regulation(
        pk=None, title="Règlement", version="2027", body="# Article 1", in_force_on=DAY, **WHO
    )
    renewals.publish_regulation(pk=regulation.pk, **WHO)
    opened = open_renewal(
        from_year=town.offer.year,
        to_year=row.to_year,
        opens_on=DAY,
        closes_on=DAY + dt.timedelta(days=30),
        **WHO,
    )
    return SimpleNamespace(row=opened, lina=lina, family=town.family, regulation=regulation)


def test_the_form_asks_only_what_has_expired(campaign: Any) -> None:
    asked = renewal_form(campaign.family, campaign.row)
    # The canteen's levels leave CE2 out; judo goes on.
    assert [line.offering.activity.name for line in asked.lines] == ["Judo"]
    assert [line.enrolment.offering.activity.name for line in asked.ended] == ["Cantine"]
    assert [kind.name for _child, kind in asked.pieces] == ["Assurance"]
    assert asked.needs_quotient and asked.regulation == campaign.regulation


def test_a_family_renews_on_the_portal(
    campaign: Any, client: Client, monkeypatch, settings
) -> None:
    for module in ("portal.renewal.views", "townhall.schools.renewal"):
        monkeypatch.setattr(f"preau.{module}.utc_now", lambda: NOW)
    user = make_account(campaign.family, email="amina@example.org")
    client.force_login(user, backend="preau.families.auth.FamilyBackend")
    page = reverse("portal:renewal")
    assert "Judo" in client.get(page).content.decode()
    line = renewal_form(campaign.family, campaign.row).lines[0]
    kind = DocumentKind.objects.get()
    sent = {
        f"line_{line.pk}": "on",
        f"piece_{kind.pk}_{campaign.lina.pk}": SimpleUploadedFile("a.pdf", PDF),
    }
    refused = client.post(page, sent)
    assert "acceptez le règlement" in refused.content.decode()
    assert not ProvidedDocument.objects.exists()  # all or nothing
    sent[f"piece_{kind.pk}_{campaign.lina.pk}"] = SimpleUploadedFile("a.pdf", PDF)
    done = client.post(page, sent | {"accepts": "on"}, follow=True)
    assert "C’est renouvelé" in done.content.decode()
    kept = Acceptance.objects.get()
    assert kept.guardian is not None and kept.channel == Channel.PORTAL
    assert Enrolment.objects.filter(offering__school_year=campaign.row.to_year).count() == 1
    assert ProvidedDocument.objects.get().child == campaign.lina
    again = client.post(page, sent | {"accepts": "on"})
    assert "déjà fait" in again.content.decode() or "déjà répondu" in again.content.decode()


def test_an_expired_quotient_is_given_in_the_form(
    campaign: Any, client: Client, monkeypatch
) -> None:
    for module in ("portal.renewal.views", "townhall.schools.renewal"):
        monkeypatch.setattr(f"preau.{module}.utc_now", lambda: NOW)
    user = make_account(campaign.family, email="amina@example.org")
    client.force_login(user, backend="preau.families.auth.FamilyBackend")
    page = reverse("portal:renewal")
    sent = {"accepts": "on", "quotient": "612,5", "quotient_source": "CAF"}
    assert "Joignez l’attestation" in client.post(page, sent).content.decode()
    wrong = sent | {"quotient": "beaucoup", "quotient_proof": SimpleUploadedFile("q.pdf", PDF)}
    assert "Écrivez un nombre" in client.post(page, wrong).content.decode()
    assert not Request.objects.exists()
    client.post(page, sent | {"quotient_proof": SimpleUploadedFile("q.pdf", PDF)})
    request = Request.objects.get(kind="QUOTIENT")
    assert (request.family_id, request.status) == (campaign.family.pk, "SUBMITTED")
    assert request.payload["value"] == "612,5" and request.files.count() == 1


def test_an_agent_who_holds_the_paper_records_the_quotient(
    campaign: Any, client: Client, monkeypatch
) -> None:
    monkeypatch.setattr("preau.townhall.schools.renewal.utc_now", lambda: NOW)
    client.force_login(make_agent(Role.SCHOOL_OFFICE), backend="preau.accounts.auth.AgentBackend")
    page = reverse("townhall:family-renewal", args=[campaign.family.code])
    proof = SimpleUploadedFile("q.pdf", PDF)
    sent = {"accepts": "on", "quotient": "845", "quotient_source": "MSA", "quotient_proof": proof}
    assert client.post(page, sent).status_code == 302
    held = quotient_on(campaign.family.pk, campaign.row.to_year.starts_on)
    assert (held.value_cents, held.source) == (84500, "MSA")


def test_next_years_offer_is_opened_by_one_act(town: Any, client: Client) -> None:
    year = town.offer.year
    plan = next_offer(year)
    assert plan.is_new_year and plan.copied == plan.to_open == len(plan.lines) > 1
    who: dict[str, Any] = {"from_year": year, "registration_opens_on": dt.date(2027, 6, 1), **WHO}
    done = open_next_offer(with_slots=False, **who)
    assert (done.copied, done.opened) == (plan.copied, plan.copied)
    made = Offering.objects.filter(school_year=done.year)
    assert all(row.is_open and row.registration_opens_at for row in made)
    assert {row.starts_on for row in made} == {done.year.starts_on}
    assert WeeklyPattern.objects.filter(offering__in=made).exists()
    with pytest.raises(renewals.RenewalRefused, match="déjà ouverte"):
        open_next_offer(with_slots=False, **who)
    assert close_next_offer(from_year=year, **WHO) == plan.copied
    assert next_offer(year).copied == 0 and next_offer(year).to_open == plan.copied
    open_next_offer(with_slots=False, **who)
    child = town.kids[1]
    offering = next(row for row in made if row.activity_id == town.offer.judo.activity.pk)
    enrol(
        child_id=child.pk,
        family_id=town.family.pk,
        offering_id=offering.pk,
        starts_on=offering.starts_on,
        channel=Channel.COUNTER,
        **WHO,
    )
    with pytest.raises(renewals.RenewalRefused):
        close_next_offer(from_year=year, **WHO)
    client.force_login(make_agent(Role.SCHOOL_OFFICE), backend="preau.accounts.auth.AgentBackend")
    page = reverse("townhall:next-offer")
    assert "Tout refermer" not in client.get(page).content.decode()
    assert "déjà ouverte" in client.post(page, {"act": "open"}).content.decode()


def test_who_has_not_renewed_is_listed_and_written_to(campaign: Any, client: Client) -> None:
    other = make_family(children=0, adults=1)
    Renewal.objects.create(campaign=campaign.row, family=other)
    Guardian.objects.filter(family=other).update(email="")
    client.force_login(make_agent(Role.SCHOOL_OFFICE), backend="preau.accounts.auth.AgentBackend")
    page = reverse("townhall:renewal", args=[campaign.row.pk])
    shown = client.get(page).content.decode()
    assert campaign.family.printed_code in shown and other.printed_code in shown
    for file_format in ("csv", "xlsx"):
        assert client.get(page, {"export": file_format}).status_code == 200
    tell = reverse("townhall:renewal-tell", args=[campaign.row.pk])
    assert "est parti pour être préparé" in client.post(tell, follow=True).content.decode()
    assert "attend déjà de partir" in client.post(tell, follow=True).content.decode()
    job = ProcrastinateJob.objects.get(task_name="journeys.tell_renewals")
    for _again in range(2):  # killed after its commit and run again: nobody is told twice
        tell_renewals.func(**job.args)
    assert Message.objects.filter(to="amina@example.org").count() == 1
    assert set(Renewal.objects.values_list("reminders", flat=True)) == {1}
    letters = Print.objects.get()
    assert letters.subjects == [other.pk]
    run_letters(print_id=letters.pk)
    shown = client.get(page).content.decode()
    where = reverse("townhall:renewal-letters", args=[campaign.row.pk, letters.pk])
    assert where in shown and "Le PDF est prêt" in client.get(where).content.decode()
    told = PdfReader(io.BytesIO(client.get(f"{where[:-1]}.pdf").getvalue())).pages[0]
    assert other.printed_code in told.extract_text()
    filled = client.get(reverse("townhall:family-renewal", args=[campaign.family.code]))
    assert "Ce qui continue" in filled.content.decode()


def test_a_household_may_decline_and_only_answers_for_itself(campaign: Any) -> None:
    stranger = make_family(children=0, adults=1)
    renewal = renewal_of(campaign.family.pk, campaign.row.pk)
    given: dict[str, Any] = {"renewal_id": renewal.pk, "accepts": False, "guardian_id": None}
    with pytest.raises(renewals.RenewalRefused):
        renewals.answer_renewal(family_id=stranger.pk, wanted=[], **given, **WHO)
    answered = renewals.answer_renewal(family_id=campaign.family.pk, wanted=[], **given, **WHO)
    assert answered.status == Renewal.Status.DECLINED
    assert Family.objects.filter(pk=campaign.family.pk).exists()


def test_a_published_version_never_changes(campaign: Any) -> None:
    with pytest.raises(renewals.RenewalRefused):
        renewals.save_regulation(
            pk=campaign.regulation.pk,
            title="Règlement",
            version="2027",
            body="Autre",
            in_force_on=DAY,
            **WHO,
        )


def test_the_school_office_walks_through_the_year(town: Any, client: Client, monkeypatch) -> None:
    for module in ("year", "renewal", "views"):
        monkeypatch.setattr(f"preau.townhall.schools.{module}.utc_now", lambda: NOW)
    client.force_login(make_agent(Role.SCHOOL_OFFICE), backend="preau.accounts.auth.AgentBackend")
    for name in ("roll-overs", "renewals", "regulations", "derogations", "forecast", "sectors"):
        assert client.get(reverse(f"townhall:{name}")).status_code == 200, name
    answer = client.post(reverse("townhall:roll-overs"))
    shown = client.get(answer["Location"]).content.decode()
    assert "quitte les écoles" in shown and "sans école à la rentrée" in shown
    row = Promotion.objects.first().roll_over
    one = Promotion.objects.get(level_from="CE1")
    page = reverse("townhall:promotion", args=[row.pk, one.pk])
    assert "Dites pourquoi" in client.post(page, {"outcome": "SKIP"}).content.decode()
    client.post(page, {"outcome": "SKIP", "reason": "Conseil des maîtres"})
    client.post(reverse("townhall:roll-over-apply", args=[row.pk]))
    assert Schooling.objects.get(child=one.child, school_year=row.to_year).level == "CM1"
    written = {"title": "Règlement", "version": "1", "body": "Texte", "in_force_on": "2026-10-06"}
    client.post(reverse("townhall:regulations"), written | {"act": "publish"})
    assert "Texte" in Client().get(reverse("public:regulation")).content.decode()
    left = client.post(reverse("townhall:pupil-leaving-certificate", args=[one.child_id]))
    assert left.status_code == 302
    client.post(
        reverse("townhall:pupil-leaves", args=[town.kids[0].pk]), {"last_day": "2026-10-06"}
    )
    paper = client.post(reverse("townhall:pupil-leaving-certificate", args=[town.kids[0].pk]))
    assert "/CS" in paper["Location"]
