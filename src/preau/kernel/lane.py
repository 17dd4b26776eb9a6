"""The straight way to the database, for the statements that a busy page asks again and again.

A cursor of psycopg costs 0.05 ms of Python for each statement, twice what PostgreSQL needs to
answer a small one. Here a statement is prepared once by each connection, by libpq, and run by one
call of it: 0.005 ms. It is Django's own connection, in Django's own transaction, with the same
values, rows and errors. Wherever somebody watches (`CaptureQueriesContext`, `execute_wrapper`),
the usual cursor is taken, so that what is asked is seen and counted as before.
"""

import re
import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result

Row = tuple[Any, ...]
Asked = tuple[str, Sequence[Any]]
Answer = tuple[list[Row], int]
_IDLE, _BAD = pq.TransactionStatus.IDLE, pq.ConnStatus.BAD
_TUPLES, _DONE, _SYNC = (
    pq.ExecStatus.TUPLES_OK,
    pq.ExecStatus.COMMAND_OK,
    pq.ExecStatus.PIPELINE_SYNC,
)
_MARKS = re.compile(r"%%|%s")


def ask(statement: str, values: Sequence[Any]) -> Answer:
    """Run a statement (`%s` in the place of values): its rows, and how many rows it touched."""
    return ask_all([(statement, values)])[0]


def ask_all(asked: Sequence[Asked]) -> list[Answer]:
    """Several statements, none of which needs the answer of another, sent together: what each
    gave, in order. An error of one is raised, and those after it are not run; outside a
    transaction, none of them is kept."""
    django = connections["default"]
    _ready(django)
    if django.queries_logged or django.execute_wrappers:
        return [_by_cursor(django, statement, values) for statement, values in asked]
    django.validate_no_broken_transaction()
    lane = _lane_of(django)
    with django.wrap_database_errors:
        if lane.ahead and len(asked) == 1:
            known = lane.ahead.pop(asked[0][0], None)
            if known is not None and known[0] == asked[0][1]:
                return [known[1]]
        if lane.told:
            asked, told = [*lane.told, *asked], len(lane.told)
            lane.told = []
            return lane.run(asked)[told:]
        return lane.run(asked)


@contextmanager
def ahead(*asked: Asked) -> Iterator[None]:
    """Ask together what the block is going to ask one by one: `ask` with the same statement and
    values finds its answer there, once. For what nothing in the block changes before."""
    django = connections["default"]
    _ready(django)
    if django.queries_logged or django.execute_wrappers or not asked:
        yield
        return
    answers = ask_all(asked)
    lane = _lane_of(django)
    for (statement, values), answer in zip(asked, answers, strict=True):
        lane.ahead[statement] = values, answer
    try:
        yield
    finally:
        for statement, _values in asked:
            lane.ahead.pop(statement, None)


def tell(statement: str, values: Sequence[Any]) -> None:
    """Run a statement whose answer nobody needs: at once, or with the others of `gathered`."""
    django = connections["default"]
    lane = _lane_of(django) if django.connection is not None else None
    if lane is None or not lane.is_gathering or django.queries_logged or django.execute_wrappers:
        ask(statement, values)
    else:
        lane.told.append((statement, values))


@contextmanager
def gathered() -> Iterator[None]:
    """What the block tells (`tell`) is sent together at its end, or before what it asks. Inside a
    transaction; an error comes at the end of the block."""
    django = connections["default"]
    _ready(django)
    lane = _lane_of(django)
    lane.is_gathering = True
    try:
        yield
        if lane.told:
            ask_all([])
    finally:
        lane.is_gathering, lane.told = False, []


def _lane_of(django: Any) -> "_Lane":
    lane: _Lane | None = getattr(django.connection, "preau_lane", None)
    if lane is None:
        lane = django.connection.preau_lane = _Lane(django.connection)
    return lane


def _ready(django: Any) -> None:
    """A connection that answers. One that said nothing since it was last used is taken for
    sound: a server that stops says so, or closes."""
    if django.connection is None:
        django.ensure_connection()
    elif django.health_check_enabled and not django.health_check_done:
        if _is_silent(django.connection):
            django.health_check_done = True
        else:
            django.close_if_health_check_failed()
            django.ensure_connection()


def _is_silent(raw: Any) -> bool:
    try:
        poll = select.poll()
        poll.register(raw.pgconn.socket, select.POLLIN | select.POLLHUP)
        return not poll.poll(0)
    except (OSError, psycopg.Error):
        return False


def _by_cursor(django: Any, statement: str, values: Sequence[Any]) -> Answer:
    with django.wrap_database_errors:
        cursor = django._prepare_cursor(psycopg.Cursor(django.connection))
    with cursor:
        cursor.execute(statement, list(values))
        return (cursor.fetchall() if cursor.description else []), cursor.rowcount


class _Lane:
    """The statements that one connection has prepared."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.pgconn = raw.pgconn
        self.values = Transformer(raw)
        self.ahead: dict[str, tuple[Sequence[Any], Answer]] = {}
        self.told: list[Asked] = []
        self.is_gathering = False
        self.names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self.both, self.listen = select.poll(), select.poll()
        self.both.register(self.pgconn.socket, select.POLLIN | select.POLLOUT)
        self.listen.register(self.pgconn.socket, select.POLLIN)
        self.is_plain = (raw.isolation_level, raw.read_only, raw.deferrable) == (None, None, None)

    def run(self, asked: Sequence[Asked]) -> list[Answer]:
        pgconn, begins = self.pgconn, False
        if not self.raw.autocommit and pgconn.transaction_status == _IDLE:
            assert self.is_plain
            begins = True
        sent = [self._bound(statement, values) for statement, values in asked]
        if begins or len(sent) > 1:
            return self._together(sent, begins=begins)
        return [self._told(pgconn.exec_prepared(*sent[0]))]

    def _bound(self, statement: str, values: Sequence[Any]) -> tuple[bytes, list[Any], list[Any]]:
        """(its name on the server, its values, their formats); prepared the first time."""
        turn = self.values
        given = turn.dump_sequence(values, [PyFormat.AUTO] * len(values)) if values else []
        types = tuple(turn.types or ()) if values else ()
        formats = list(turn.formats or ()) if values else []
        name = self.names.get((statement, types))
        if name is None:
            name = b"preau_%d" % len(self.names)
            result = self.pgconn.prepare(name, _numbered(statement).encode(), types)
            if result.status != _DONE:
                raise self._error(result)
            self.names[statement, types] = name
        return name, list(given), formats

    def _together(
        self, sent: list[tuple[bytes, list[Any], list[Any]]], *, begins: bool
    ) -> list[Answer]:
        """In one journey; every answer is read, whatever goes wrong, so that the next finds the
        connection as it should be."""
        pgconn = self.pgconn
        pgconn.enter_pipeline_mode()
        try:
            if begins:
                pgconn.send_query_params(b"BEGIN", None)
            for one in sent:
                pgconn.send_query_prepared(*one)
            pgconn.pipeline_sync()
            results = self._read()
        finally:
            if pgconn.status != _BAD:
                pgconn.exit_pipeline_mode()
        for result in results:
            if result.status not in (_DONE, _TUPLES):
                raise self._error(result)
        return [self._told(result) for result in results[begins:]]

    def _read(self) -> list[Any]:
        """The answers up to the end of the journey. libpq would wait for each without letting
        other threads run: the wait is ours."""
        pgconn = self.pgconn
        results: list[Any] = []
        while pgconn.flush():
            self.both.poll()  # what the server has to say may keep it from reading
            pgconn.consume_input()
        while True:
            while pgconn.is_busy():
                self.listen.poll()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                if pgconn.status == _BAD:
                    raise psycopg.OperationalError(_text(pgconn.error_message))
            elif result.status == _SYNC:
                return results
            else:
                results.append(result)

    def _told(self, result: Any) -> Answer:
        if result.status == _TUPLES:
            self.values.set_pgresult(result)
            return self.values.load_rows(0, result.ntuples, tuple), result.ntuples
        if result.status == _DONE:
            return [], result.command_tuples or 0
        raise self._error(result)

    def _error(self, result: Any) -> psycopg.Error:
        if self.pgconn.status == _BAD:
            return psycopg.OperationalError(_text(self.pgconn.error_message))
        return error_from_result(result, encoding="utf-8")


def _text(message: bytes) -> str:
    return message.decode("utf-8", "replace").strip()


def _numbered(statement: str) -> str:
    """`%s` as `$1`, `$2`…"""
    at = 0

    def mark(found: "re.Match[str]") -> str:
        nonlocal at
        if found[0] == "%%":
            return "%"
        at += 1
        return f"${at}"

    return _MARKS.sub(mark, statement)
