"""Publishing from a lake: whole or not at all, going on where it was, and readers never see a mixture."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

import patron.publish
from patron.engines import Engine, connect
from patron.engines.spark import SparkEngine
from patron.errors import BuildError, DatabaseError
from patron.publish import publish
from patron.settings import Settings
from tests.shops import TODAY, shop
from tests.support.databases import Databases, fill, requested_engines, rows

CUSTOMERS = 300
READERS = 8


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


def test_readers_see_one_build_or_the_other(built: SparkEngine, target: str) -> None:
    """Eight readers ask all the while for the days of the builds that the rows are of."""
    with opened(target) as served:
        publish(built, served, "lake")
    built.build(TODAY + timedelta(days=1))
    seen: list[set[tuple[Any, int]]] = []
    done = threading.Event()
    sql = "SELECT as_of, COUNT(*) AS number FROM customer_360 GROUP BY as_of"
    with opened(target) as served:

        def read() -> None:
            with opened(target) if target.startswith("postgresql:") else nullcontext(served) as reader:
                while not done.is_set():
                    seen.append({(row["as_of"], row["number"]) for row in rows(reader, sql)})
                    done.wait(0.01)

        threads = [threading.Thread(target=read) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        try:
            publish(built, served, "lake")
        finally:
            done.set()
            for thread in threads:
                thread.join()
        assert rows(served, sql) == [{"as_of": TODAY + timedelta(days=1), "number": CUSTOMERS}]
    one, other = {(TODAY, CUSTOMERS)}, {(TODAY + timedelta(days=1), CUSTOMERS)}
    assert one in seen
    assert [found for found in seen if found not in (one, other)] == []


def test_nothing_is_published_of_a_lake_without_a_build(sail: SparkEngine, target: str) -> None:
    with opened(target) as served, pytest.raises(BuildError, match="run `patron build` there first"):
        publish(sail, served, "lake")


def test_a_lake_is_no_place_to_publish_to(built: SparkEngine) -> None:
    with pytest.raises(DatabaseError, match="--to"):
        publish(built, built, "lake")
