"""How a load is swapped into a lake: killed, side by side, beside what others write; and what builds see of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from patron.cli import app
from patron.cli.state import State, read_status
from patron.engines import Progress, connect
from patron.engines.spark import SparkEngine, loaded, store, sweeping
from patron.engines.spark.lake import Lake
from patron.engines.spark.loaded import Loaded
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
    engine: SparkEngine, empty_url: str, tmp_path: Path
) -> None:
    load(engine, shop_files(tmp_path))
    killed(empty_url, purchases(tmp_path / "more"), "storing")
    with connect(empty_url, Settings()) as anew:
        assert keys(anew, "purchase_transactions") == [100, 101, 102]
        assert len(loads(anew)) == 1
        report = load(anew, tmp_path / "more")
        assert (report.load_id, report.inserted, report.unchanged) == (2, 1, 3)
        assert keys(anew, "purchase_transactions") == [100, 101, 102, 103]


def test_a_load_that_is_killed_at_its_very_end_lets_others_wait(
    engine: SparkEngine, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(engine, shop_files(tmp_path))
    killed(empty_url, purchases(tmp_path / "more"), "commit")
    claims = f"SELECT folder FROM parquet.`{engine.lake.path(loaded._claims(loaded.latest(engine.lake)))}`"
    left = rows(engine, claims)
    told: list[str] = []
    for _ in range(2):
        with pytest.raises(DatabaseBusy, match="load again in 10 minutes"):
            load(engine, tmp_path / "more", progress=lambda progress: told.append(progress.stage))
    assert "storing" not in told, "it is refused before the work"
    monkeypatch.setattr(store, "see_unclaimed", lambda *_: None)  # the claim came while they were at work
    with pytest.raises(DatabaseBusy, match="load again in 10 minutes"):
        load(engine, tmp_path / "more")
    assert rows(engine, claims) == left, "who is refused does not let others wait any longer"
    assert keys(engine, "purchase_transactions") == [100, 101, 102]
    monkeypatch.setattr(loaded, "CLAIMED_FOR", timedelta(0))
    assert load(engine, tmp_path / "more").inserted == 1


def test_of_two_loads_side_by_side_one_counts(engine: SparkEngine, empty_url: str, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    fewer = purchases(tmp_path / "fewer", files.PURCHASES.replace("102,2,10", "202,2,10"))
    with connect(empty_url, Settings()) as other:

        def meanwhile(progress: Progress) -> None:
            if progress.stage == "storing":
                load(other, purchases(tmp_path / "more"))

        with pytest.raises(DatabaseError, match=r"Another load into .* ended while this one ran"):
            load(engine, fewer, progress=meanwhile)
    with engine.snapshot():
        assert keys(engine, "purchase_transactions") == [100, 101, 102, 103]
        assert [one["inserted"] for one in loads(engine)] == [1, 8]


def test_a_load_on_which_another_one_built_stands(
    engine: SparkEngine, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop_files(tmp_path / "shop")
    commit = loaded.commit

    def and_another(lake: Lake, one: Loaded) -> None:
        commit(lake, one)
        monkeypatch.setattr(loaded, "commit", commit)
        with connect(empty_url, Settings()) as other:
            load(other, purchases(tmp_path / "more"))

    monkeypatch.setattr(loaded, "commit", and_another)
    assert load(engine, tmp_path / "shop").inserted == 8
    assert keys(engine, "purchase_transactions") == [100, 101, 102, 103]


def test_a_load_that_hangs_at_its_end_gives_up(
    engine: SparkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded, "ENDS_WITHIN", timedelta(0))
    with pytest.raises(DatabaseError, match="to end this load, so nothing was loaded"):
        load(engine, shop_files(tmp_path))
    assert filled(engine) == set()
    assert keys(engine, "purchase_transactions") == []


def test_what_others_wrote_counts_unless_a_load_brings_its_key(engine: SparkEngine, tmp_path: Path) -> None:
    fill(engine, shop(customers=[{"customer_id": 1}, {"customer_id": 7}]))
    fill(engine, shop(customers=[{"customer_id": 7}]))  # a row that stands twice is met once
    report = load(engine, shop_files(tmp_path))
    assert (report.inserted, report.updated) == (7, 1)
    found = [(row["customer_id"], row["first_name"]) for row in stored(engine, "customer_info")]
    assert found[:3] == [(1, "Ann"), (2, "Bob"), (3, "Cem")]
    assert {key for key, _ in found[3:]} == {7}
    fill(engine, shop(customers=[{"customer_id": 2}, {"customer_id": 8}]))
    with engine.snapshot():
        assert [row["first_name"] for row in stored(engine, "customer_info") if row["customer_id"] == 2] == [
            "Bob"
        ]
        assert keys(engine, "customer_info")[-1] == 8
    again = load(engine, tmp_path)
    assert again.same_as is None, "others have written meanwhile"
    assert again.unchanged == 8
    assert load(engine, tmp_path).same_as == 2


def test_what_others_wrote_is_not_removed(engine: SparkEngine, tmp_path: Path) -> None:
    fill(engine, shop(customers=[{"customer_id": 7}]))
    shop_files(tmp_path)
    with pytest.raises(DatabaseError, match=r"1 rows of customer_info .* were not stored by loads"):
        load(engine, tmp_path, replace=True)
    assert keys(engine, "customer_info") == [7]


@pytest.mark.parametrize("kind", ["delta", "iceberg"])
def test_tables_of_other_formats(sail_url: str, tmp_path: Path, kind: str) -> None:
    with connect(f"{sail_url};format={kind}", Settings()) as engine:
        engine.init()
        fill(engine, shop(customers=[{"customer_id": 1}, {"customer_id": 7}]))
        report = load(engine, shop_files(tmp_path))
        assert (report.inserted, report.updated) == (7, 1)
        assert keys(engine, "customer_info") == [1, 2, 3, 7]


def test_builds_compute_whom_a_load_concerns(engine: SparkEngine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    assert read_status(engine, TODAY)["state"] is State.NOT_BUILT
    assert computed(engine) == ("full", 3)
    assert read_status(engine, TODAY)["state"] is State.UP_TO_DATE
    load(engine, purchases(tmp_path / "more"))
    status = read_status(engine, TODAY)
    assert (status["state"], status["changed_customers"]) == (State.CHANGED, 1)
    assert computed(engine) == ("incremental", 1)
    found = rows(engine, "SELECT total_lifetime_value FROM customer_360 WHERE customer_id = 3")
    assert found == [{"total_lifetime_value": Decimal("7.00")}]
    load(engine, tmp_path / "more")
    assert computed(engine) == ("incremental", 0)


def test_many_small_loads_are_gathered(
    engine: SparkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_FOLDERS", 2)
    load(engine, shop_files(tmp_path))
    head = files.PURCHASES.splitlines()[0]
    numbers = []
    for number in range(200, 204):
        load(engine, purchases(tmp_path / str(number), f"{head}\n{number},1,10,2024-01-05,1,1.00,,\n"))
        numbers.append(len(engine.lake.loaded.places["purchase_transactions"]))
    assert numbers == [2, 1, 2, 1]
    assert keys(engine, "purchase_transactions") == [100, 101, 102, 200, 201, 202, 203]


def test_many_loads_leave_the_latest_easy_to_find(
    engine: SparkEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded, "BLOCK", 2)
    read: list[str] = []
    show = engine.lake.show_own

    def noting(name: str, path: str | Sequence[str], columns: Mapping[str, str]) -> None:
        read.extend([path] if isinstance(path, str) else path)
        show(name, path, columns)

    monkeypatch.setattr(engine.lake, "show_own", noting)
    for number in range(1, 26):
        one = Loaded(number, f"load-{number}", {"customer_info": (f"load-{number}/customer_info",)})
        loaded.commit(engine.lake, one)
        loaded.commit(engine.lake, Loaded(number, "load-late"))
        read.clear()
        assert loaded.latest(engine.lake) == one
        assert len(read) <= 8
        assert loaded.stands(engine.lake, one)
    every = loaded.commits(engine.lake)
    assert [row["change_id"] for row in every[::2]] == list(range(25, 0, -1))
    assert {row["folder"] for row in every[1::2]} == {"load-late"}
    public = rows(engine, f"SELECT change_id FROM parquet.`{engine.lake.path(loaded.COMMITS)}`")
    assert len(public) == 50, "whoever reads the lake without Patron finds them too"
    shutil.rmtree(Path(engine.lake.path(loaded.COMMITS), "block=5"))
    assert loaded.latest(engine.lake).change_id == 25
    with pytest.raises(
        DatabaseError, match=r"block=5|bring them back"
    ):  # or a sweep would take those for failed ones
        loaded.commits(engine.lake)


def test_more_rows_than_go_with_a_query(
    engine: SparkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FEW", 1)
    monkeypatch.setattr("patron.engines.spark.lake.BYTES_AT_ONCE", 100)
    fewer = "".join(files.CUSTOMERS.splitlines(keepends=True)[:2])
    report = load(engine, shop_files(tmp_path, customer_info=fewer))
    assert report.reasons == {"purchase_transactions": {"unknown_customer": 1}}
    assert keys(engine, "purchase_transactions") == [100, 101]


def test_a_load_cannot_be_undone(engine: SparkEngine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    with pytest.raises(SourceError, match="Load 1 cannot be undone: in a lake"):
        undo(engine, 1)
    assert keys(engine, "customer_info") == [1, 2, 3]


def test_folders_of_loads_that_nobody_reads_any_more_are_emptied(
    engine: SparkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a load was tried with goes at once, what another one replaced after a day."""
    monkeypatch.setattr(sweeping, "KEPT_BUILDS", 1)
    load(engine, shop_files(tmp_path), dry_run=True)
    assert filled(engine) == set()
    load(engine, shop_files(tmp_path))
    first = filled(engine)
    load(engine, purchases(tmp_path / "more"))
    second = filled(engine) - first
    assert sweep(engine.lake, datetime.now(UTC)) == ()
    assert filled(engine) == first | second
    load(engine, purchases(tmp_path / "moved", MORE.replace("102,2", "102,3")))
    third = filled(engine) - first - second
    assert sweep(engine.lake, datetime.now(UTC) + timedelta(hours=25)) == ()
    assert filled(engine) == first | third, "customers and products are still those of the first load"
    with engine.snapshot():
        assert keys(engine, "purchase_transactions") == [100, 101, 102, 103]


def filled(engine: SparkEngine) -> set[str]:
    """Return the folders of loads that hold files."""
    made = Path(engine.where.tables) / "made"
    return {file.relative_to(made).parts[0] for file in made.rglob("*.parquet")}


def test_the_commands(empty_url: str, tmp_path: Path) -> None:
    """A lake that nobody has made yet is made by its first load."""
    path = shop_files(tmp_path, purchase_transactions=MORE + "104,9,10,2024-01-05,1,1.00,,\n")

    def said(*words: str) -> Any:
        done = CliRunner().invoke(app, [*words, "--json", "--database", empty_url])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    assert said("load", str(path))["quarantined"] == 1
    assert [one["source"] for one in said("loads")["loads"]] == [str(path)]
    assert [one["reason_code"] for one in said("quarantine")["reasons"]] == ["unknown_customer"]
    assert said("status")["state"] == "not built"
    assert said("quarantine", "discard", "--all", "--why", "a trial")["discarded"] == 1
    assert said("quarantine")["rows"] == 0
