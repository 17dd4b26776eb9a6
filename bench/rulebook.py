"""Pricing a month by the rulebook against one hand-written SQL statement, and the worked cases.

    python bench/rulebook.py            (make bench-rulebook)

30,000 families, 1,600,000 bookings: a quotient grid, the sibling rank, an unbooked surcharge. The
bookings are in PostgreSQL and their prices go back into it, each with the sentences that explain
it. The floor is a plain join of the bookings with the grid, written by hand, on the same data in
the same run. Uses DATABASE_URL (in a schema of its own), else a PostgreSQL started for the run.
The last line is one line of JSON.
"""

import contextlib
import json
import os
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from preau.config.postgres import cluster_in  # noqa: E402
from preau.rulebook.api import Calendar, Facts, Pricer  # noqa: E402
from preau.rulebook.cases import read_cases  # noqa: E402
from preau.rulebook.commands import run_all  # noqa: E402
from preau.rulebook.rules.amounts import Grid  # noqa: E402
from preau.rulebook.rules.book import Rulebook  # noqa: E402
from preau.rulebook.text.read_book import read_file  # noqa: E402

EXAMPLES = ROOT / "examples/rulebooks"
SCHEMA = "bench_rulebook"
FAMILIES = 30_000
BOOKINGS = 1_600_000
ACTIVITIES = {"cantine": "repas", "soir": "seance"}
DAYS = [date(2027, 1, day) for day in (4, 5, 7, 8, 11, 12, 14, 15, 18, 19, 21, 22, 25, 26, 28, 29)]
ROUNDS = 3


@contextlib.contextmanager
def database() -> Iterator[str]:
    """DATABASE_URL, or a PostgreSQL for the time of the run."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="preau-bench-"))
    cluster = cluster_in(folder / "postgres")
    try:
        yield cluster.ensure_started()
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def fill(db: psycopg.Connection) -> None:
    """The same families, children and bookings each time."""
    pick = random.Random(20270101)  # noqa: S311
    db.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    db.execute(f"SET search_path = {SCHEMA}")
    db.execute("""
        CREATE TABLE family (id int PRIMARY KEY, quotient numeric(8, 2));
        CREATE TABLE child (id int PRIMARY KEY, family_id int NOT NULL, rank int NOT NULL);
        CREATE TABLE booking (id int PRIMARY KEY, child_id int NOT NULL, activity text NOT NULL,
                              day date NOT NULL, booked boolean NOT NULL)""")
    per_child = len(DAYS) * len(ACTIVITIES)
    wanted = BOOKINGS // per_child
    sizes = [1] * FAMILIES
    for index in range(wanted - FAMILIES):
        sizes[index % FAMILIES if index < FAMILIES else pick.randrange(FAMILIES)] += 1
    pick.shuffle(sizes)
    with db.cursor() as cursor:
        with cursor.copy("COPY family FROM STDIN") as copy:
            for family in range(FAMILIES):
                known = pick.random() > 0.06
                value = Decimal(min(6000, int(pick.lognormvariate(6.7, 0.6)))) if known else None
                copy.write_row((family, value))
        child = 0
        with cursor.copy("COPY child FROM STDIN") as copy:
            for family, size in enumerate(sizes):
                for rank in range(1, size + 1):
                    copy.write_row((child, family, rank))
                    child += 1
        booking = 0
        with cursor.copy("COPY booking FROM STDIN") as copy:
            for child in range(wanted):
                for activity in ACTIVITIES:
                    for day in DAYS:
                        copy.write_row((booking, child, activity, day, pick.random() > 0.02))
                        booking += 1
    assert booking == BOOKINGS, booking
    db.execute("ANALYZE family; ANALYZE child; ANALYZE booking")


def grid_rows(book: Rulebook) -> list[tuple[str, Decimal, Decimal | None, int]]:
    """The two grids as the floor's plain table: activity, above, up to, cents."""
    rows = []
    for rule in book.tariffs:
        if isinstance(rule.amount, Grid) and set(rule.scope.activities) & set(ACTIVITIES):
            for row in rule.amount.rows:
                low = row.low if row.low and not row.low_included else Decimal(-1)
                cents = int(row.cells[0].value * 100)  # type: ignore[union-attr]
                rows.append((rule.scope.activities[0], low, row.high, cents))
    return rows


def floor(db: psycopg.Connection) -> float:
    """One statement by hand: bookings joined with the grid, their price written."""
    db.execute(
        "DROP TABLE IF EXISTS floor_charge;"
        "CREATE TABLE floor_charge (booking_id int NOT NULL, cents int NOT NULL)"
    )
    start = time.perf_counter()
    db.execute("""
        INSERT INTO floor_charge
        SELECT b.id, g.cents FROM booking b JOIN child c ON c.id = b.child_id
        JOIN family f ON f.id = c.family_id
        JOIN grid g ON g.activity = b.activity AND coalesce(f.quotient, 999999) > g.above
         AND (g.up_to IS NULL OR coalesce(f.quotient, 999999) <= g.up_to)""")
    return time.perf_counter() - start


def rulebook_run(db: psycopg.Connection, book: Rulebook) -> float:
    """The same month by the rulebook: each distinct set of facts is priced once."""
    db.execute(
        "DROP TABLE IF EXISTS charge, explanation;"
        "CREATE TABLE explanation (id int PRIMARY KEY, cents int NOT NULL, "
        "rules text NOT NULL, sentences text NOT NULL);"
        "CREATE TABLE charge (booking_id int NOT NULL, cents int NOT NULL, "
        "explanation_id int NOT NULL)"
    )
    start = time.perf_counter()
    pricers = {
        code: Pricer(book, code, product, Calendar()) for code, product in ACTIVITIES.items()
    }
    db.execute(
        "CREATE TEMP TABLE asked (activity text, quotient numeric, rank int, "
        "booked boolean, explanation_id int) ON COMMIT DROP"
    )
    rows = db.execute(
        "SELECT DISTINCT b.activity, f.quotient, c.rank, b.booked FROM booking b "
        "JOIN child c ON c.id = b.child_id JOIN family f ON f.id = c.family_id"
    ).fetchall()
    prices = []
    for activity, quotient, rank, booked in rows:
        known = {"rank": rank, "booked": booked, "resident": True}
        if quotient is not None:
            known["quotient"] = quotient
        prices.append(pricers[activity].price(DAYS[0], Facts(known)))
    with db.cursor() as cursor:
        with cursor.copy("COPY explanation FROM STDIN") as copy:
            for number, price in enumerate(prices):
                copy.write_row(
                    (number, price.cents, ",".join(price.rule_ids), "\n".join(price.sentences))
                )
        with cursor.copy("COPY asked FROM STDIN") as copy:
            for number, row in enumerate(rows):
                copy.write_row((*row, number))
    db.execute("ANALYZE asked; ANALYZE explanation")
    db.execute("""
        INSERT INTO charge
        SELECT b.id, e.cents, e.id FROM booking b JOIN child c ON c.id = b.child_id
        JOIN family f ON f.id = c.family_id
        JOIN asked a ON a.activity = b.activity AND a.rank = c.rank AND a.booked = b.booked
         AND coalesce(a.quotient, -1) = coalesce(f.quotient, -1)
        JOIN explanation e ON e.id = a.explanation_id""")
    seconds = time.perf_counter() - start
    db.execute("DROP TABLE asked")
    return seconds


def verify(db: psycopg.Connection) -> None:
    """The rulebook's total against the same rules written by hand in SQL."""
    [(count, total)] = db.execute("SELECT count(*), sum(cents) FROM charge").fetchall()
    [(by_hand,)] = db.execute("""
        SELECT sum(CASE WHEN c.rank >= 3 THEN ceil(g.cents / 2.0) ELSE g.cents END
                   + CASE WHEN b.booked THEN 0 WHEN b.activity = 'cantine' THEN 250 ELSE 300 END)
        FROM booking b JOIN child c ON c.id = b.child_id JOIN family f ON f.id = c.family_id
        JOIN grid g ON g.activity = b.activity AND coalesce(f.quotient, 999999) > g.above
         AND (g.up_to IS NULL OR coalesce(f.quotient, 999999) <= g.up_to)""").fetchall()
    if count != BOOKINGS or int(total) != int(by_hand):
        raise SystemExit(f"{count} prix, total {total} centimes ; à la main {by_hand}")
    print(f"{count} réservations, {int(total) / 100:,.2f} €, comme à la main")


def run_cases() -> tuple[int, int, int, int]:
    """Organisers, cases, right ones, ambiguities that the checker reports."""
    names = sorted(path.stem for path in EXAMPLES.glob("*.yaml") if path.stem != "demo")
    total = passed = reported = 0
    for name in names:
        book = read_file(EXAMPLES / f"{name}.yaml")
        cases, calendar = read_cases(EXAMPLES / f"cases/{name}.yaml", book)
        for result, told in run_all(book, cases, calendar):
            total += 1
            passed += result.right
            reported += result.case.expect.ambiguous and result.answer.ambiguous and told
            if not result.right:
                print(f"{name}, cas {result.case.id} : {' ; '.join(result.differences)}")
    return len(names), total, passed, reported


def page_price(book: Rulebook) -> float:
    """Milliseconds of one price for a page, nothing remembered."""
    from preau.rulebook import api

    facts = [
        Facts(quotient=Decimal(q), rank=1 + q % 3, resident=True, booked=q % 5 > 0)
        for q in range(300, 2300)
    ]
    start = time.perf_counter()
    for one in facts:
        api.price(book, "cantine", "repas", DAYS[0], one)
    return (time.perf_counter() - start) / len(facts) * 1000


def main() -> int:
    organisers, cases, passed, ambiguous = run_cases()
    book = read_file(EXAMPLES / "demo.yaml")
    print(f"un prix pour une page : {page_price(book):.3f} ms")
    with database() as url, psycopg.connect(url) as db:
        fill(db)
        db.execute("CREATE TABLE grid (activity text, above numeric, up_to numeric, cents int)")
        with db.cursor() as cursor:
            cursor.executemany("INSERT INTO grid VALUES (%s, %s, %s, %s)", grid_rows(book))
        db.execute("ANALYZE grid")
        db.commit()
        floors, ours = [], []
        for _ in range(ROUNDS):
            db.execute(f"SET search_path = {SCHEMA}")
            floors.append(floor(db))
            db.commit()
            ours.append(rulebook_run(db, book))
            db.commit()
            print(f"à la main {floors[-1]:.2f} s, règlement {ours[-1]:.2f} s")
        verify(db)
        db.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
        db.commit()
    seconds, least = statistics.median(ours), statistics.median(floors)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "organisers": organisers,
                "cases": cases,
                "passed": passed,
                "ambiguous_reported": ambiguous,
                "bookings": BOOKINGS,
                "seconds": round(seconds, 2),
                "floor_seconds": round(least, 2),
                "ratio": round(seconds / least, 2),
                "peak_mb": round(peak, 1),
            }
        )
    )
    return 0 if passed == cases and seconds <= 8 * least and peak < 600 else 1


if __name__ == "__main__":
    sys.exit(main())
