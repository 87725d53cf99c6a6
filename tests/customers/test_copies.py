"""Copies of rows by key, against the rows themselves."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.api.rendering import dumped
from patron.customers import copies
from patron.customers.columns import instants, reader, time_of
from patron.customers.copies import MOST_RUNS, Copy, Room, Scattered, copied

PLENTY = 10**9
KEYS: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.int64(): st.integers(-3, 9),
    pa.string(): st.text("aB_ä名\U0010ffff", max_size=2),
}


def copy_of(keys: list[Any], kind: pa.DataType, folder: Path, size: int = 4, room: int = PLENTY) -> Copy:
    """Return a copy of rows with these keys, each with its number beside it, read and written in batches of a size."""
    table = pa.table({"key": pa.array(keys, kind), "number": range(len(keys))})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "A_BATCH", size)
        return _copied(table, size, folder, room)


def _copied(table: pa.Table, size: int, folder: Path, room: int) -> Copy:
    return copied(pa.RecordBatchReader.from_batches(table.schema, table.to_batches(size)), Room(folder, room))


@pytest.mark.parametrize("kind", KEYS, ids=str)
@given(data=st.data())
def test_a_keys_rows_are_those_that_have_it_whatever_their_order(
    kind: pa.DataType, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = data.draw(st.lists(KEYS[kind], max_size=40))
    if data.draw(st.booleans()):
        keys.sort()
    copy = copy_of(keys, kind, tmp_path_factory.getbasetemp(), data.draw(st.integers(1, 9)))
    for asked in {*keys, data.draw(KEYS[kind])}:
        rows = [{"key": key, "number": number} for number, key in enumerate(keys) if key == asked]
        assert copy.rows(asked) == rows
        assert copy.rows(asked, ("number",)) == [{"number": row["number"]} for row in rows]
        assert copy.rows(asked, most=2) == rows[:2]


@pytest.mark.parametrize("kind", KEYS, ids=str)
@given(data=st.data())
def test_a_range_has_what_lies_from_its_first_key_to_before_its_last(
    kind: pa.DataType, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = sorted(data.draw(st.lists(KEYS[kind], max_size=40)))
    low, below = data.draw(KEYS[kind]), data.draw(KEYS[kind])
    copy = copy_of(keys, kind, tmp_path_factory.getbasetemp(), data.draw(st.integers(1, 9)))
    found = [number for _, numbers in copy.between(low, below) for number in numbers.to_pylist()]
    assert found == [number for number, key in enumerate(keys) if low <= key < below]


def test_rows_of_many_batches_are_found(tmp_path: Path) -> None:
    keys = [number // 3 for number in range(200_000)]
    copy = copy_of(keys, pa.int64(), tmp_path, 10_000)
    for asked in (0, 3333, 6666, 66_666):
        assert [row["number"] for row in copy.rows(asked)] == [
            n for n, key in enumerate(keys) if key == asked
        ]


def test_rows_in_no_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Scattered):
        copy_of([-number for number in range(MOST_RUNS + 1)], pa.int64(), tmp_path)


def test_no_more_room_is_taken_than_there_is_and_nothing_is_left_behind(tmp_path: Path) -> None:
    keys = list(range(1000))
    assert copy_of(keys, pa.int64(), tmp_path, room=16_000).bytes == 16_000
    with pytest.raises(OSError, match="no room"):
        copy_of(keys, pa.int64(), tmp_path, room=15_999)
    assert not list(tmp_path.iterdir())


# -- single values ----------------------------------------------------------------------------------------

VALUES: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.bool_(): st.booleans(),
    pa.string(): st.text(max_size=5),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.decimal128(18, 2): st.decimals(-(10**16) + 1, 10**16 - 1, places=2),
    pa.decimal128(38, 4): st.decimals(-(10**14), 10**14, places=4),
}


@pytest.mark.parametrize("kind", VALUES, ids=str)
@given(data=st.data())
def test_a_single_value_is_what_arrow_says_and_json_tells(kind: pa.DataType, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | VALUES[kind], max_size=20))
    column = pa.array(values, kind)
    for part in (column, column[1:]):
        read = reader(part)
        assert dumped([read(row) for row in range(len(part))]) == dumped(part.to_pylist())


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us")], ids=str)
@given(data=st.data())
def test_days_and_times_are_told_apart_by_the_microsecond(kind: pa.DataType, data: st.DataObject) -> None:
    values = data.draw(st.lists(VALUES[kind], min_size=1, max_size=20))
    read = instants(pa.array(values, kind))
    times = [one if isinstance(one, datetime) else datetime.combine(one, time.min) for one in values]
    assert [time_of(read(row)) for row in range(len(values))] == times
