"""The embedded server starts wherever it is laid, again after a kill, and leaves rights alone."""

import os
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from preau.config.postgres import (
    DURABLE,
    SYSTEM_HOME,
    THROWAWAY,
    Cluster,
    PostgresError,
    cluster_in,
    machine_programs,
    wheel_programs,
)
from tests.harness.database import cluster_of_its_own

try:
    wheel_programs()
except PostgresError as missing:
    pytest.skip(str(missing), allow_module_level=True)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives the server another user")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with cluster_of_its_own() as own:
        yield own


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder that the server's user may not enter, as /root is."""
    folder = Path(tempfile.mkdtemp(prefix="preau-closed-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().splitlines()[0])


def test_starting_twice_is_harmless(cluster: Cluster) -> None:
    url = cluster.ensure_started()
    first = postmaster(cluster)
    assert cluster.ensure_started() == url
    assert postmaster(cluster) == first
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT upper('é'), current_setting('server_encoding')").fetchone(
        ) == ("É", "UTF8")  # fmt: skip


def test_starting_from_several_threads_starts_one(cluster: Cluster) -> None:
    found: list[int] = []

    def start() -> None:
        cluster.ensure_started()
        found.append(postmaster(cluster))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_stopping_leaves_nothing_and_twice_is_harmless(cluster: Cluster) -> None:
    cluster.ensure_started()
    pid = postmaster(cluster)
    cluster.stop()
    cluster.stop()
    assert not cluster.is_running()
    assert not Path(f"/proc/{pid}/root").exists()


def test_data_survives_a_kill() -> None:
    with cluster_of_its_own(DURABLE) as cluster:
        url = cluster.ensure_started()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(postmaster(cluster), signal.SIGKILL)
        assert cluster.ensure_started() == url
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_lock_file_that_names_another_program_is_cleared(cluster: Cluster) -> None:
    """After a restart of the machine, the number may be anyone's."""
    cluster.ensure_started()
    cluster.stop()
    lines = [str(os.getpid()), str(cluster.data), "1", "5432", str(cluster.socket), "", "  1 1"]
    (cluster.data / "postmaster.pid").write_text("\n".join(lines))
    cluster.ensure_started()
    assert postmaster(cluster) != os.getpid()


def test_an_unfinished_initdb_is_made_again(cluster: Cluster) -> None:
    cluster.data.mkdir(parents=True)
    (cluster.data / "base").mkdir()
    cluster.ensure_started()
    assert cluster.is_running()


def test_the_socket_is_the_only_door(cluster: Cluster) -> None:
    with psycopg.connect(cluster.ensure_started()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert stat.S_IMODE(cluster.socket.stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket(cluster: Cluster) -> None:
    folder = cluster.data.parent / ("long" * 30)
    folder.mkdir(parents=True)
    far = cluster_in(folder / "postgres", options=THROWAWAY)
    try:
        with psycopg.connect(far.ensure_started()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        far.stop()
        shutil.rmtree(far.socket, ignore_errors=True)


@as_root
def test_under_a_closed_folder_the_data_live_elsewhere(closed_folder: Path) -> None:
    """Nothing of the closed folder is opened, and the server still starts."""
    before = stat.S_IMODE(closed_folder.stat().st_mode)
    cluster = cluster_in(closed_folder / "var" / "postgres", options=THROWAWAY)
    try:
        with psycopg.connect(cluster.ensure_started()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert cluster.data.is_relative_to(SYSTEM_HOME)
        assert cluster_in(closed_folder / "var" / "postgres").data == cluster.data
        assert stat.S_IMODE(closed_folder.stat().st_mode) == before == 0o700
        assert cluster.data.stat().st_uid != 0
    finally:
        cluster.stop()
        shutil.rmtree(cluster.data.parent)


@as_root
def test_closed_programs_are_copied_with_their_libraries(closed_folder: Path) -> None:
    package = wheel_programs().parents[1]
    shutil.copytree(package, closed_folder / package.name)
    shutil.copytree(
        package.with_name(f"{package.name}.libs"), closed_folder / f"{package.name}.libs"
    )
    programs = closed_folder / wheel_programs().relative_to(package.parent)
    cluster = cluster_in(closed_folder / "postgres", programs=programs, options=THROWAWAY)
    try:
        assert cluster.programs.is_relative_to(SYSTEM_HOME)
        with psycopg.connect(cluster.ensure_started()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        cluster.stop()
        shutil.rmtree(cluster.data.parent)


def test_a_missing_version_says_so() -> None:
    with pytest.raises(PostgresError, match="PostgreSQL 9"):
        machine_programs(9)
