"""The dashboard's figures have a place of their own in the page of benchmarks."""

from __future__ import annotations

from pathlib import Path

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


def test_they_stand_between_their_marks_and_outlast_other_parts(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.md"
    file.write_text("# Words\n\n<!-- page -->\n\nold\n\n<!-- /page -->\n\nmore words\n")
    page.write_page(FIGURES, file)
    build = {
        "wall_min": 1.0,
        "wall_median": 1.0,
        "cpu_min": 1.0,
        "cpu_median": 1.0,
        "peak_bytes": 1,
        "rounds": 1,
    }
    scale = {
        "about": report.circumstances("scale", 2, 1),
        "times": 10,
        "sizes": {"100": build, "1000": build},
    }
    page.write_page({**FIGURES, "customers": 1_000_000}, file)
    page.write_page(FIGURES, file)
    for _ in range(2):
        report.write_page({"scale": scale}, file)
    text = file.read_text()
    assert "| first view with data |  |  | 700 | 900 |" in text
    assert "| a segment chosen | 24 | 32 | 80 | 90 |" in text
    assert "100,000 customers on DuckDB, 3 rounds" in text
    assert "old" not in text
    assert text.startswith("# Words\n\n<!-- page -->")
    assert "1,000,000 customers on DuckDB, 3 rounds" in text.partition("<!-- page-million -->")[2]
    assert "<!-- /page -->\n\nmore words\n\n<!-- page-million -->\n\n" in text
    assert "<!-- /page-million -->\n\n<!-- scale -->\n\n## " in text
    assert text.count("<!-- scale -->") == text.count("<!-- /scale -->") == 1
