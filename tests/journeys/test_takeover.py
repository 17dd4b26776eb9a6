"""Another software's files taken over: whole families or none, each line answered, resumed."""

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from preau.billing.ledger import verify
from preau.billing.models import FamilyAccount, Invoice, Movement
from preau.directdebit.models import Mandate
from preau.enrolments.models import Enrolment
from preau.families.models import Child, Custody, Family, Guardian, Quotient
from preau.journeys.models import TakeOver, TakeOverNote
from preau.journeys.takeover import apply as applying
from preau.journeys.takeover import services
from preau.journeys.takeover.format import TABLES, guide_rows, template
from preau.journeys.takeover.reading import NotATakeOverFile
from preau.kernel.actors import Actor
from tests.harness.money import make_office
from tests.harness.offer import make_offer
from tests.harness.people import NOW, make_family, make_town

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("reprise")
AS_OF = dt.date(2026, 9, 30)

FAMILIES = "code;adresse;code_postal;commune\n"
ADULTS = "famille;civilite;nom;prenom;courriel;portable;redevable\n"
CHILDREN = "famille;enfant;nom;prenom;ne_le;garde\n"
GOOD = {
    "familles": FAMILIES + "F1;8 rue du Lavoir;94300;Vincennes\nF2;3 rue Massue;94300;Vincennes\n",
    "adultes": ADULTS
    + "F1;Mme;BELKACEM;Amina;amina@example.org;0639981120;oui\n"
    + "F2;M.;Rousseau;Thomas;thomas@example.org;;\n",
    "enfants": CHILDREN
    + "F1;E1;Rousseau;Lina;14/03/2020;paires\nF2;E1;Rousseau;Lina;14/03/2020;impaires\n"
    + "F1;E2;Rousseau;Noé;2018-09-02;\n",
    "quotients": "famille;quotient;source;du;au\nF1;742,50;CAF;01/01/2026;31/12/2026\n",
    "inscriptions": "famille;enfant;activite;site;du;au\nF1;E2;Cantine;Marie-Curie;01/09/2026;\n",
    "mandats": "famille;reference;regie;titulaire;iban;signe_le;dernier_prelevement\n"
    "F1;VIN-1;enfance;Belkacem;FR7630006000011234567890189;12/09/2023;05/09/2026\n",
    "soldes": "famille;regie;doit;avance\nF1;enfance;45,30;\nF2;enfance;;12\n",
}


@pytest.fixture
def town(db: None) -> None:
    make_town()
    make_offer()
    office = make_office("enfance")
    from preau.directdebit.services import save_creditor

    save_creditor(
        cash_office_id=office.pk,
        ics="FR72ZZZ123456",
        name="Ville de Saint-Aubin",
        iban="FR7630006000011234567890189",
        bic="",
        schema="pain.008.001.08",
        notice_days=14,
        max_rejects=2,
        mandate_text="J’autorise la ville.",
        is_active=True,
        now=NOW,
        actor=ACTOR,
    )


def zipped(tables: dict[str, str | bytes], folder: Path) -> Path:
    path = folder / "reprise.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in tables.items():
            archive.writestr(f"{name}.csv", text if isinstance(text, bytes) else text.encode())
    return path


def take(path: Path, *, apply: bool = True) -> services.Outcome:
    return services.take_over_now(path, as_of=AS_OF, apply=apply, now=NOW, actor=ACTOR)


def said(outcome: services.Outcome, table: str) -> dict[int, str]:
    return {n.line: n.reason for n in outcome.notes if n.table == table and n.is_refused}


def test_all_is_taken_over_and_reconciled_to_the_cent(town: None, tmp_path: Path) -> None:
    path = zipped(GOOD, tmp_path)
    assert take(path, apply=False).row.families == 2
    assert not Family.objects.exists()  # a preview writes nothing
    outcome = take(path)
    assert outcome.row.done == 2 and outcome.notes == []
    first, second = Family.objects.order_by("former_code")
    assert (first.former_code, first.name, first.is_resident) == ("F1", "Belkacem", True)
    lina = Child.objects.get(former_code="E1")
    assert set(Custody.objects.filter(child=lina).values_list("family_id", "weeks")) == {
        (first.pk, "EVEN"),
        (second.pk, "ODD"),
    }
    assert Guardian.objects.get(family=first).mobile_phone == "0639981120"
    assert Quotient.objects.get().value_cents == 74250
    assert Enrolment.objects.get().child.former_code == "E2"
    assert Mandate.objects.get().last_used_on == dt.date(2026, 9, 5)
    balances = dict(FamilyAccount.objects.values_list("family__former_code", "balance_cents"))
    assert balances == {"F1": 4530, "F2": -1200}
    debt = Invoice.objects.get()
    assert debt.number.startswith("ENFANCE-REP-2026-") and debt.total_cents == 4530
    assert set(Movement.objects.values_list("kind", flat=True)) == {"OPENING"}
    assert verify() == []
    [line] = services.reconciliation(outcome.row)
    assert (line.read, line.written, line.difference) == ((4530, 1200), (4530, 1200), 0)
    from preau.families.queries import search

    assert list(search(Family.objects.all(), "F2")) == [second]  # found by its old code


def test_run_twice_it_changes_nothing(town: None, tmp_path: Path) -> None:
    path = zipped(GOOD, tmp_path)
    take(path)
    again = take(path)
    assert again.row.counts["familles"] == {"read": 2, "kept": 0, "refused": 0, "known": 2}
    assert Family.objects.count() == 2 and Movement.objects.count() == 2


def test_killed_between_two_batches_it_goes_on(
    town: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "AT_ONCE", 1)
    write, calls = applying._write, []

    def dies(batch, **given):
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        write(batch, **given)

    monkeypatch.setattr(applying, "_write", dies)
    with pytest.raises(KeyboardInterrupt):
        take(zipped(GOOD, tmp_path))
    assert Family.objects.count() == 1
    monkeypatch.setattr(applying, "_write", write)
    outcome = take(zipped(GOOD, tmp_path))
    assert outcome.row.done == 2 and Family.objects.count() == 2
    assert Child.objects.count() == 2 and Custody.objects.count() == 3
    assert services.reconciliation(outcome.row)[0].difference == 0


def test_bad_lines_refuse_their_whole_family_and_no_other(town: None, tmp_path: Path) -> None:
    tables = {
        "familles": FAMILIES
        + "F1;8 rue du Lavoir;94300;Vincennes\nF2;3 rue Massue;94300;Vincennes\n"
        + "F3;;94300;Vincennes\nF4;1 rue A;94300;Vincennes\nF4;2 rue B;94300;Vincennes\n"
        + "F5;5 rue C;94300;Vincennes\nF6;6 rue D;94300;Vincennes\nF7;7 rue E;94300;Vincennes\n"
        + "F8;9 rue F;94300;Vincennes\n",
        "adultes": ADULTS
        + "".join(f"F{n};Mme;Nom{n};Prénom{n};;;\n" for n in range(1, 8))
        + "F1;Mme;Nom1;Prénom1;;;\n"  # line 9: twice the same adult
        + "F9;Mme;Perdue;Ida;;;\n",  # line 10: of no family
        "enfants": CHILDREN
        + "".join(f"F{n};E1;Rousseau;Lina;14/03/2020;paires\n" for n in (5, 6, 7))
        + "F2;E2;Rousseau;Noé;31/02/2018;\n",
        "soldes": "famille;regie;doit;avance\nF2;enfance;-12,00;\nF2;sports;3;\n",
    }
    outcome = take(zipped(tables, tmp_path))
    assert "déjà celui de la ligne 5" in said(outcome, "familles")[6]
    assert "rue" in said(outcome, "familles")[4]
    assert "aucun adulte" in said(outcome, "familles")[10]
    assert "déjà dans cette famille" in said(outcome, "adultes")[9]
    assert "n’est pas dans la table" in said(outcome, "adultes")[10]
    assert all("a 3 foyers" in said(outcome, "enfants")[line] for line in (2, 3, 4))
    assert "n’existe pas" in said(outcome, "enfants")[5]
    assert "solde négatif" in said(outcome, "soldes")[2]
    assert "la régie" in said(outcome, "soldes")[3]
    assert Family.objects.count() == 0 and Child.objects.count() == 0
    assert not FamilyAccount.objects.exists()
    assert TakeOverNote.objects.filter(take_over=outcome.row, is_refused=True).count() == len(
        [n for n in outcome.notes if n.is_refused]
    )


def test_a_missing_column_or_table_stops_all(town: None, tmp_path: Path) -> None:
    tables = dict(GOOD, familles="code;adresse;commune\nF1;8 rue du Lavoir;Vincennes\n")
    outcome = take(zipped(tables, tmp_path))
    assert outcome.row.status == TakeOver.Status.FAILED
    assert "«\u00a0code_postal\u00a0»" in said(outcome, "familles")[1]
    del tables["adultes"]
    assert "il manque la table" in said(take(zipped(tables, tmp_path)), "adultes")[1]
    assert not Family.objects.exists()
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    (tmp_path / "faux.xlsx").write_bytes(b"rien")
    for name in ("photo.png", "faux.xlsx"):
        with pytest.raises(NotATakeOverFile):
            take(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_each_encoding_is_understood(town: None, tmp_path: Path, encoding: str) -> None:
    take(zipped({name: text.encode(encoding) for name, text in GOOD.items()}, tmp_path))
    assert Child.objects.get(former_code="E2").first_name == "Noé"


def test_two_encodings_in_one_file_are_read_line_by_line(town: None, tmp_path: Path) -> None:
    lines = (CHILDREN + "F1;E1;Élan;Noé;02/09/2018;\nF1;E2;Élan;Zoé;02/09/2018;\n").splitlines(True)
    mixed = "".join(lines[:2]).encode() + lines[2].encode("cp1252")
    tables = {"familles": GOOD["familles"], "adultes": GOOD["adultes"], "enfants": mixed}
    outcome = take(zipped(tables, tmp_path))
    assert set(Child.objects.values_list("first_name", flat=True)) == {"Noé", "Zoé"}
    assert [n.line for n in outcome.notes if "Windows-1252" in n.reason] == [3]
    broken = "".join(lines[:2]).encode() + b"F1;E3;\x81;Lou;02/09/2018;\n"
    outcome = take(zipped(dict(tables, enfants=broken), tmp_path), apply=False)
    assert "illisible" in said(outcome, "enfants")[3]


def test_a_workbook_a_folder_and_one_csv_say_the_same(town: None, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name, text in GOOD.items():
        sheet = book.create_sheet(name.capitalize())
        for line in text.splitlines():
            sheet.append(line.split(";"))
    book.save(tmp_path / "reprise.xlsx")
    folder = tmp_path / "dossier"
    folder.mkdir()
    for rank, (name, text) in enumerate(GOOD.items()):
        (folder / f"{rank}-{name}.csv").write_text(text)
    single = tmp_path / "tout.csv"
    single.write_text("".join(f"[{name}]\n{text}" for name, text in reversed(GOOD.items())))
    for path in (tmp_path / "reprise.xlsx", folder, single):
        outcome = take(path, apply=False)
        assert (outcome.row.families, outcome.notes) == (2, []), path


def test_a_child_known_already_is_said_with_its_file(town: None, tmp_path: Path) -> None:
    family = make_family(children=1)  # Lina Rousseau, 9 June 2016
    tables = {
        "familles": GOOD["familles"],
        "adultes": GOOD["adultes"],
        "enfants": CHILDREN + "F1;E9;ROUSSEAU;Lina;09/06/2016;\n",
    }
    outcome = take(zipped(tables, tmp_path))
    assert family.code in said(outcome, "enfants")[2]
    assert set(Family.objects.values_list("former_code", flat=True)) == {"", "F2"}


def test_the_template_holds_every_column_and_the_guide_explains_them() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template()), read_only=True)
    for table in TABLES:
        header = next(book[table.name].iter_rows(values_only=True))
        assert list(header) == [column.name for column in table.columns]
    guide = Path("docs/take-over.md").read_text()
    for table, column, _holds, _needed in list(guide_rows())[1:]:
        assert f"`{column}`" in guide.split(f"## {table}")[1].split("\n## ")[0], (table, column)
