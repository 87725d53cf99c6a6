"""Documents as JSON: numbers keep their value, and ids are text."""

from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.api.rendering import all_with_text_ids, dumped, with_text_ids
from patron.memory.picked import PickedRows
from patron.memory.written import WrittenRows

MONEY = st.decimals(Decimal("-9999999999999999.99"), Decimal("9999999999999999.99"), places=2)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.none() | st.integers() | st.text(),
            "order_id": st.none() | st.integers(),
            "paid": st.integers(),
        }
    )
)


@given(MONEY)
def test_money_keeps_its_value(amount: Decimal) -> None:
    whole = amount == amount.to_integral_value()
    assert json.loads(dumped([amount])) == [int(amount) if whole else float(amount)]


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("12.00", b"12"),
        ("-0.50", b"-0.5"),
        ("0.00", b"0"),
        ("9007199254740993.00", b"9007199254740993"),  # which a float cannot tell from the one before
    ],
)
def test_whole_amounts_are_whole_numbers(amount: str, shown: bytes) -> None:
    assert dumped(Decimal(amount)) == shown


@given(ROWS)
def test_many_rows_get_text_ids_as_each_does(rows: list[dict[str, object]]) -> None:
    given_rows = [dict(row) for row in rows]
    assert all_with_text_ids(rows) == [with_text_ids(row) for row in rows]
    assert rows == given_rows


PICKED = {
    "customer_id": (pa.int64(), st.none() | st.integers(-(2**63), 2**63 - 1)),
    "paid": (pa.decimal128(18, 2), MONEY),
    "owed": (pa.decimal128(18, 2), st.none() | st.decimals(-999_999, 999_999, places=2)),
    "orders": (pa.int16(), st.none() | st.integers(-(2**15), 2**15 - 1)),
    "name": (pa.string(), st.none() | st.text()),
    "product_id": (pa.string(), st.text()),
    "last_day": (pa.date32(), st.none() | st.dates()),
    "is_new": (pa.bool_(), st.none() | st.booleans()),
}


@given(st.lists(st.fixed_dictionaries({name: values for name, (_, values) in PICKED.items()})))
def test_rows_written_beforehand_are_told_as_rows_are(rows: list[dict[str, object]]) -> None:
    rows = [{name: row[name] for name in PICKED} for row in rows]
    table = pa.Table.from_pylist(rows, pa.schema([(name, kind) for name, (kind, _) in PICKED.items()]))
    written = WrittenRows({name: table.column(name).combine_chunks() for name in PICKED})
    picked = PickedRows(table, written, np.arange(len(rows))[::-1])
    assert list(picked) == rows[::-1]
    assert dumped(picked) == dumped(all_with_text_ids(rows[::-1]))


def test_more_columns_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="40 columns"):
        WrittenRows({f"column_{place}": pa.array([1]) for place in range(40)})
