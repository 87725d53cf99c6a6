"""The benchmark's peers make the same customer_360 as Patron, so that what is timed is the same work."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from benchmarks.compare import assert_same
from benchmarks.measure import BenchmarkError
from benchmarks.peers import patron_changes, postgres_sql

from benchmarks import data, report, runs
from patron.engines import connect
from patron.settings import Settings
from patron.sources.sample import Sample, store
from tests.support.databases import Databases, requested_engines

CUSTOMERS = 300
POSTGRES = [kind for kind in requested_engines() if kind.startswith("postgres")]


def no_cpu() -> tuple[float, float]:
    return 0.0, 0.0


def test_every_peer_gives_patrons_table(tmp_path: Path) -> None:
    """`full` itself compares them, value for value."""
    figures = runs.full(data.Shop(tmp_path, CUSTOMERS), rounds=1, threads=1, say=lambda _: None)
    columns = 42
    assert figures["values_compared"] == {
        name: CUSTOMERS * columns for name in runs.CONTESTANTS if not name.startswith(runs.PATRON)
    }
    assert all(one["wall_min"] > 0 for one in figures["contestants"].values())
    text = report.markdown({"full": {"about": report.circumstances("full", 1, 1)} | figures}, "full")
    assert all(f"| {name} |" in text for name in runs.CONTESTANTS)


@pytest.mark.parametrize("kind", POSTGRES)
def test_postgres_by_hand_gives_patrons_table(kind: str, databases: Databases, tmp_path: Path) -> None:
    url = databases.empty(kind)
    with connect(url, Settings()) as engine:
        store(Sample(CUSTOMERS, data.SEED, data.AS_OF), engine)
    postgres_sql.first_full(url, data.AS_OF, no_cpu)
    postgres_sql.by_hand(url, data.AS_OF, no_cpu)
    assert postgres_sql.compare_by_hand(url, tmp_path) > CUSTOMERS
    outcomes = {one["name"]: one["outcome"] for one in postgres_sql.founding(url, no_cpu, timeout_seconds=20)}
    assert [name for name, outcome in outcomes.items() if outcome != "ran"] == [
        "product preferences, as sketched",
        "the join, as sketched",
    ]
    with connect(url, Settings()) as engine:
        assert (
            patron_changes.changes(engine, data.AS_OF, tmp_path)["same_day"]["recomputed"] == CUSTOMERS // 100
        )
    databases.drop(url)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("value + 0.01::DECIMAL(18, 2) AS value", "value of 2 customers"),
        ("mean * (1 + 1e-8) AS mean", "mean of 2 customers"),
        ("NULL::VARCHAR AS name", "name of 1 customers"),
    ],
)
def test_a_difference_is_an_error(changed: str, said: str, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.parquet", tmp_path / "theirs.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE ours AS SELECT * FROM (VALUES (1, 1.10::DECIMAL(18, 2), 3.5::DOUBLE, 'a'), "
            "(2, 2.20, 1.5, NULL)) AS rows (customer_id, value, mean, name)"
        )
        connection.execute(f"COPY ours TO '{ours}'")
        connection.execute(f"COPY (SELECT * REPLACE ({changed}) FROM ours) TO '{theirs}'")
    with pytest.raises(BenchmarkError, match=said):
        assert_same(ours, theirs, "The other")
    assert assert_same(ours, ours, "The same") == 8


def test_missing_and_surplus_customers_are_differences(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.parquet", tmp_path / "theirs.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT range AS customer_id, 1 AS orders FROM range(5)) TO '{ours}'")
        connection.execute(f"COPY (SELECT range AS customer_id, 1 AS orders FROM range(1, 7)) TO '{theirs}'")
    with pytest.raises(BenchmarkError, match="orders of 3 customers"):
        assert_same(ours, theirs, "The other")


def test_a_part_that_was_measured_anew_takes_its_own_place_in_the_page_and_the_rest_stays(
    tmp_path: Path,
) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(
        "# Words\n\n<!-- scale -->\n\nold\n\n<!-- /scale -->\n\nBy hand.\n\n<!-- full -->\n\nkept\n\n<!-- /full -->\n"
    )
    times = dict.fromkeys(("wall_min", "wall_median", "cpu_min", "cpu_median", "peak_bytes"), 2.0)
    figures = {"times": 10, "sizes": {"100": times, "1000": times}}
    report.write_page({"scale": figures | {"about": report.circumstances("scale", 2, 1)}}, page)
    text = page.read_text()
    assert text.startswith("# Words\n\n<!-- scale -->\n\n## Scale\n")
    assert text.endswith("<!-- /scale -->\n\nBy hand.\n\n<!-- full -->\n\nkept\n\n<!-- /full -->\n")
    assert "2 rounds" in text
    assert "old" not in text


def test_a_part_that_was_never_measured_comes_last(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Words\n\nBy hand.\n")
    page.write_text(report.between_marks(page.read_text(), "load", "figures"))
    assert page.read_text() == "# Words\n\nBy hand.\n\n<!-- load -->\n\nfigures\n\n<!-- /load -->\n"
