"""Rows that are given to an engine batch by batch."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

import patron.engines.postgres.engine
from patron.contract import CUSTOMER_INFO
from patron.errors import DatabaseError
from tests.conftest import MakeEngine


def test_an_error_of_who_gives_the_rows_keeps_its_words(
    make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patron.engines.postgres.engine, "MANY", 1)  # or it would hear of it before it begins
    schema = pa.schema([("customer_id", pa.int64())])

    def rows() -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pydict({"customer_id": [1, 2]}, schema)
        raise DatabaseError("The source is gone.")

    engine = make_engine()
    with pytest.raises(DatabaseError, match=r"^The source is gone\.$"):
        engine.append(CUSTOMER_INFO, rows())
    assert engine.query("SELECT COUNT(*) AS number FROM customer_info") == [{"number": 0}]
