"""Two files made one, one parted in two: everything follows, money is carried, undo restores."""

import datetime as dt
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from preau.audit.models import Entry
from preau.billing.debits import collect_debit, receive_transfer, return_debit
from preau.billing.ledger import lock_account, verify
from preau.billing.models import FamilyAccount, Invoice
from preau.bookings.models import Booking, Slot
from preau.bookings.services import open_slots
from preau.documents.models import StoredFile
from preau.enrolments.models import DocumentKind, Enrolment, ProvidedDocument
from preau.enrolments.services import enrol
from preau.families import queries as families
from preau.families.errors import JoinedFamily
from preau.families.models import Child, Custody, Family, Guardian
from preau.families.services import record_quotient, reopen_family
from preau.families.values import AddressData
from preau.journeys.merging import followers
from preau.journeys.merging.afterwards import carry_what_came
from preau.journeys.merging.merge import Choices, MergeRefused, merge_families, preview_merge
from preau.journeys.merging.record import ChangedSince
from preau.journeys.merging.split import Parting, SplitRefused, preview_split, split_family
from preau.journeys.merging.undo import CannotUndoAct, undo_act, why_not
from preau.journeys.models import FamilyAct
from preau.kernel.enums import Channel
from tests.harness.money import balance, make_invoice, make_office
from tests.harness.offer import make_offer
from tests.harness.people import AGENT, DAY, NOW, adult_of, child_of, make_account, make_family
from tests.harness.people import make_town as make_the_town

pytestmark = pytest.mark.django_db
WHO: dict[str, Any] = {"now": NOW, "actor": AGENT}
FAR = AddressData(line1="17 avenue Aubert", postcode="94300", city="Vincennes")
# What an undo may leave behind: the journal, the ledger (opposite movements), the act itself.
KEPT = ("audit.", "billing.", "journeys.FamilyAct", "messaging.", "procrastinate")


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Every row of every room, but for what is never undone."""
    found = {}
    tables = set(connection.introspection.table_names())
    for model in apps.get_models():
        label = model._meta.label
        if model._meta.db_table not in tables:
            continue
        if not model.__module__.startswith("preau.") or label.startswith(KEPT):
            continue
        names = [f.attname for f in model._meta.concrete_fields if not f.generated]
        # Search words may change order; a queue's counter never goes back.
        names = [n for n in names if n not in {"search_text", "last_ordinal"}]
        found[label] = list(model._base_manager.order_by("pk").values(*names))
    return found


@pytest.fixture
def town(db: None) -> SimpleNamespace:
    make_the_town()
    offer = make_offer()
    offering = offer.canteen.offerings[0]
    open_slots(offering_ids=[offering.pk], first=DAY, last=DAY + dt.timedelta(days=40), **WHO)
    return SimpleNamespace(offering=offering, office=make_office("enfance"))


def book(family: Family, child: Child, town: Any, count: int = 4, skip: int = 0) -> list[Booking]:
    """An enrolment and the next days, confirmed, their seats taken."""
    enrolment = enrol(
        child_id=child.pk,
        family_id=family.pk,
        offering_id=town.offering.pk,
        starts_on=DAY,
        channel=Channel.COUNTER,
        **WHO,
    )
    rows = []
    for slot in Slot.objects.filter(day__gt=DAY).order_by("day")[skip : skip + count]:
        Slot.objects.filter(pk=slot.pk).update(
            taken=slot.taken + 1, last_ordinal=slot.last_ordinal + 1
        )
        rows.append(
            Booking.objects.create(
                slot=slot,
                child=child,
                family=family,
                enrolment=enrolment,
                status="CONFIRMED",
                ordinal=slot.last_ordinal + 1,
                channel="COUNTER",
                booked_at=NOW,
            )
        )
    return rows


def give_piece(family: Family, child: Child | None = None) -> ProvidedDocument:
    kind, _ = DocumentKind.objects.get_or_create(slug="assurance", defaults={"name": "Assurance"})
    file = StoredFile.objects.create(
        name="a.pdf",
        content_type="application/pdf",
        size=1,
        sha256="0" * 64,
        created_at=NOW,
        family_id=family.pk,
    )
    return ProvidedDocument.objects.create(
        kind=kind, family=family, child=child, file=file, status="ACCEPTED", provided_at=NOW
    )


@pytest.fixture
def twice(town: SimpleNamespace) -> SimpleNamespace:
    """The same family in two files: one with Lina and Noé, one with Lina again, and its money."""
    kept = make_family(children=2, email="amina@example.org")
    other = make_family(children=1, adults=1, address=FAR)
    make_account(kept, email="amina@example.org")
    lina, again = child_of(kept), child_of(other)
    book(kept, lina, town)
    book(other, again, town, count=6, skip=2)  # two days are booked twice
    give_piece(other, again)
    record_quotient(family_id=other.pk, value_cents=61200, source="CAF", starts_on=DAY, **WHO)
    owed = make_invoice(other, town.office, 2500, 1000)
    make_invoice(kept, town.office, 4000, now=NOW + dt.timedelta(days=1))
    return SimpleNamespace(
        kept=kept,
        other=other,
        lina=lina,
        again=again,
        owed=owed,
        office=town.office,
        choices=Choices(
            adults={adult_of(other).pk: adult_of(kept).pk},
            children={again.pk: lina.pk},
            contacts=frozenset({adult_of(other).pk}),
            take_address=True,
            take_quotient=True,
        ),
    )


def merge(twice: Any, key: uuid.UUID | None = None) -> FamilyAct:
    return merge_families(
        kept_id=twice.kept.pk,
        other_id=twice.other.pk,
        choices=twice.choices,
        key=key or uuid.uuid4(),
        **WHO,
    )


def total() -> int:
    return sum(FamilyAccount.objects.values_list("balance_cents", flat=True))


def test_the_preview_tells_all_and_writes_nothing(twice: Any) -> None:
    before, money = snapshot(), total()
    told = preview_merge(
        kept_id=twice.kept.pk, other_id=twice.other.pk, choices=twice.choices, **WHO
    )
    assert any("35,00" in line for line in told.lines)
    assert any("deux fois" in line for line in told.warns)
    assert snapshot() == before and total() == money and not FamilyAct.objects.exists()


def test_everything_follows_and_no_cent_is_lost(twice: Any) -> None:
    seats = {s.pk: s.taken for s in Slot.objects.all()}
    money, journal = total(), Entry.objects.count()
    key = uuid.uuid4()
    act = merge(twice, key)
    assert merge(twice, key).pk == act.pk  # sent twice, done once
    kept, other = twice.kept, twice.other
    kept.refresh_from_db()
    other.refresh_from_db()
    assert (other.status, other.merged_into_id) == ("CLOSED", kept.pk)
    assert kept.address_line1 == FAR.line1
    assert families.quotient_on(kept.pk, DAY).value_cents == 61200
    assert [c.first_name for c in families.children_of(kept, DAY)] == ["Lina", "Noé"]
    live = Booking.objects.filter(child=twice.lina, status="CONFIRMED", family=kept)
    assert live.count() == 8 and live.values("slot_id").distinct().count() == 8
    assert Enrolment.objects.filter(status="ACTIVE", child=twice.lina).count() == 1
    assert ProvidedDocument.objects.get().family_id == kept.pk
    freed = [s for s in Slot.objects.all() if s.taken != seats[s.pk]]
    assert len(freed) == 2 and all(s.taken == 1 for s in freed)
    assert total() == money == 7500 and verify() == []
    assert balance(kept, twice.office) == 7500 and balance(other, twice.office) == 0
    twice.owed.refresh_from_db()
    report = Invoice.objects.get(family=kept, number__contains="REP")
    assert report.total_cents == 3500 and report.lines.count() == 1
    assert Entry.objects.filter(action="journeys.merge_families").count() == 2
    assert Entry.objects.count() > journal
    merged = Child.objects.get(pk=twice.again.pk)
    assert merged.merged_into_id == twice.lina.pk and merged.left_on == DAY


def test_money_that_comes_for_the_former_file_goes_on(twice: Any) -> None:
    there = {"family_id": twice.other.pk, "cash_office_id": twice.office.pk}
    bank = {"label": "De la banque", "actor_label": "Banque", "now": NOW}
    owed = {twice.owed.pk: 3500}
    collect_debit(**there, debit_id=1, amount_cents=3500, chosen=owed, **bank)
    merge(twice)
    receive_transfer(**there, entry_id=1, amount_cents=1200, chosen=None, **bank)
    assert (balance(twice.other, twice.office), balance(twice.kept, twice.office)) == (-1200, 4000)
    assert [carry_what_came(now=NOW) for _ in range(2)] == [1, 0]
    assert (balance(twice.other, twice.office), balance(twice.kept, twice.office)) == (0, 2800)
    with pytest.raises(JoinedFamily):
        reopen_family(family_id=twice.other.pk, **WHO)
    return_debit(**there, debit_id=1, **bank)
    assert carry_what_came(now=NOW) == 1
    assert (balance(twice.other, twice.office), balance(twice.kept, twice.office)) == (0, 6300)
    assert Entry.objects.filter(action="journeys.carry_what_came").count() == 4
    assert verify() == []


def test_undo_restores_every_row_and_every_balance(twice: Any) -> None:
    before = snapshot()
    balances = dict(FamilyAccount.objects.values_list("family_id", "balance_cents"))
    act = merge(twice)
    assert why_not(act, NOW) == ""
    undo_act(act_id=act.pk, **WHO)
    after = snapshot()
    for label, rows in before.items():
        assert after[label] == rows, label
    assert dict(FamilyAccount.objects.values_list("family_id", "balance_cents")) == balances
    assert verify() == []
    account = lock_account(family_id=twice.other.pk, cash_office_id=twice.office.pk)
    from preau.billing.ledger import list_dues

    assert [due.left_cents for due in list_dues(account)] == [3500]  # owed again, where it was
    with pytest.raises(CannotUndoAct):
        undo_act(act_id=act.pk, **WHO)


def test_undo_is_refused_once_families_or_money_have_moved(twice: Any, town: Any) -> None:
    act = merge(twice)
    late = NOW + dt.timedelta(days=31)
    assert "30 jours" in why_not(act, late)
    make_invoice(twice.kept, twice.office, 100, month=dt.date(2026, 12, 1))
    with pytest.raises(ChangedSince):
        undo_act(act_id=act.pk, **WHO)


def test_undo_is_refused_after_a_change_of_what_followed(twice: Any) -> None:
    act = merge(twice)
    Family.objects.filter(pk=twice.kept.pk).update(address_line1="2 rue Neuve")
    assert "a changé depuis" in why_not(act, NOW)


def test_an_advance_follows_too_and_comes_back(twice: Any, town: Any) -> None:
    from preau.billing.bringing import OpeningBalance, post_opening_balances

    third = make_family(children=0, adults=1, last_name="Seul")
    post_opening_balances(
        cash_office_id=town.office.pk,
        balances=[OpeningBalance(third.pk, -1250)],
        as_of=DAY,
        **WHO,
    )
    act = merge_families(
        kept_id=twice.kept.pk,
        other_id=third.pk,
        choices=Choices(adults={adult_of(third).pk: None}),
        key=uuid.uuid4(),
        **WHO,
    )
    assert balance(twice.kept, town.office) == 4000 - 1250 and balance(third, town.office) == 0
    assert Guardian.objects.filter(family=twice.kept, left_on=None).count() == 3
    undo_act(act_id=act.pk, **WHO)
    assert balance(twice.kept, town.office) == 4000 and balance(third, town.office) == -1250
    assert verify() == []
    account = lock_account(family_id=third.pk, cash_office_id=town.office.pk)
    from preau.billing.ledger import list_credits

    assert sum(left for _pk, left in list_credits(account)) == 1250  # usable again


def test_a_shared_child_no_longer_has_two_homes(twice: Any) -> None:
    Custody.objects.create(
        child=twice.lina, family=twice.other, weeks="ODD", starts_on=dt.date(2026, 9, 1)
    )
    choices = Choices(adults={adult_of(twice.other).pk: None}, children={twice.again.pk: None})
    before = snapshot()
    act = merge_families(
        kept_id=twice.kept.pk, other_id=twice.other.pk, choices=choices, key=uuid.uuid4(), **WHO
    )
    assert Custody.objects.filter(child=twice.lina).count() == 1
    undo_act(act_id=act.pk, **WHO)
    assert snapshot() == before


def test_impossible_merges_are_refused(twice: Any) -> None:
    with pytest.raises(MergeRefused):
        preview_merge(kept_id=twice.kept.pk, other_id=twice.kept.pk, choices=Choices(), **WHO)
    wrong = Choices(adults={adult_of(twice.other).pk: 999_999})
    with pytest.raises(MergeRefused):
        preview_merge(kept_id=twice.kept.pk, other_id=twice.other.pk, choices=wrong, **WHO)


# --- Parting a household -------------------------------------------------------------------------


@pytest.fixture
def home(town: SimpleNamespace) -> SimpleNamespace:
    family = make_family(children=2)
    lina, noe = child_of(family), child_of(family, 1)
    book(family, lina, town, count=8)
    book(family, noe, town, count=8)
    give_piece(family, noe)
    record_quotient(family_id=family.pk, value_cents=61200, source="CAF", starts_on=DAY, **WHO)
    make_invoice(family, town.office, 2500)
    make_account(family, 1, email="thomas@example.org")
    return SimpleNamespace(family=family, lina=lina, noe=noe, office=town.office)


def parting(home: Any, **values: Any) -> Parting:
    given: dict[str, Any] = {
        "from_on": dt.date(2026, 10, 12),
        "adults": (adult_of(home.family, 1).pk,),
        "children": {home.lina.pk: "ODD", home.noe.pk: "ALL"},
        "address": FAR,
    }
    return Parting(**given | values)


def test_who_leaves_takes_what_is_to_come(home: Any) -> None:
    before = snapshot()
    told = preview_split(family_id=home.family.pk, parting=parting(home), **WHO)
    assert any("tarif le plus élevé" in line for line in told.warns)
    after = snapshot()
    assert {k: v for k, v in after.items() if k != "families.Family"} == {
        k: v for k, v in before.items() if k != "families.Family"
    }
    seats = list(Slot.objects.order_by("pk").values_list("taken", flat=True))
    act = split_family(family_id=home.family.pk, parting=parting(home), key=uuid.uuid4(), **WHO)
    new = act.other
    assert Guardian.objects.get(family=new).user.email == "thomas@example.org"
    assert families.payer_of(new).first_name == "Thomas"
    monday = dt.date(2026, 10, 12)
    assert {c.first_name for c in families.children_of(new, monday)} == {"Lina", "Noé"}
    assert [c.first_name for c in families.children_of(home.family, monday)] == ["Lina"]
    days = Booking.objects.filter(family=new)
    assert not days.filter(slot__day__lt=monday).exists()
    assert days.filter(child=home.noe).count() == (
        Booking.objects.filter(child=home.noe, slot__day__gte=monday).count()
    )
    odd = {
        d.isocalendar().week % 2
        for d in days.filter(child=home.lina).values_list("slot__day", flat=True)
    }
    assert odd <= {1}
    assert all(b.enrolment.family_id == new.pk for b in days.select_related("enrolment"))
    assert ProvidedDocument.objects.get().family_id == new.pk
    assert list(Slot.objects.order_by("pk").values_list("taken", flat=True)) == seats
    assert balance(home.family, home.office) == 2500 and verify() == []
    assert not FamilyAccount.objects.filter(family=new).exists()


def test_undoing_a_split_gives_one_household_again(home: Any) -> None:
    before = snapshot()
    act = split_family(
        family_id=home.family.pk,
        parting=parting(home, keep_quotient=True),
        key=uuid.uuid4(),
        **WHO,
    )
    # Half an hour after midnight in Paris, where it is the next day already.
    undo_act(act_id=act.pk, now=NOW.replace(hour=23, minute=30), actor=AGENT)
    assert Family.objects.get(pk=act.other_id).closed_on == DAY + dt.timedelta(days=1)
    after = snapshot()
    closed = [row for row in after["families.Family"] if row["id"] == act.other_id]
    assert closed[0]["status"] == "CLOSED" and closed[0]["merged_into_id"] == home.family.pk
    after["families.Family"] = [r for r in after["families.Family"] if r["id"] != act.other_id]
    for label, rows in before.items():
        assert after[label] == rows, label


def test_a_split_that_served_is_not_undone(home: Any, town: Any) -> None:
    act = split_family(family_id=home.family.pk, parting=parting(home), key=uuid.uuid4(), **WHO)
    make_invoice(act.other, town.office, 300)
    assert "déjà servi" in why_not(act, NOW)


def test_impossible_splits_are_refused(home: Any) -> None:
    both = tuple(adult.pk for adult in families.guardians_of(home.family))
    for wrong in (
        {"adults": both},
        {"adults": ()},
        {"from_on": DAY - dt.timedelta(days=1)},
        {"children": {999_999: "ALL"}},
    ):
        with pytest.raises(SplitRefused):
            preview_split(family_id=home.family.pk, parting=parting(home, **wrong), **WHO)


# --- Nothing is forgotten ------------------------------------------------------------------------


def test_every_row_that_names_a_family_or_a_child_has_its_rule() -> None:
    """A new model must say whether it follows when two files become one."""
    family = {label for label, _ in followers.FAMILY_MOVES} | followers.FAMILY_BY_HAND
    family |= followers.FAMILY_STAYS
    child = {label for label, _ in followers.CHILD_MOVES} | followers.CHILD_BY_HAND
    child |= followers.CHILD_STAYS
    forgotten = []
    for model in apps.get_models():
        if not model.__module__.startswith("preau."):
            continue
        for field in model._meta.concrete_fields:
            target = field.related_model._meta.label if field.is_relation else ""
            plain = isinstance(field, models.BigIntegerField) and field.name in {
                "family_id",
                "child_id",
            }
            if target == "families.Family" or (plain and field.name == "family_id"):
                known = family
            elif target == "families.Child" or (plain and field.name == "child_id"):
                known = child
            else:
                continue
            if model._meta.label not in known and field.name != "merged_into":
                forgotten.append(f"{model._meta.label}.{field.name}")
    if forgotten:
        pytest.fail("\n".join(forgotten))
