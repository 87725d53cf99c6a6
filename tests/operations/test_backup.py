"""Backups: whole, of one moment, made beside a running server, and restored whole or not at all."""

from __future__ import annotations

import json
import multiprocessing
import resource
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import time
from datetime import date
from pathlib import Path

import psycopg
import pytest

from patron.access import Role, access_store, new_key
from patron.backup import back_up, restore
from patron.engines import connect
from patron.engines.duckdb import restoring
from patron.errors import BackupError, DatabaseBusy, OtherVersion
from patron.settings import Settings
from tests.api.conftest import small_database
from tests.api.test_server import serving
from tests.robustness.child import Child, hold
from tests.robustness.seed import seeded
from tests.robustness.states import RESULT, SHOP, State, state_of
from tests.shops import TODAY
from tests.support.databases import Databases

COMMAND = (sys.executable, "-c", "from patron.cli import main; main()")
FORKS = multiprocessing.get_context("forkserver")


def patron(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, check=False)


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence with which a command failed."""
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done
    return done.stderr


def state(path: Path) -> State:
    with connect(str(path), Settings()) as engine:
        return state_of(engine, *SHOP, *RESULT)


def keys(path: Path) -> list[str]:
    with access_store(str(path)) as store:
        return [key.key_id for key in store.all_keys()]


def add_key(path: Path) -> str:
    made = new_key(Role.VIEWER, "reports")
    with access_store(str(path)) as store:
        store.add(made.key)
    return made.key.key_id


def made(path: Path, to: Path) -> Path:
    with connect(str(path), Settings()) as engine:
        back_up(str(path), engine.copy, to)
    return to


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small shop with a key."""
    path = tmp_path_factory.mktemp("built") / "shop.duckdb"
    small_database(str(path))
    add_key(path)
    return path


@pytest.fixture
def path(built: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copyfile(f"{built}.access", tmp_path / "shop.duckdb.access")
    return Path(shutil.copy(built, tmp_path))


def change(path: Path) -> None:
    """Let a database be another one, with what it did last in its log, and have another key."""
    with connect(str(path), Settings()) as engine:
        engine.query("DELETE FROM customer_info WHERE customer_id > 20")
        engine.query("DELETE FROM purchase_transactions WHERE customer_id > 20")
        engine.build(TODAY, full=True)
    add_key(path)


def test_a_backup_brings_back_shop_keys_and_audit_log(path: Path, tmp_path: Path) -> None:
    before, known = state(path), keys(path)
    backup = made(path, tmp_path / "shop.tar")
    assert backup.stat().st_mode & 0o077 == 0
    change(path)
    assert (state(path) != before, keys(path) != known) == (True, True)
    assert restore(backup, str(path), overwrite=True).needs_upgrade is False
    assert (state(path), keys(path)) == (before, known)
    elsewhere = tmp_path / "elsewhere" / "other.duckdb"
    elsewhere.parent.mkdir()
    restore(backup, str(elsewhere))
    assert (state(elsewhere), keys(elsewhere)) == (before, known)
    assert sorted(one.name for one in elsewhere.parent.iterdir()) == ["other.duckdb", "other.duckdb.access"]


def test_it_is_a_tar_that_anybody_can_read(path: Path, tmp_path: Path) -> None:
    with tarfile.open(made(path, tmp_path / "shop.tar")) as archive:
        names = archive.getnames()
        file = archive.extractfile("manifest.json")
        assert file is not None
        manifest = json.load(file)
    assert names == ["database.duckdb", "access.sqlite", "manifest.json"]
    assert manifest["files"]["access.sqlite"]["bytes"] > 0


def test_what_is_there_is_not_replaced_unasked(path: Path, tmp_path: Path) -> None:
    backup = made(path, tmp_path / "shop.tar")
    with pytest.raises(BackupError, match=r"is there already; add --overwrite"):
        restore(backup, str(path))
    assert "is there already; add --overwrite" in said(patron("backup", "--to", backup, "--database", path))


@pytest.mark.parametrize("cut", [0, 700, -2000, -1024, -1536])
def test_a_damaged_backup_changes_nothing(path: Path, tmp_path: Path, cut: int) -> None:
    whole = made(path, tmp_path / "shop.tar").read_bytes()
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(whole[:cut])
    before = state(path)
    if cut == -1024:  # all is there but for the zeros at the end
        restore(damaged, str(path), overwrite=True)
    else:
        with pytest.raises(BackupError, match=r"is no backup of Patron|is not whole"):
            restore(damaged, str(path), overwrite=True)
    assert state(path) == before


def test_one_flipped_bit_is_noticed(path: Path, tmp_path: Path) -> None:
    backup = made(path, tmp_path / "shop.tar")
    content = bytearray(backup.read_bytes())
    content[len(content) // 3] ^= 1
    backup.write_bytes(content)
    with pytest.raises(BackupError, match="is not whole"):
        restore(backup, str(path), overwrite=True)


def test_nothing_else_is_unpacked(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("../../evil"))
    with pytest.raises(BackupError, match=r"holds '\.\./\.\./evil'"):
        restore(tmp_path / "evil.tar", str(tmp_path / "shop.duckdb"))


def test_a_backup_of_a_later_version_is_left_alone(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("patron.backup.making.schema_version", lambda: 99)
        backup = made(path, tmp_path / "shop.tar")
    with pytest.raises(OtherVersion, match="later version"):
        restore(backup, str(path), overwrite=True)


def test_a_database_in_use_is_not_replaced(path: Path, tmp_path: Path) -> None:
    backup = made(path, tmp_path / "shop.tar")
    with Child(str(path), hold), pytest.raises(DatabaseBusy, match="stop that first"):
        restore(backup, str(path), overwrite=True)
    restore(backup, str(path), overwrite=True)


def test_the_former_log_is_not_replayed_into_what_was_restored(path: Path, tmp_path: Path) -> None:
    before = state(path)
    backup = made(path, tmp_path / "shop.tar")
    with connect(str(path), Settings()) as engine:
        engine.query("DELETE FROM customer_service")
        log = Path(f"{path}.wal").read_bytes()
    Path(f"{path}.wal").write_bytes(log)  # as a killed process leaves it
    restore(backup, str(path), overwrite=True)
    assert state(path) == before


# -- beside a server --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_beside_a_server_that_builds(path: Path, tmp_path: Path, host: str) -> None:
    """It is asked for a copy with a key that is good for this alone, and goes on to be the file's only owner."""
    known = keys(path)
    with serving(str(path), tmp_path, "--host", host) as server:
        for number in range(2):
            to = tmp_path / f"{number}.tar"
            if host == "127.0.0.1" and number == 0:
                server.ask("/api/v1/builds", {"as_of": "2024-06-30", "full": True})
            done = patron("backup", "--to", to, "--database", path)
            assert done.returncode == 0, done.stderr
            copy = tmp_path / f"{number}.duckdb"
            restore(to, str(copy))
            with connect(str(copy), Settings()) as engine:
                assert engine.query("SELECT COUNT(*) AS n FROM customer_360")[0]["n"] == 30
            assert "in use by process" in said(patron("status", "--database", path))
        assert "is in use by another process" in said(
            patron("restore", to, "--overwrite", "--database", path)
        )
        assert server.stop() == 0
    with access_store(str(path)) as store:
        assert [key.key_id for key in store.all_keys() if key.state == "active"] == known
        assert "backup made" in {entry.action for entry in store.entries(20)}
    assert not Path(f"{path}.server").exists()
    assert not list(path.parent.glob(".shop.duckdb.backup-*"))


def test_a_process_that_is_no_server_is_told_of(path: Path, tmp_path: Path) -> None:
    Path(f"{path}.server").write_text(
        '{"address": "http://127.0.0.1:9", "host": "127.0.0.1"}'
    )  # one was killed
    with Child(str(path), hold):
        done = patron("backup", "--to", tmp_path / "shop.tar", "--database", path)
    assert "is in use by process" in said(done)
    assert not (tmp_path / "shop.tar").exists()


# -- no room ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("backup", "--to", "new.tar"), ("restore", "shop.tar", "--overwrite")])
def test_without_room_all_is_as_it_was(path: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    made(path, tmp_path / "shop.tar")
    before, there = state(path), sorted(tmp_path.iterdir())
    done = subprocess.run(
        [*COMMAND, *words, "--database", "shop.duckdb"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert "File too large" in said(done)
    assert sorted(tmp_path.iterdir()) == there
    assert state(path) == before


# -- kill -9 ----------------------------------------------------------------------------------------------


def _restore(backup: str, path: str) -> None:
    restore(Path(backup), path, overwrite=True)


def _back_up(to: str, path: str) -> None:
    made(Path(path), Path(to))


def killed(work: object, *arguments: str, seconds: float) -> None:
    process = FORKS.Process(target=work, args=arguments)  # type: ignore[arg-type]
    process.start()
    process.join(seconds)
    process.kill()
    process.join()


@pytest.mark.slow
def test_a_killed_restoration_leaves_the_old_or_the_new(path: Path, tmp_path: Path) -> None:
    rng = seeded("restore")
    backup = made(path, tmp_path / "shop.tar")
    new = state(path), keys(path)
    change(path)
    old = state(path), keys(path)
    former = made(path, tmp_path / "former.tar")
    took = time.monotonic()
    _restore(str(former), str(path))
    took = time.monotonic() - took
    for _ in range(15):
        killed(_restore, str(backup), str(path), seconds=rng.uniform(0, 3 * took))
        assert (state(path), keys(path)) in (old, new)
        _restore(str(former), str(path))
        assert (state(path), keys(path)) == old
        assert not restoring.coming(str(path)).exists()


@pytest.mark.parametrize(
    "moved", [(), (restoring.ACCESS_FILE,), (restoring.ACCESS_FILE, restoring.DATABASE_FILE)]
)
def test_whoever_comes_first_ends_a_restoration_that_was_cut_off(
    path: Path, tmp_path: Path, moved: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each step of the swap, in place of hitting it by chance."""
    backup = made(path, tmp_path / "shop.tar")
    new = state(path), keys(path)
    change(path)
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "PLACES", {name: restoring.PLACES[name] for name in moved})
        patch.setattr(Path, "rmdir", lambda _: (_ for _ in ()).throw(FileNotFoundError))
        restore(backup, str(path), overwrite=True)
    assert restoring.coming(str(path)).exists()
    assert (keys(path), state(path)) == new[::-1]
    assert not restoring.coming(str(path)).exists()


@pytest.mark.slow
def test_a_killed_backup_leaves_the_former_one(path: Path, tmp_path: Path) -> None:
    rng = seeded("backup")
    to = made(path, tmp_path / "shop.tar")
    copy = tmp_path / "copy.duckdb"
    for _ in range(8):
        killed(_back_up, str(to), str(path), seconds=rng.uniform(0, 0.4))
        restore(to, str(copy), overwrite=True)
        assert state(copy) == state(path)
    made(path, to)
    assert not list(tmp_path.glob(".shop.duckdb.backup-*"))


# -- PostgreSQL -------------------------------------------------------------------------------------------


def test_postgresql_is_backed_up_by_its_own_tools(kind: str, databases: Databases, tmp_path: Path) -> None:
    """As docs/operations/backups.md says: dump, restore into a new database, and go on building there."""
    if kind == "duckdb":
        return
    url, restored = databases.empty(kind), databases.empty(kind)
    small_database(url)
    add = new_key(Role.VIEWER, "reports")
    with access_store(url) as store:
        store.add(add.key)
    server = databases.server(kind)
    dump = server.folder / "shop.dump"
    server.tool("pg_dump", "--format=custom", "--no-owner", f"--file={dump}", url)
    server.tool(
        "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={restored}", dump
    )
    with connect(url, Settings()) as engine, connect(restored, Settings()) as copy:
        assert copy.columns() == engine.columns()
        assert state_of(copy) == state_of(engine)
        assert copy.build(date(2024, 6, 30)).kind in ("incremental", "full")
    with access_store(restored) as store:
        assert [key.key_id for key in store.all_keys()] == [add.key.key_id]
        with pytest.raises(Exception, match="only appended to"):
            store.execute("DELETE FROM audit_log")
    assert "pg_dump" in said(patron("backup", "--to", tmp_path / "x.tar", "--database", url))


@pytest.mark.slow
def test_a_killed_restoration_on_postgresql_leaves_nothing_or_all(kind: str, databases: Databases) -> None:
    """Kill -9 at random moments, of the commands that docs/operations/backups.md gives; and a dump that was cut off."""
    if kind == "duckdb":
        return
    rng, url, server = seeded(f"pg_restore on {kind}"), databases.empty(kind), databases.server(kind)
    small_database(url)
    dump, cut = server.folder / "whole.dump", server.folder / "cut.dump"
    server.tool("pg_dump", "--format=custom", "--no-owner", f"--file={dump}", url)
    whole = dump.read_bytes()
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    command = ("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction")
    with connect(url, Settings()) as engine:
        all_of_it = state_of(engine)
    for moment in (0.0, *(rng.uniform(0, 0.4) for _ in range(3)), None):
        restored = databases.empty(kind)
        if moment is None:
            with server.started(*command, f"--dbname={restored}", cut) as process:
                process.communicate()
            assert process.returncode != 0
        else:
            with server.started(*command, f"--dbname={restored}", dump) as process:
                time.sleep(moment)
                process.kill()
        if not _tables(restored):
            server.tool(*command, f"--dbname={restored}", dump)
        with connect(restored, Settings()) as engine:
            assert state_of(engine) == all_of_it
        databases.drop(restored)


def _tables(url: str) -> bool:
    """Tell whether a database has tables, once nobody else works in it any more."""
    others = (
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(others).fetchone() != (0,):
            time.sleep(0.05)
        found = connection.execute("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    return found != (0,)


def test_the_files_of_keys_tell_their_version(path: Path) -> None:
    with sqlite3.connect(f"{path}.access") as file:
        assert file.execute("PRAGMA user_version").fetchone() == (1,)
        file.execute("PRAGMA user_version = 99")
    file.close()
    with pytest.raises(OtherVersion, match="later version"):
        access_store(str(path))
