"""Versions of the rules: drafts, publication, archive, what never changes."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from preau.kernel.actors import Actor
from preau.rulebook import queries, services
from preau.rulebook.enums import Status
from preau.rulebook.refusals import NotADraft, NotPublishable, RulebookRefusal, UnreadableText

pytestmark = pytest.mark.django_db
DEMO = (Path(__file__).parents[2] / "examples/rulebooks/demo.yaml").read_text(encoding="utf-8")
NOW = datetime(2026, 8, 1, 9, tzinfo=UTC)
AGENT = Actor.system("Léa Martin")


def draft(text: str = DEMO, **more):
    return services.save_draft(text=text, now=NOW, actor=AGENT, **more)


def test_a_draft_is_published_and_prices_its_days():
    row = services.publish(version_id=draft().pk, now=NOW, actor=AGENT)
    assert row.status == Status.PUBLISHED
    assert queries.rulebook_on(date(2026, 8, 31)) is None
    found = queries.version_on(date(2026, 9, 1))
    assert found is not None
    assert (found.id, found.book.version) == (row.pk, str(row.pk))
    assert found.book is queries.rulebook_on(date(2027, 3, 3))


def test_a_later_version_takes_over_from_its_day_and_the_past_keeps_its_own():
    services.publish(version_id=draft().pk, now=NOW, actor=AGENT)
    later = draft(DEMO.replace("applies_from: 2026-09-01", "applies_from: 2027-01-01"))
    services.publish(version_id=later.pk, now=NOW, actor=AGENT)
    assert queries.version_on(date(2026, 12, 31)).applies_from == date(2026, 9, 1)
    assert queries.version_on(date(2027, 1, 1)).id == later.pk


def test_two_published_versions_never_start_on_the_same_day():
    services.publish(version_id=draft().pk, now=NOW, actor=AGENT)
    with pytest.raises(NotPublishable, match="1er septembre 2026"):
        services.publish(version_id=draft().pk, now=NOW, actor=AGENT)


def test_a_draft_may_have_holes_but_is_not_published():
    row = draft(DEMO.replace("        - {above: 400, to: 600, price: 1.80}\n", ""))
    with pytest.raises(NotPublishable) as refused:
        services.publish(version_id=row.pk, now=NOW, actor=AGENT)
    assert [f.code for f in refused.value.findings] == ["hole"]
    assert refused.value.findings[0].values == ("400.01", "600")


def test_publishing_asks_for_the_decision_and_takes_it_from_the_form():
    bare = DEMO.replace("council_decision: Délibération 2026-06-18/27\n", "")
    row = draft(bare)
    with pytest.raises(NotPublishable, match="délibération"):
        services.publish(version_id=row.pk, now=NOW, actor=AGENT)
    done = services.publish(
        version_id=row.pk, now=NOW, actor=AGENT, council_decision="Délibération 12"
    )
    assert queries.compiled(done).council_decision == "Délibération 12"


def test_what_is_published_does_not_change():
    row = services.publish(version_id=draft().pk, now=NOW, actor=AGENT)
    with pytest.raises(NotADraft):
        draft(version_id=row.pk)
    with pytest.raises(NotADraft):
        services.delete_draft(version_id=row.pk, now=NOW, actor=AGENT)
    row.text = row.text + "# changé\n"
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        row.save()
    with pytest.raises(DatabaseError, match="delete"), transaction.atomic():
        type(row).objects.filter(pk=row.pk).delete()


def test_an_archived_version_no_longer_applies():
    row = services.publish(version_id=draft().pk, now=NOW, actor=AGENT)
    services.archive(version_id=row.pk, now=NOW, actor=AGENT)
    assert queries.rulebook_on(date(2026, 10, 1)) is None
    with pytest.raises(RulebookRefusal):
        services.archive(version_id=row.pk, now=NOW, actor=AGENT)


def test_an_unreadable_text_is_refused_with_its_line():
    with pytest.raises(UnreadableText, match="ligne 4"):
        draft("format: 1\nname: Ville\nactivities: {}\ntariff: []\n")


def test_the_version_in_force_is_one_query(django_assert_num_queries):
    services.publish(version_id=draft().pk, now=NOW, actor=AGENT)
    queries.rulebook_on(date(2026, 10, 1))
    with django_assert_num_queries(1):
        queries.rulebook_on(date(2026, 10, 2))
