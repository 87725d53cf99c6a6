"""The dashboard's figures have a place of their own in the page of benchmarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import page, report

FIGURES = {
    "about": report.circumstances("page", 3, 2),
    "customers": 100_000,
    "engine": "DuckDB",
    "milliseconds": {
        "first view with data": {"reacts": None, "complete": {"median": 700, "worst": 900}},
        "a segment chosen": {"reacts": {"median": 24, "worst": 32}, "complete": {"median": 80, "worst": 90}},
    },
}


def test_they_stand_between_their_marks_and_outlast_the_measured_part(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.md"
    start, end = page.MARKS
    file.write_text(f"# Words\n\n{start}\n\nold\n\n{end}\n\n<!-- measured -->\n\nold figures\n")
    page.write_page(FIGURES, file)
    report.write_page({"about": report.circumstances("scale", 2, 1)}, file)
    text = file.read_text()
    assert "| first view with data |  |  | 700 | 900 |" in text
    assert "| a segment chosen | 24 | 32 | 80 | 90 |" in text
    assert "100,000 customers on DuckDB, 3 rounds" in text
    assert "old" not in text


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.md"
    file.write_text("# Words\n")
    with pytest.raises(SystemExit, match="has no place for these figures"):
        page.write_page(FIGURES, file)
    assert file.read_text() == "# Words\n"
