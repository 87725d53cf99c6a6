"""What goes wrong at night: each is told in one sentence, nothing is lost, and what it takes to go on is documented.

A damaged log, a full disk while loading and building, and Ctrl-C are in tests/robustness; a port that is taken is in
tests/cli; backups without room are in test_backup.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from patron.access import Role, access_store, new_key
from patron.engines import connect
from patron.settings import Settings
from patron.sources.load import load
from patron.sources.loads import loads
from patron.sources.undo import undo
from tests.api.conftest import small_database
from tests.api.test_server import PATIENCE, serving
from tests.robustness.states import RESULT, SHOP, State, state_of
from tests.robustness.stock import FIRST_DAY, SECOND_DAY, Stock
from tests.support.databases import requested_engines
from tests.support.postgres import PostgresServer, binaries

COMMAND = (sys.executable, "-c", "from patron.cli import main; main()")
# In a mount namespace of its own, which a user who is not root has too in a user namespace.
UNSHARED = (
    ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--user", "--map-root-user", "--mount")
)
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
FULL = (
    'cp -r "$0" "$0.copy" && mount -t tmpfs -o size="$1" none "$0" && '
    'cp "$0".copy/* "$0" && cd "$0" && shift && "$@"'
)
AFTER = 'code=$?; cp ./* "$0.copy"; exit $code'  # what is in the small disk is gone with the namespace


def inside(script: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a mount namespace, `folder` being its $0."""
    command = [*UNSHARED, "sh", "-c", script, str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done
    return done.stderr


def state(path: Path) -> State:
    with connect(str(path), Settings()) as engine:
        return state_of(engine, *SHOP, *RESULT)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small shop, with a key."""
    path = tmp_path_factory.mktemp("built") / "shop.duckdb"
    small_database(str(path))
    with access_store(str(path)) as store:
        store.add(new_key(Role.VIEWER, "reports").key)
    return path


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A folder with a copy of it, and nothing else."""
    shutil.copytree(built.parent, tmp_path / "shop")
    return tmp_path / "shop"


@pytest.mark.slow
@pytest.mark.parametrize("words", ["build", "upgrade", "serve --port 0", "keys list"])
def test_a_folder_that_is_read_only(folder: Path, words: str) -> None:
    done = inside(READ_ONLY, folder, *COMMAND, *words.split(), "--database", "shop.duckdb")
    assert "Read-only file system" in one_sentence(done)
    assert "shop.duckdb" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("words", "room"), [("build --full", 16), ("backup --to new.tar", 300)])
def test_a_disk_that_is_full(folder: Path, words: str, room: int) -> None:
    before = state(folder / "shop.duckdb")
    size = sum(file.stat().st_size for file in folder.iterdir()) // 1024 + room
    done = inside(
        f"{FULL}; {AFTER}", folder, f"{size}k", *COMMAND, *words.split(), "--database", "shop.duckdb"
    )
    assert "No space left" in one_sentence(done) or "disk is full" in done.stderr, done.stderr
    copy = Path(f"{folder}.copy")
    assert state(copy / "shop.duckdb") == before
    assert not list(copy.glob("*.tar"))


def test_a_clock_that_was_set_back(stock: Stock, empty_url: str) -> None:
    """What was noted under a later time does not come before, or after, what is noted now: numbers count, not times."""
    ahead = timedelta(days=3650)
    with connect(empty_url, Settings()) as engine:
        engine.init()
        load(engine, stock.first)
        engine.build(FIRST_DAY)
        for table in ("loads", "builds"):
            engine.query(
                f"UPDATE {table} SET started_at = started_at + ?, finished_at = finished_at + ?",
                [ahead, ahead],
            )
        engine.query("UPDATE schema_history SET done_at = done_at + ?", [ahead])
        before = state_of(engine, *SHOP)
        assert load(engine, stock.delivery).load_id == 2
        assert engine.build(SECOND_DAY).build_id == 2
        assert engine.query("SELECT as_of FROM current_build") == [{"as_of": SECOND_DAY}]
        assert [row["load_id"] for row in loads(engine, 5)] == [2, 1]
        undo(engine, 2)
        assert state_of(engine, *SHOP) == before
        record = engine.build(SECOND_DAY)
        assert all(figure.agrees for figure in record.reconciliation)
    connect(empty_url, Settings()).close()


def test_postgresql_that_is_unreachable_at_the_start() -> None:
    with socket.socket() as taken:  # nobody else is given its port, and nobody listens there
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        url = f"postgresql://ann:secret@127.0.0.1:{port}/shop"
        for words in ("serve", "build", "upgrade"):
            done = subprocess.run(
                [*COMMAND, words, "--database", url], capture_output=True, text=True, check=False
            )
            told = f"PostgreSQL at postgresql://ann@127.0.0.1:{port}/shop cannot be reached"
            assert told in one_sentence(done)


@pytest.mark.slow
@pytest.mark.skipif("postgres18" not in requested_engines(), reason="PostgreSQL is not asked for")
def test_postgresql_that_is_restarted_under_a_server(tmp_path: Path) -> None:
    binary = binaries("18")
    assert binary is not None
    with PostgresServer(binary, "18") as postgres:
        url = postgres.url("postgres")
        small_database(url)
        with serving(url, tmp_path) as server:
            assert server.ask("/api/v1/customers/1")[0] == 200
            postgres.restart()
            asked = time.monotonic()
            while (status := server.ask("/api/v1/customers/1")[0]) != 200:
                assert status == 503
                assert time.monotonic() - asked < PATIENCE
            assert server.ask("/api/v1/builds", {"as_of": str(date(2024, 6, 30))})[0] == 202
            assert server.stop() == 0
