"""The command line in this process and as a process of its own, in an empty folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from patron.cli import app

Patron = Callable[..., Result]
Process = Callable[..., "subprocess.CompletedProcess[str]"]
COMMAND = (sys.executable, "-m", "patron")
LAST_DAY = "2025-12-31"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def patron() -> Patron:
    """Run `patron` with these words in this process."""

    def run(*words: object, columns: int = 80, **environment: str) -> Result:
        return CliRunner(env={"COLUMNS": str(columns), **environment}).invoke(
            app, [str(word) for word in words]
        )

    return run


@pytest.fixture
def process(folder: Path) -> Process:
    """Run `patron` with these words as a process of its own."""

    def run(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *map(str, words)],
            env=os.environ | {"COLUMNS": "80"} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a sample of 200 customers, built."""
    path = tmp_path_factory.mktemp("cli") / "shop.duckdb"
    for words in (("sample", "--customers", "200"), ("build", "--as-of", LAST_DAY)):
        result = CliRunner().invoke(app, [*words, "--database", str(path)])
        assert result.exit_code == 0, result.output
    return path


@pytest.fixture
def shop(built_shop: Path, folder: Path) -> Path:
    """A copy of that file, as patron.duckdb in the folder, where every command finds it by itself."""
    return Path(shutil.copyfile(built_shop, folder / "patron.duckdb"))


def document(result: Result) -> Any:
    """Return the one JSON document on standard output of a command that went well."""
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout)


def complaint(result: Result | subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence on standard error of a command that failed and printed nothing else."""
    code = result.exit_code if isinstance(result, Result) else result.returncode
    assert code == 1
    assert result.stdout == ""
    said = result.stderr
    assert said.startswith("Error: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said.removeprefix("Error: ").strip()
