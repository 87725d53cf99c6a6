"""A DuckDB file: a second process, a damaged log, a full disk, and Ctrl-C each end in a sentence and lose nothing."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import duckdb
import pytest

import patron.engines.duckdb.build
from patron.engines import Engine, connect
from patron.engines.base import Progress
from patron.errors import BuildError, DatabaseBusy, DatabaseError, PatronError
from patron.settings import Settings
from tests.robustness.child import Child, Work, build, hold, load
from tests.robustness.seed import seeded
from tests.robustness.states import State, difference, state_of
from tests.robustness.stock import FIRST_DAY, SECOND_DAY, Stock, append
from tests.robustness.threads import together

COMMAND = (sys.executable, "-c", "from patron.cli import main; main()")


@pytest.fixture(scope="module")
def built(stock: Stock, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that changed since it was built."""
    path = tmp_path_factory.mktemp("built") / "shop.duckdb"
    with connect(str(path), Settings()) as engine:
        engine.init()
        append(engine, stock.first)
        engine.build(FIRST_DAY)
        append(engine, stock.late)
    return path


@pytest.fixture
def path(built: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(built, tmp_path))


def state(path: Path) -> State:
    with connect(str(path), Settings()) as engine:
        return state_of(engine)


def patron_command(words: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run `patron` on the database at `path`."""
    command = [*COMMAND, *words.split(), "--database", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# -- a second process -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["status", "build"])
def test_a_second_process_gets_one_sentence(path: Path, words: str) -> None:
    with Child(str(path), hold) as child:
        done = patron_command(words, path)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.splitlines() == [done.stderr.strip()]
        assert str(path) in done.stderr
        assert f"process {child.serving}" in done.stderr


def test_a_second_process_gets_in_when_the_first_is_killed(path: Path) -> None:
    with Child(str(path), hold), pytest.raises(DatabaseBusy):
        connect(str(path), Settings())
    connect(str(path), Settings()).close()


def test_a_file_that_cannot_be_opened_is_not_called_busy(tmp_path: Path) -> None:
    (tmp_path / "block").mkdir()
    with pytest.raises(DatabaseError, match="There is no folder") as caught:
        connect(str(tmp_path / "block" / "nowhere" / "shop.duckdb"), Settings())
    assert not isinstance(caught.value, DatabaseBusy)


# -- the write-ahead log ----------------------------------------------------------------------------------


@pytest.fixture
def log(path: Path, tmp_path: Path) -> Path:
    """The log of a shop whose process was killed right after an incremental build; the shop is at `path`."""
    crashed = tmp_path / "crashed.duckdb"
    with connect(str(path), Settings()) as engine:
        assert engine.build(SECOND_DAY).kind == "incremental"
        for suffix in ("", ".wal"):
            shutil.copyfile(f"{path}{suffix}", f"{crashed}{suffix}")
    shutil.move(crashed, path)
    return Path(shutil.move(f"{crashed}.wal", f"{path}.wal"))


def test_a_log_is_replayed(path: Path, log: Path, built: Path) -> None:
    assert "customer_360" in difference(state(path), state(built))


def test_a_torn_log_gives_the_old_or_the_new(path: Path, log: Path, built: Path, tmp_path: Path) -> None:
    rng = seeded("torn log")
    whole = log.read_bytes()
    checkpoint = path.read_bytes()
    old, new = state(built), state(path)
    for _ in range(10):
        path.write_bytes(checkpoint)
        log.write_bytes(whole[: rng.randrange(len(whole))])
        assert state(path) in (old, new)


def test_a_damaged_log_is_set_aside_and_never_deleted(path: Path, log: Path, built: Path) -> None:
    damaged = bytearray(log.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    log.write_bytes(damaged)

    done = patron_command("status", path)

    (aside,) = log.parent.glob(f"{log.name}*")
    assert aside.read_bytes() == damaged
    assert done.returncode == 1
    assert done.stderr.splitlines() == [done.stderr.strip()]
    assert str(aside) in done.stderr

    assert state(path) == state(built)
    with connect(str(path), Settings()) as engine:
        engine.build(SECOND_DAY)
    assert aside.read_bytes() == damaged


def test_a_log_that_there_is_no_room_to_replay_stays(
    path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise duckdb.TransactionException(
            f'TransactionContext Error: Failure while replaying WAL file "{log}": Failed to commit: '
            f'Could not write file "{path}": No space left on device'
        )

    written = log.read_bytes()
    monkeypatch.setattr(duckdb, "connect", no_room)
    with pytest.raises(DatabaseError, match="No space left"):
        connect(str(path), Settings())
    assert log.read_bytes() == written


# -- no room ----------------------------------------------------------------------------------------------


def without_room(engine: Engine, work: Work, *arguments: object) -> None:
    """Work where no file can grow beyond a kilobyte, as if the disk were full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
    work(engine, *arguments)


@pytest.mark.parametrize("name", ["load", "full build", "incremental build"])
def test_a_full_disk_ends_in_one_sentence(path: Path, stock: Stock, built: Path, name: str) -> None:
    tasks: dict[str, tuple[Work, tuple[object, ...], type[PatronError]]] = {
        "load": (load, (stock.delivery,), DatabaseError),
        "full build": (build, (SECOND_DAY, True), BuildError),
        "incremental build": (build, (SECOND_DAY, False), BuildError),
    }
    work, arguments, error = tasks[name]
    with Child(str(path), without_room, work, *arguments) as child, pytest.raises(error) as caught:
        child.works()
    assert "\n" not in str(caught.value)
    assert state(path) == state(built)
    with Child(str(path), work, *arguments) as again:
        again.ends()
    assert difference(state(path), state(built))


# -- Ctrl-C -----------------------------------------------------------------------------------------------


def test_ctrl_c_leaves_nothing_of_a_full_build(
    path: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patron.engines.duckdb.build, "FACTS_A_BATCH", 500)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    pressed: list[str] = []

    def press(progress: Progress) -> None:
        """Send the signal once, and where the keyboard's arrives: to the thread that waits for the workers."""
        pressed.append(progress.stage)
        if len(pressed) == 1:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    with connect(str(path), Settings(threads=2)) as engine:
        contents = engine.contents()
        with pytest.raises(KeyboardInterrupt):
            engine.build(SECOND_DAY, full=True, progress=press)
        assert engine.contents() == contents
    assert state(path) == state(built)


def test_a_build_leaves_nothing_of_one_that_was_killed(path: Path) -> None:
    with connect(str(path), Settings()) as engine:
        contents = engine.contents()
        for name in ("customer_features_next", "customers_to_come_next"):
            engine.query(f"CREATE TABLE {name} (customer_id BIGINT)")
        assert engine.build(SECOND_DAY).kind == "incremental"
        assert engine.contents() == contents


def test_two_engines_in_one_process_build_one_after_the_other(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patron.engines.duckdb.build, "FACTS_A_BATCH", 500)
    with connect(str(path), Settings()) as one, connect(str(path), Settings()) as other:
        together(partial(engine.build, SECOND_DAY, full=True) for engine in (one, other, one, other))
        assert [row["build_id"] for row in one.query("SELECT build_id FROM builds ORDER BY build_id")] == [
            1,
            2,
            3,
            4,
            5,
        ]
