"""Registration fees: once by family or by child for what they cover, explained, credited."""

import datetime as dt
import uuid

import pytest
from django.apps import apps

from preau.billing import pricing, registrations
from preau.billing.computing import compute
from preau.billing.credits import issue_credit_note
from preau.billing.models import Invoice, InvoiceLine, RegistrationPaid
from preau.families.queries import guardians_of
from preau.families.values import AddressData
from preau.journeys.merging.merge import Choices, merge_families
from preau.journeys.merging.split import Parting, split_family
from preau.journeys.merging.undo import undo_act
from preau.rulebook.checking.check import check
from preau.rulebook.errors import FileError
from preau.rulebook.text.read_book import read_text
from preau.rulebook.text.writer import write_text
from tests.billing.test_runs import BOOK, book_day, run_all
from tests.bookings.world import children_of, enrol, make_family, make_offering, make_slot
from tests.harness.money import AGENT, NOW, OCTOBER, make_office

pytestmark = pytest.mark.django_db
WHO = {"actor": AGENT, "now": NOW}
FAR = AddressData(line1="17 avenue Aubert", postcode="94300", city="Vincennes")
SEPTEMBER, NOVEMBER = dt.date(2026, 9, 1), dt.date(2026, 11, 1)


def rules(each="family", per="year", due_for="[judo]", more=""):
    activities = f"""
  judo: {{label: Judo, kind: sports, priced: false}}
  adhesion: {{label: Adhésion, kind: registration, each: {each}, due_for: {due_for}}}
tariffs:
  - id: adhesion-exterieur
    for: adhesion
    when: {{resident: false}}
    per: {per}
    price: 24.00{more}
  - id: adhesion
    label: Adhésion aux sports
    for: adhesion
    per: {per}
    price: 12.00{more}
"""
    return read_text(BOOK.replace("tariffs:\n", activities.lstrip("\n"), 1))


@pytest.fixture
def town(monkeypatch):
    """A cash office, its activity «adhésion» without a slot; a family with two at judo."""
    office = make_office()
    judo = make_offering("judo", name="Judo")
    activity = apps.get_model("catalogue", "Activity").objects.create(
        slug="adhesion", name="Adhésion aux sports", kind="SPORTS", domain=judo.activity.domain
    )
    Accounting = apps.get_model("billing", "ActivityAccounting")
    for one in (judo.activity, activity):
        Accounting.objects.create(activity=one, cash_office=office, accounting_code="70631")

    def use(book):
        for room in (pricing, registrations):
            monkeypatch.setattr(room, "rulebook_on", lambda day: book)

    use(rules())
    family = make_family(2)
    for child in children_of(family):
        enrol(family, judo, child)
    return office, judo, family, use


def lines(**found):
    return [
        (line.label, line.amount_cents, line.fee_key)
        for line in InvoiceLine.objects.filter(**found).order_by("pk")
    ]


def test_a_family_owes_it_once_a_year_booked_or_not(town):
    office, _judo, family, _use = town
    run_all(office)
    [(label, cents, key)] = lines()
    assert (label, cents) == ("Adhésion aux sports, année 2026-2027", 1_200)
    line = InvoiceLine.objects.get()
    lina, noe = (child.first_name for child in children_of(family))
    assert line.child_id is None and line.accounting_code == "70631"
    assert line.explanation[-1] == (
        f"Due une fois par famille et par année scolaire, pour l’inscription de {lina} et {noe} "
        "(Judo)."
    )
    assert key.endswith(f"f{family.pk}:2026:1")
    assert compute(office=office, month=NOVEMBER).drafts == []
    note = issue_credit_note(
        invoice_id=line.invoice_id, lines={line.pk: 1_200}, reason="Départ", actor=AGENT, now=NOW
    )
    assert note.total_cents == -1_200
    assert compute(office=office, month=NOVEMBER).drafts == []  # given back is not due again
    assert compute(office=office, month=SEPTEMBER.replace(year=2027)).drafts == []


def test_each_child_owes_it_and_a_shared_child_only_once(town):
    office, judo, family, use = town
    use(rules(each="child"))
    other = make_family(1)
    enrol(other, judo, children_of(family)[0])
    [draft] = compute(office=office, month=OCTOBER).drafts
    assert draft.family_id == family.pk and draft.total_cents == 2_400
    names = sorted(child.first_name for child in children_of(family))
    assert sorted(line.label.split(",")[0] for line in draft.lines) == names


def test_by_term_by_instalments_and_by_the_facts_of_the_family(town):
    office, _judo, family, use = town
    use(rules(per="term"))
    run_all(office)
    assert lines()[0][0] == "Adhésion aux sports, trimestre 1"
    assert compute(office=office, month=NOVEMBER).drafts == []
    [january] = compute(office=office, month=dt.date(2027, 1, 1)).drafts
    assert january.lines[0].label.endswith("trimestre 2")
    use(rules(more="\n    divide: 3"))
    type(family).objects.update(is_resident=False)
    [draft] = compute(office=office, month=NOVEMBER).drafts
    assert draft.lines[0].label.endswith("échéance 1 sur 3") and draft.total_cents == 800


def test_it_joins_the_invoice_of_the_month_and_nothing_when_free(town):
    office, _judo, family, use = town
    canteen = make_offering()
    apps.get_model("billing", "ActivityAccounting").objects.create(
        activity=canteen.activity, cash_office=office, accounting_code="7067", is_meal=True
    )
    book_day(family, children_of(family)[0], make_slot(dt.date(2026, 10, 1), offering=canteen))
    run_all(office)
    assert Invoice.objects.get().total_cents == 1_200 + 600
    use(rules(due_for="[cantine]"))
    assert compute(office=office, month=NOVEMBER).drafts == []
    use(read_text(BOOK))
    assert compute(office=office, month=NOVEMBER).drafts == []


def test_the_rules_say_who_owes_it_and_keep_saying_it():
    book = rules(each="child")
    again = read_text(write_text(book))
    assert again.activity("adhesion").each == "child"
    assert again.activity("adhesion").due_for == ("judo",)
    with pytest.raises(FileError, match="registration"):
        read_text(BOOK.replace("kind: meal", "kind: meal, each: family"))
    found = check(rules(due_for="[tennis]"))
    assert any("tennis" in finding.message for finding in found)


# --- Never asked twice: files joined, households parted, children who move ---------------------


@pytest.fixture
def asked(town):
    """How many fees the next month would ask, and of whom; the first were billed in October."""
    office, judo, family, _use = town
    run_all(office)
    assert RegistrationPaid.objects.count() == len(children_of(family))

    def ask(month=NOVEMBER):
        return {
            draft.family_id: sum(line.fee_key.startswith("adh:") for line in draft.lines)
            for draft in compute(office=office, month=month).drafts
        }

    return ask, office, judo, family


def forget():
    """The control: nothing says for whom the fees were paid, but the invoices' own keys."""
    RegistrationPaid.objects.all().delete()


def merge(kept, other, children=None):
    choices = Choices(adults={}, children=children or {})
    return merge_families(
        kept_id=kept.pk, other_id=other.pk, choices=choices, key=uuid.uuid4(), **WHO
    )


def test_files_joined_do_not_pay_again(asked):
    ask, _office, judo, paid = asked
    kept = make_family(1)
    [own] = children_of(kept)
    assert ask() == {}
    act = merge(kept, paid)
    assert ask() == {}
    enrol(kept, judo, own)
    assert ask() == {}  # one more child of a household that paid
    undo_act(act_id=act.pk, **WHO)
    assert ask() == {kept.pk: 1}  # a household of its own again: it never paid
    merge(kept, paid)
    forget()
    assert ask() == {kept.pk: 1}


def test_a_child_with_two_sheets_does_not_pay_again(town):
    office, _judo, paid, use = town
    use(rules(each="child"))
    run_all(office)
    kept = make_family(1)
    gone, same = children_of(paid)[0], children_of(kept)[0]
    merge(kept, paid, {gone.pk: same.pk})
    assert compute(office=office, month=NOVEMBER).drafts == []
    forget()
    [draft] = compute(office=office, month=NOVEMBER).drafts
    assert draft.total_cents == 1_200


@pytest.mark.parametrize("weeks", ["ALL", "EVEN"])
def test_a_household_that_parts_does_not_pay_again(asked, weeks):
    ask, _office, _judo, family = asked
    apps.get_model("families", "Guardian").objects.create(
        family=family, last_name="Petit", first_name="Luc", created_at=NOW
    )
    adults = list(guardians_of(family))
    parting = Parting(
        from_on=NOW.date() + dt.timedelta(days=1),
        adults=(adults[1].pk,),
        children={children_of(family)[0].pk: weeks},
        address=FAR,
    )
    act = split_family(family_id=family.pk, parting=parting, key=uuid.uuid4(), **WHO)
    assert "frais d’inscription" in str(act.report)
    assert ask(dt.date(2026, 12, 1)) == {}
    forget()
    # A child shared by two homes is the first one's; one who left is the new one's.
    again = {act.other_id: 1} if weeks == "ALL" else {}
    assert ask(dt.date(2026, 12, 1)) == again


def test_a_child_who_moves_to_another_file_is_not_paid_for_again(asked):
    ask, _office, judo, family = asked
    child, other = children_of(family)[0], make_family(1)
    Enrolment = apps.get_model("enrolments", "Enrolment")
    Enrolment.objects.filter(child=child).update(ends_on=dt.date(2026, 10, 31))
    enrol(other, judo, child)
    Enrolment.objects.filter(child=child, family=other).update(starts_on=NOVEMBER)
    assert ask() == {}
    enrol(other, judo, children_of(other)[0])
    assert ask() == {other.pk: 1}  # its own child makes it due
    Enrolment.objects.filter(child=children_of(other)[0]).delete()
    forget()
    assert ask() == {other.pk: 1}


def test_a_fee_given_back_covers_nobody_else(asked):
    ask, _office, _judo, family = asked
    line = InvoiceLine.objects.get()
    issue_credit_note(
        invoice_id=line.invoice_id, lines={line.pk: 1_200}, reason="Départ", actor=AGENT, now=NOW
    )
    child, other = children_of(family)[0], make_family(1)
    apps.get_model("enrolments", "Enrolment").objects.filter(child=child).update(family=other)
    assert ask() == {other.pk: 1}


def test_instalments_go_on_where_the_child_is(town):
    office, _judo, family, use = town
    use(rules(more="\n    divide: 3"))
    run_all(office)
    other = make_family(1)
    enrolments = apps.get_model("enrolments", "Enrolment").objects
    enrolments.filter(child=children_of(family)[0]).update(family=other)
    [draft] = compute(office=office, month=NOVEMBER).drafts
    assert draft.family_id == family.pk and "2 sur 3" in draft.lines[0].label  # its sibling stays
    enrolments.filter(child=children_of(family)[1]).delete()
    [draft] = compute(office=office, month=NOVEMBER).drafts
    assert draft.family_id == other.pk and "2 sur 3" in draft.lines[0].label
