"""The command line as a process: streams, signals, and two at once."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from patron.engines import connect
from patron.settings import Settings
from tests.cli.conftest import COMMAND, LAST_DAY, Patron, Process, complaint


def test_json_leaves_standard_error_alone(process: Process) -> None:
    done = process("sample", "--customers", "20", "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("{")


def test_a_second_process_is_told_that_the_file_is_in_use(
    process: Process, patron: Patron, shop: Path
) -> None:
    with connect(str(shop), Settings()):
        said = complaint(process("build"))
    assert "patron.duckdb is in use by" in said
    assert str(os.getpid()) in said
    assert patron("build").exit_code == 0


def test_a_terminal_without_these_letters_gets_plain_ones(process: Process, shop: Path) -> None:
    done = process("status", "--summary", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert "High Value   ###" in done.stdout
    assert "?" not in done.stdout


def test_colour_is_for_terminals_that_want_it(patron: Patron, shop: Path) -> None:
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    assert "\x1b[" not in patron("status", "--summary").stdout
    assert "\x1b[38;" in patron("status", "--summary", **terminal).stdout
    quiet = patron("status", "--summary", NO_COLOR="1", **terminal).stdout
    assert "38;" not in quiet
    assert "48;" not in quiet


def test_a_reader_that_leaves_ends_it_quietly(shop: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "dictionary", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        said = running.stderr.read()
    assert running.returncode == 1
    assert said == b""


def test_what_cannot_be_written_to_standard_output_is_a_failure(shop: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "status"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "The disk is full" in done.stderr


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_export_leaves_no_file_under_its_name(
    patron: Patron, shop: Path, way: signal.Signals
) -> None:
    """The process stops itself between two batches, where a half-written file is certainly there."""
    script = (
        "import os, signal\n"
        "from patron.cli import main\n"
        "import patron.export as export\n"
        "defused = export.defused\n"
        "def stop(batch):\n"
        f"    os.kill(os.getpid(), {int(way)})\n"
        "    return defused(batch)\n"
        "export.defused = stop\n"
        "main()\n"
    )
    words = ("export", "purchase_transactions", "--to", "out.csv", "--for-spreadsheets")
    python = COMMAND[0]
    done = subprocess.run([python, "-c", script, *words], capture_output=True, text=True, check=False)
    killed = way is signal.SIGKILL
    assert done.returncode == (-way if killed else 130)
    assert not Path("out.csv").exists()
    assert len(list(Path().glob(".out.csv.*.partial"))) == killed
    assert patron(*words).exit_code == 0
    assert Path("out.csv").exists()


def test_a_build_that_is_stopped_says_so_and_the_next_goes_on(patron: Patron, shop: Path) -> None:
    script = (
        "import os, signal\n"
        "from patron.cli import main\n"
        "from patron.engines.duckdb.engine import DuckDBEngine\n"
        "build = DuckDBEngine.build\n"
        "def stopped(engine, as_of, *, full, progress):\n"
        "    def stop(_):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return build(engine, as_of, full=full, progress=stop)\n"
        "DuckDBEngine.build = stopped\n"
        "main()\n"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", script, "build", "--full", "--as-of", LAST_DAY],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 130
    assert done.stderr.startswith("Stopped;")
    assert patron("build", "--full", "--as-of", LAST_DAY).exit_code == 0


INTERRUPT = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"


def test_ctrl_c_while_the_commands_are_read_is_one_sentence(folder: Path) -> None:
    (folder / "typer.py").write_text(INTERRUPT)
    for words in (("status",), ("status", "--json")):
        done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 130
        assert done.stdout == ""
        assert "Stopped" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words", [("load", "files"), ("sample",), ("sample", "--to", "made/files"), ("init",)]
)
def test_what_was_made_for_a_command_that_is_stopped_goes_away(
    patron: Patron, words: tuple[str, ...]
) -> None:
    """The process stops itself where it is about to finish its first table."""
    patron("sample", "--customers", "20", "--to", "files")
    script = (
        "import os, signal\n"
        "def stop(*_, **__):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "from patron.engines.duckdb.engine import DuckDBEngine\n"
        "from patron.engines.duckdb.store import DuckDBStore\n"
        "from patron.sources.sample import writing\n"
        "DuckDBEngine.append = DuckDBStore.merge = writing._writer = stop\n"
        f"{'DuckDBEngine.init = stop' if words == ('init',) else ''}\n"
        "from patron.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([COMMAND[0], "-c", script, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 130, done.stderr
    assert done.stderr.startswith("Stopped;")
    assert [path.name for path in Path().iterdir()] == ["files"]
