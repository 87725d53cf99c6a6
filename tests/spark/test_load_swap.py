"""How a load is swapped into a lake: killed, side by side, beside what others write; and what builds see of it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from patron.cli.state import State, read_status
from patron.engines import Progress, connect
from patron.engines.spark import SparkEngine, loaded, store, sweeping
from patron.engines.spark.sweeping import sweep
from patron.errors import DatabaseBusy, DatabaseError, SourceError
from patron.settings import Settings
from patron.sources.load import load
from patron.sources.loads import loads
from patron.sources.undo import undo
from tests.shops import TODAY, shop
from tests.sources import files
from tests.sources.files import keys, shop_files, stored, write
from tests.spark.test_incremental import computed
from tests.support.databases import fill, rows

MORE = files.PURCHASES + "103,3,11,2024-01-05,1,7.00,,\n"
KILLED = """
import os, signal, sys
from pathlib import Path
from patron.engines import connect
from patron.settings import Settings
from patron.engines.spark import loaded
from patron.sources.load import load

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[3] == "storing":
    stop = lambda progress: die() if progress.stage == "storing" and progress.done == progress.total else None
else:
    loaded.commit, stop = die, lambda progress: None
load(connect(sys.argv[1], Settings()), Path(sys.argv[2]), progress=stop)
"""


def purchases(folder: Path, content: str = MORE) -> Path:
    return write(folder / "purchase_transactions.csv", content)


def killed(url: str, path: Path, where: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, url, str(path), where], capture_output=True)
    assert done.returncode == -9, done.stderr


def test_a_load_that_is_killed_leaves_the_old_tables(
    sail: SparkEngine, sail_url: str, tmp_path: Path
) -> None:
    load(sail, shop_files(tmp_path))
    killed(sail_url, purchases(tmp_path / "more"), "storing")
    with connect(sail_url, Settings()) as engine:
        assert keys(engine, "purchase_transactions") == [100, 101, 102]
        assert len(loads(engine)) == 1
        report = load(engine, tmp_path / "more")
        assert (report.load_id, report.inserted, report.unchanged) == (2, 1, 3)
        assert keys(engine, "purchase_transactions") == [100, 101, 102, 103]


def test_a_load_that_is_killed_at_its_very_end_lets_others_wait(
    sail: SparkEngine, sail_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(sail, shop_files(tmp_path))
    killed(sail_url, purchases(tmp_path / "more"), "commit")
    with pytest.raises(DatabaseBusy, match="load again in 10 minutes"):
        load(sail, tmp_path / "more")
    assert keys(sail, "purchase_transactions") == [100, 101, 102]
    monkeypatch.setattr(loaded, "CLAIMED_FOR", timedelta(0))
    assert load(sail, tmp_path / "more").inserted == 1


def test_of_two_loads_side_by_side_one_counts(sail: SparkEngine, sail_url: str, tmp_path: Path) -> None:
    load(sail, shop_files(tmp_path))
    fewer = purchases(tmp_path / "fewer", files.PURCHASES.replace("102,2,10", "202,2,10"))
    with connect(sail_url, Settings()) as other:

        def meanwhile(progress: Progress) -> None:
            if progress.stage == "storing":
                load(other, purchases(tmp_path / "more"))

        with pytest.raises(DatabaseError, match=r"Another load into .* ended while this one ran"):
            load(sail, fewer, progress=meanwhile)
    with sail.snapshot():
        assert keys(sail, "purchase_transactions") == [100, 101, 102, 103]
        assert [one["inserted"] for one in loads(sail)] == [1, 8]


def test_what_others_wrote_counts_unless_a_load_brings_its_key(sail: SparkEngine, tmp_path: Path) -> None:
    fill(sail, shop(customers=[{"customer_id": 1}, {"customer_id": 7}]))
    fill(sail, shop(customers=[{"customer_id": 7}]))  # a row that stands twice is met once
    report = load(sail, shop_files(tmp_path))
    assert (report.inserted, report.updated) == (7, 1)
    found = [(row["customer_id"], row["first_name"]) for row in stored(sail, "customer_info")]
    assert found[:3] == [(1, "Ann"), (2, "Bob"), (3, "Cem")]
    assert {key for key, _ in found[3:]} == {7}
    fill(sail, shop(customers=[{"customer_id": 2}, {"customer_id": 8}]))
    with sail.snapshot():
        assert [row["first_name"] for row in stored(sail, "customer_info") if row["customer_id"] == 2] == [
            "Bob"
        ]
        assert keys(sail, "customer_info")[-1] == 8
    again = load(sail, tmp_path)
    assert again.same_as is None, "others have written meanwhile"
    assert again.unchanged == 8
    assert load(sail, tmp_path).same_as == 2


def test_what_others_wrote_is_not_removed(sail: SparkEngine, tmp_path: Path) -> None:
    fill(sail, shop(customers=[{"customer_id": 7}]))
    shop_files(tmp_path)
    with pytest.raises(DatabaseError, match=r"1 rows of customer_info .* were not stored by loads"):
        load(sail, tmp_path, replace=True)
    assert keys(sail, "customer_info") == [7]


@pytest.mark.parametrize("kind", ["delta", "iceberg"])
def test_tables_of_other_formats(sail_url: str, tmp_path: Path, kind: str) -> None:
    with connect(f"{sail_url};format={kind}", Settings()) as engine:
        engine.init()
        fill(engine, shop(customers=[{"customer_id": 1}, {"customer_id": 7}]))
        report = load(engine, shop_files(tmp_path))
        assert (report.inserted, report.updated) == (7, 1)
        assert keys(engine, "customer_info") == [1, 2, 3, 7]


def test_builds_compute_whom_a_load_concerns(sail: SparkEngine, tmp_path: Path) -> None:
    load(sail, shop_files(tmp_path))
    assert read_status(sail, TODAY)["state"] is State.NOT_BUILT
    assert computed(sail) == ("full", 3)
    assert read_status(sail, TODAY)["state"] is State.UP_TO_DATE
    load(sail, purchases(tmp_path / "more"))
    status = read_status(sail, TODAY)
    assert (status["state"], status["changed_customers"]) == (State.CHANGED, 1)
    assert computed(sail) == ("incremental", 1)
    found = rows(sail, "SELECT total_lifetime_value FROM customer_360 WHERE customer_id = 3")
    assert found == [{"total_lifetime_value": Decimal("7.00")}]
    load(sail, tmp_path / "more")
    assert computed(sail) == ("incremental", 0)


def test_many_small_loads_are_gathered(
    sail: SparkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_FOLDERS", 2)
    load(sail, shop_files(tmp_path))
    head = files.PURCHASES.splitlines()[0]
    numbers = []
    for number in range(200, 204):
        load(sail, purchases(tmp_path / str(number), f"{head}\n{number},1,10,2024-01-05,1,1.00,,\n"))
        numbers.append(len(sail.lake.loaded.places["purchase_transactions"]))
    assert numbers == [2, 1, 2, 1]
    assert keys(sail, "purchase_transactions") == [100, 101, 102, 200, 201, 202, 203]


def test_more_rows_than_go_with_a_query(
    sail: SparkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FEW", 1)
    fewer = "".join(files.CUSTOMERS.splitlines(keepends=True)[:2])
    report = load(sail, shop_files(tmp_path, customer_info=fewer))
    assert report.reasons == {"purchase_transactions": {"unknown_customer": 1}}
    assert keys(sail, "purchase_transactions") == [100, 101]


def test_a_load_cannot_be_undone(sail: SparkEngine, tmp_path: Path) -> None:
    load(sail, shop_files(tmp_path))
    with pytest.raises(SourceError, match="Load 1 cannot be undone: in a lake"):
        undo(sail, 1)
    assert keys(sail, "customer_info") == [1, 2, 3]


def test_folders_of_loads_that_nobody_reads_any_more_are_emptied(
    sail: SparkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a load was tried with goes at once, what another one replaced after a day."""
    monkeypatch.setattr(sweeping, "KEPT_BUILDS", 1)
    load(sail, shop_files(tmp_path), dry_run=True)
    assert filled(sail) == set()
    load(sail, shop_files(tmp_path))
    first = filled(sail)
    load(sail, purchases(tmp_path / "more"))
    second = filled(sail) - first
    assert sweep(sail.lake, datetime.now(UTC)) == ()
    assert filled(sail) == first | second
    load(sail, purchases(tmp_path / "moved", MORE.replace("102,2", "102,3")))
    third = filled(sail) - first - second
    assert sweep(sail.lake, datetime.now(UTC) + timedelta(hours=25)) == ()
    assert filled(sail) == first | third, "customers and products are still those of the first load"
    with sail.snapshot():
        assert keys(sail, "purchase_transactions") == [100, 101, 102, 103]


def filled(engine: SparkEngine) -> set[str]:
    """Return the folders of loads that hold files."""
    made = Path(engine.where.tables) / "made"
    return {file.relative_to(made).parts[0] for file in made.rglob("*.parquet")}
