"""The test machinery itself: a comparison that let differences through would make every other test hollow."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support import databases
from tests.support.compare import assert_same
from tests.support.databases import Databases, requested_engines

ROW = {"customer_id": 1, "value": 2.0, "money": Decimal("1.00")}


def test_the_same_rows_in_any_order_are_the_same() -> None:
    other = {**ROW, "customer_id": 2, "value": None}
    assert_same([{**ROW, "value": 2.0 + 1e-10}, other], [other, ROW])


@pytest.mark.parametrize(
    ("actual", "difference"),
    [
        ([], "1 rows missing"),
        ([ROW, ROW], "1 rows too many"),
        ([ROW, {**ROW, "customer_id": "1"}], "'1': 1 rows too many"),
        ([{**ROW, "value": 2.0 + 1e-7}], "value: 2.0000001, expected 2.0"),
        ([{**ROW, "value": Decimal(2)}], "value: Decimal"),
        ([{**ROW, "value": 2}], "value: 2, expected 2.0"),
        ([{**ROW, "value": float("nan")}], "value: nan"),
        ([{**ROW, "value": None}], "value: None"),
        ([{**ROW, "money": Decimal("1.01")}], "money"),
        ([{"customer_id": 1, "money": Decimal("1.00"), "value": 2.0}], "the columns are"),
    ],
)
def test_differing_rows_differ(actual: list[dict[str, Any]], difference: str) -> None:
    with pytest.raises(AssertionError) as error:
        assert_same(actual, [ROW])
    assert difference in str(error.value)


def test_a_moment_is_no_day() -> None:
    with pytest.raises(AssertionError):
        assert_same(
            [{"customer_id": 1, "day": datetime(2024, 1, 1)}], [{"customer_id": 1, "day": date(2024, 1, 1)}]
        )


def test_a_requested_engine_that_is_missing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATRON_TEST_ENGINES", "postgres15, duckdb")
    monkeypatch.setattr(databases, "binaries", lambda _: None)
    assert requested_engines() == ["postgres15", "duckdb"]
    with pytest.raises(RuntimeError, match="PostgreSQL 15 is not on this machine"):
        Databases(tmp_path).empty("postgres15")


def test_an_unknown_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATRON_TEST_ENGINES", "oracle")
    with pytest.raises(ValueError, match="takes any of duckdb, postgres18, postgres15"):
        requested_engines()
