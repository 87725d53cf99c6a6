"""What a server is asked in its benchmark can be answered, and is told in tables."""

from __future__ import annotations

from pathlib import Path
from urllib.request import urlopen

import pytest
from benchmarks.load import ask_from, summary
from benchmarks.measure import BenchmarkError
from benchmarks.questions import questions

from benchmarks import data, report, serving
from patron.engines import connect
from patron.metrics import registry
from patron.settings import Settings
from patron.sources.sample import Sample, store

CUSTOMERS = 300


@pytest.mark.slow
def test_every_question_is_answered_and_measured(tmp_path: Path) -> None:
    url = str(tmp_path / "shop.duckdb")
    with connect(url, Settings()) as engine:
        store(Sample(CUSTOMERS, data.SEED, data.AS_OF), engine)
        engine.build(data.AS_OF)
        asked = questions(engine, data.AS_OF)
    assert {*registry(), *(f"{name}, filtered" for name in registry())} < asked.keys()
    with serving.patron(url) as (address, process):
        for name, jobs in asked.items():
            for path in (path for job in jobs[:2] for path in job):
                with urlopen(f"{address}{path}") as answer:
                    assert answer.status == 200, name
        jobs_file = tmp_path / "jobs.json"
        jobs_file.write_text('[["/health/live"], ["/health/live", "/health/ready"]]')
        found = ask_from(address, str(jobs_file), connections=3, seconds=0.3, threads=1)
        assert 0 < found["p50"] <= found["p95"] <= found["worst"]
        jobs_file.write_text('[["/nothing"]]')
        with pytest.raises(BenchmarkError, match=r"/nothing was answered with .* 404"):
            ask_from(address, str(jobs_file), connections=1, seconds=0.1, threads=1)
        bare = serving.bare(address, asked["dashboard"][0][0], connections=2, seconds=0.3)
        assert bare["bytes"] > 1000
        assert serving.cpu_seconds(process) > 0


def test_what_was_measured_is_told_in_tables() -> None:
    one = {**summary([0.001 * number for number in range(1, 101)], 10.0), "done": 100}
    assert one["p95"] == pytest.approx(96.0)
    found = {
        "customers": CUSTOMERS,
        "kinds": {"dashboard": {**one, "cpu": 0.5}},
        "bare": {"dashboard": {**one, "a_second": 40.0, "bytes": 1234}},
        "building": {"dashboard": {**one, "p95": 192.0, "whole": True}},
    }
    figures = {"engine": "DuckDB", "connections": 16, "seconds": 5.0} | found
    text = report.markdown({"serve": {"about": report.circumstances("serve", 1, 1)} | figures}, "serve")
    assert "| dashboard | 51.0 | 96.0 | 10 | 0.50 |" in text
    assert "0.25 of the requests a second of a bare route with the same 1,234 bytes" in text
    assert "| dashboard | 51.0 | 192.0 | 10 |  | 2.0 |" in text
