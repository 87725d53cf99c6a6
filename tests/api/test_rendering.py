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
from patron.memory.picked import PickedRows, values_of

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


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), MONEY, st.none() | MONEY, st.text()), min_size=1))
def test_rows_by_column_are_told_as_rows_are(rows: list[tuple[object, ...]]) -> None:
    money = pa.decimal128(18, 2)
    types = {"customer_id": pa.int64(), "paid": money, "owed": money, "name": pa.string()}
    columns = {
        name: values_of(pa.array([row[place] for row in rows], kind))
        for place, (name, kind) in enumerate(types.items())
    }
    picked = PickedRows(columns, np.arange(len(rows))[::-1])
    assert list(picked) == [dict(zip(types, row, strict=True)) for row in reversed(rows)]
    assert dumped(picked) == dumped(all_with_text_ids(list(picked)))
