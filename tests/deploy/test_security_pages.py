"""The threat model names tests that exist, and walks the whole of the list that it says it walks."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations/threat-model.md").read_text("utf-8")


def test_every_guard_names_a_test_that_exists() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| (API|V)\d+ ", line)]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", row)
        assert named, row
        for file, test in named:
            text = (ROOT / file).read_text("utf-8")
            assert not test or f"def {test}(" in text, f"{file}::{test}"


def test_the_ten_risks_are_all_there() -> None:
    assert re.findall(r"^\| API(\d+) ", PAGE, re.M) == [str(number) for number in range(1, 11)]


def test_the_policy_says_how_to_report() -> None:
    policy = (ROOT / "SECURITY.md").read_text("utf-8")
    assert "Report a vulnerability" in policy
    for path in re.findall(r"`((?:docs|\.github)/[^`]+)`", policy):
        assert (ROOT / path).exists()
