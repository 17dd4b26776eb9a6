"""Registration fees: once by family or by child for what they cover, explained, credited."""

import datetime as dt

import pytest
from django.apps import apps

from preau.billing import pricing, registrations
from preau.billing.computing import compute
from preau.billing.credits import issue_credit_note
from preau.billing.models import Invoice, InvoiceLine
from preau.rulebook.checking.check import check
from preau.rulebook.errors import FileError
from preau.rulebook.text.read_book import read_text
from preau.rulebook.text.writer import write_text
from tests.billing.test_runs import BOOK, book_day, run_all
from tests.bookings.world import children_of, enrol, make_family, make_offering, make_slot
from tests.harness.money import AGENT, NOW, OCTOBER, make_office

pytestmark = pytest.mark.django_db
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
