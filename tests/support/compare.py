"""One comparison for rows of any engine: everything exact, means and rates to 1e-9."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from tests.reference import Row

TOLERANCE = 1e-9
_SHOWN = 12


def assert_same(actual: list[Row], expected: list[Row], key: str = "customer_id") -> None:
    """Fail with each differing row and column unless both have the same rows, in any order.

    Columns must have the same order, values the same type: a mean that comes as a Decimal is a difference.
    """
    differences = _keys(actual, expected, key)
    by_key = {row[key]: row for row in actual}
    for row in expected:
        if row[key] in by_key:
            differences += _values(by_key[row[key]], row, f"{key} {row[key]!r}")
    if differences:
        shown = "\n  ".join(differences[:_SHOWN])
        more = f"\n  and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
        raise AssertionError(f"{len(differences)} differences:\n  {shown}{more}")


def same_value(actual: Any, expected: Any) -> bool:
    """Whether two values are the same: of one type and equal, floats to 1e-9."""
    if type(actual) is not type(expected):
        return False
    if isinstance(expected, float):
        return math.isclose(actual, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(actual == expected)


def values(row: Row, *columns: str) -> tuple[Any, ...]:
    """Return some of a row's values."""
    return tuple(row[column] for column in columns)


def by_id(rows: list[Row], column: str) -> dict[Any, Any]:
    """Return one column's values by customer_id."""
    return {row["customer_id"]: row[column] for row in rows}


def _keys(actual: list[Row], expected: list[Row], key: str) -> list[str]:
    found, wanted = (Counter(row[key] for row in rows) for rows in (actual, expected))
    surplus = [f"{key} {value!r}: {count} rows too many" for value, count in (found - wanted).items()]
    return surplus + [f"{key} {value!r}: {count} rows missing" for value, count in (wanted - found).items()]


def _values(actual: Row, expected: Row, where: str) -> list[str]:
    if list(actual) != list(expected):
        return [f"{where}: the columns are {list(actual)}, expected {list(expected)}"]
    return [
        f"{where}, {column}: {actual[column]!r}, expected {value!r}"
        for column, value in expected.items()
        if not same_value(actual[column], value)
    ]
