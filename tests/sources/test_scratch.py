"""A killed load leaves no folder behind: the next one sweeps it away, and no folder of a process that lives."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from patron.engines import scratch
from patron.engines.scratch import Scratch

HOLD = "from patron.engines.scratch import Scratch; s = Scratch(); print(s.folder, flush=True); input()"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def aged(folder: Path) -> Path:
    """Let a folder have been made a while ago."""
    long_ago = time.time() - 10 * scratch.YOUNG
    os.utime(folder, (long_ago, long_ago))
    return folder


def test_a_folder_lasts_as_long_as_it_is_needed(place: Path) -> None:
    made = Scratch()
    (made.folder / "spilled").mkdir()
    Scratch().close()
    assert aged(made.folder).exists()
    scratch.sweep(place)
    assert made.folder.exists(), "its process lives"
    made.close()
    assert list(place.iterdir()) == []


def test_a_killed_process_leaves_nothing(place: Path) -> None:
    environment = os.environ | {"TMPDIR": str(place)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        (folder / "copy.csv").write_text("x")
        aged(folder)
        scratch.sweep(place)
        assert folder.exists(), "its process lives"
        process.kill()
        process.wait()
    Scratch().close()
    assert not folder.exists()


def test_a_folder_that_was_just_made_is_left_alone(place: Path) -> None:
    young = place / f"{scratch.PREFIX}young"
    young.mkdir()
    scratch.sweep(place)
    assert young.exists()
