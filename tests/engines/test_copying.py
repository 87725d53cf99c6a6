"""Rows on their way to PostgreSQL are made ahead, and nobody who leaves has to wait for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import duckdb
import pytest

from patron.engines.postgres.copying import _ahead

LONG = "SELECT SUM(one.range * two.range) FROM range(10_000_000) AS one, range(10_000_000) AS two"


def test_all_comes_in_order() -> None:
    def stop() -> None:
        raise AssertionError

    assert list(_ahead(iter(range(1, 9)), stop)) == list(range(1, 9))


def test_who_leaves_ends_what_is_under_way() -> None:
    began, reader = threading.Event(), duckdb.connect()
    failures: list[duckdb.Error] = []

    def made() -> Iterator[int]:
        yield 1
        began.set()
        try:
            reader.execute(LONG).fetchall()  # for hours
        except duckdb.Error as error:
            failures.append(error)
            raise

    def leave() -> None:
        reader.interrupt()

    ahead = _ahead(made(), leave)
    assert next(ahead) == 1
    assert began.wait(60)
    ahead.close()
    assert [type(one) for one in failures] == [duckdb.InterruptException]
    reader.close()


def test_what_fails_on_the_way_is_told() -> None:
    def made() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(_ahead(made(), lambda: None))
