"""Publishing from a lake: whole or not at all, going on where it was, and readers never see a mixture."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import patron.publish
from patron.cli.state import State, read_status
from patron.engines import Engine, connect
from patron.engines.spark import SparkEngine
from patron.errors import BuildError, DatabaseBusy, DatabaseError
from patron.metrics import dashboard
from patron.publish import publish
from patron.settings import Settings
from tests.shops import TODAY, shop
from tests.support.databases import Databases, fill, requested_engines, rows

CUSTOMERS = 300
READERS = 8
QUESTION = "SELECT as_of, COUNT(*) AS number FROM customer_360 GROUP BY as_of"


@pytest.fixture
def built(sail: SparkEngine) -> SparkEngine:
    """A lake with a build of customers who have each one purchase."""
    fill(sail, shop(purchases=[{"customer_id": number} for number in range(1, CUSTOMERS + 1)]))
    sail.build(TODAY)
    return sail


@pytest.fixture(params=[one for one in requested_engines() if one != "postgres15"])
def target(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The URL of an empty database to serve from."""
    url = databases.empty(request.param)
    yield url
    databases.drop(url)


def opened(url: str) -> Engine:
    return connect(url, Settings())


def customers(engine: Engine) -> list[dict[str, Any]]:
    return rows(engine, "SELECT * FROM customer_360 ORDER BY customer_id")


def test_what_is_published_is_what_was_built(built: SparkEngine, target: str) -> None:
    with opened(target) as served:
        done = publish(built, served, "lake")
        assert (done.build_id, done.resumed_rows) == (1, 0)
        assert customers(served) == customers(built)
        for table in ("rfm_cut_points", "slices", "monthly_sales", "new_customers"):
            assert (
                len(rows(served, f"SELECT * FROM {table}")) == len(rows(built, f"SELECT * FROM {table}")) > 0
            )
        last = served.last_build()
        assert last is not None
        assert (last["as_of"], last["model"]) == (TODAY, served.model_mark)
        assert "arrivals" not in served.contents()
        found = read_status(served, TODAY)
        assert (found["state"], found["reconciliation"]) == (State.PUBLISHED, [])


def test_a_publication_that_was_stopped_goes_on_where_it_was(
    built: SparkEngine, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patron.publish, "ROWS_A_PART", 100)
    with opened(target) as served:
        publish(built, served, "lake")
        built.build(TODAY + timedelta(days=1))
        before = customers(served)
        receiver = served.receiver()
        received: list[tuple[str, int]] = []
        store = receiver.receive

        def stopping(publication: str, table: str, part: int, batches: pa.RecordBatchReader) -> int:
            if len(received) == 4:
                raise KeyboardInterrupt
            received.append((table, part))
            return store(publication, table, part, batches)

        with monkeypatch.context() as patch:
            patch.setattr(type(receiver), "receive", lambda _, *given: stopping(*given))
            with pytest.raises(KeyboardInterrupt):
                publish(built, served, "lake")
    assert len(set(received)) == 4
    with opened(target) as served:  # as after a crash: nothing but what is stored
        assert customers(served) == before
        done = publish(built, served, "lake")
        assert done.resumed_rows > 0
        assert customers(served) == customers(built) != before


def test_parts_arrive_side_by_side_and_are_not_brought_again(
    built: SparkEngine, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one fails, what is under way arrives; a file of DuckDB's takes one part at a time."""
    monkeypatch.setattr(patron.publish, "ROWS_A_PART", 150)
    bring = patron.publish._as_made_here
    at_once = 3 if target.startswith("postgresql:") else 1
    meeting = threading.Barrier(at_once, timeout=60)
    seen: list[str] = []

    def failing(reader: pa.RecordBatchReader, table: str, *marks: str) -> pa.RecordBatchReader:
        seen.append(table)
        if len(seen) <= at_once:
            meeting.wait()  # all are under way
        if len(seen) > at_once + 2:
            raise DatabaseError("no more")
        return bring(reader, table, *marks)

    with opened(target) as served:
        monkeypatch.setattr(patron.publish, "_as_made_here", failing)
        with pytest.raises(DatabaseError, match="no more"):
            publish(built, served, "lake", jobs=3)
        monkeypatch.setattr(patron.publish, "_as_made_here", bring)
        assert served.last_build() is None
        done = publish(built, served, "lake", jobs=3)
        assert done.resumed_rows > 0
        assert customers(served) == customers(built)


def test_two_publications_into_one_schema_do_not_mix(
    built: SparkEngine, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not target.startswith("postgresql:"):
        return  # a file of DuckDB's is one process's alone
    monkeypatch.setattr("patron.engines.postgres.receiving.SECONDS", 1)
    with opened(target) as served, opened(target) as other:
        served.init()
        served.receiver().begin("another", ["slices"])
        with pytest.raises(DatabaseBusy, match="Another publication into"):
            publish(built, other, "lake")
        served.close()
        publish(built, other, "lake")
        assert customers(other) == customers(built)


def test_who_is_stopped_does_not_wait_for_parts_under_way(
    built: SparkEngine, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patron.publish, "ROWS_A_PART", 100)

    def stopped(_: object) -> None:
        raise KeyboardInterrupt

    with opened(target) as served:
        with pytest.raises(KeyboardInterrupt):
            publish(built, served, "lake", stopped, jobs=2)
        assert served.last_build() is None
        publish(built, served, "lake", jobs=2)
        assert customers(served) == customers(built)


def test_a_build_that_is_no_longer_whole_is_not_published(built: SparkEngine, target: str) -> None:
    made = Path(built.where.tables) / "made"
    for folder in made.glob("*/customer_features"):
        shutil.rmtree(folder)
    with (
        opened(target) as served,
        pytest.raises(BuildError, match="300 customers, of whom 0 are still there"),
    ):
        publish(built, served, "lake")


def test_readers_see_one_build_or_the_other(built: SparkEngine, target: str) -> None:
    with opened(target) as served:
        publish(built, served, "lake")
    built.build(TODAY + timedelta(days=1))
    with opened(target) as served:
        with readers(target, served) as seen:
            publish(built, served, "lake")
        assert rows(served, QUESTION) == [{"as_of": TODAY + timedelta(days=1), "number": CUSTOMERS}]
    one, other = {(TODAY, CUSTOMERS)}, {(TODAY + timedelta(days=1), CUSTOMERS)}
    assert one in seen
    assert [found for found in seen if found not in (one, other)] == []


@contextmanager
def readers(target: str, served: Engine) -> Iterator[list[set[tuple[Any, int]]]]:
    """Let eight readers ask all the while for the days of the builds that the rows are of."""
    seen: list[set[tuple[Any, int]]] = []
    done = threading.Event()

    def read() -> None:
        with opened(target) if target.startswith("postgresql:") else nullcontext(served) as reader:
            while not done.is_set():
                seen.append({(row["as_of"], row["number"]) for row in rows(reader, QUESTION)})
                done.wait(0.01)

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        done.set()
        for thread in threads:
            thread.join()


# Publishes from one URL to another and stands still, with some parts arrived and no more to come.
HALF_WAY = """
import sys, time
from patron.engines import connect
from patron.engines.postgres.receiving import PostgresReceiver
from patron.publish import publish
from patron.settings import Settings

store, parts = PostgresReceiver.receive, []

def storing(self, *given):
    parts.append(store(self, *given))
    if len(parts) == 5:
        print("half-way", flush=True)
        time.sleep(600)
    return parts[-1]

PostgresReceiver.receive = storing
with connect(sys.argv[1], Settings()) as built, connect(sys.argv[2], Settings()) as served:
    publish(built, served, "built")
"""


@pytest.mark.skipif(
    "postgres18" not in requested_engines(), reason="a process that has a file keeps others out"
)
def test_a_publication_that_was_killed_ends_right_when_started_again(databases: Databases) -> None:
    """Eight readers ask meanwhile, and see one build or the other."""
    source, target = databases.empty("duckdb"), databases.empty("postgres18")
    with opened(source) as origin, opened(target) as served:
        origin.init()
        fill(origin, shop(purchases=[{"customer_id": number} for number in range(1, CUSTOMERS + 1)]))
        origin.build(TODAY)
        publish(origin, served, "built")
        origin.build(TODAY + timedelta(days=1))
    with opened(target) as served, readers(target, served) as seen:
        words = [sys.executable, "-c", HALF_WAY, source, target]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "half-way\n"
            child.kill()
        assert rows(served, QUESTION) == [{"as_of": TODAY, "number": CUSTOMERS}]
        with opened(source) as origin:
            done = publish(origin, served, "built")
            assert 0 < done.resumed_rows < done.rows
            assert customers(served) == customers(origin)
    one, other = {(TODAY, CUSTOMERS)}, {(TODAY + timedelta(days=1), CUSTOMERS)}
    assert [found for found in seen if found not in (one, other)] == []
    assert one in seen
    databases.drop(target)
    databases.drop(source)


def test_nothing_is_published_of_a_lake_without_a_build(sail: SparkEngine, target: str) -> None:
    with opened(target) as served, pytest.raises(BuildError, match="run `patron build` there first"):
        publish(sail, served, "lake")


def test_a_lake_is_no_place_to_publish_to_or_to_ask_for_figures(built: SparkEngine) -> None:
    with pytest.raises(DatabaseError, match="patron publish --to"):
        dashboard(built)
    with pytest.raises(DatabaseError, match="--to"):
        publish(built, built, "lake")
