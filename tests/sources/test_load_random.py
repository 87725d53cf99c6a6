"""Random tables, partly broken: what is stored is what plain Python says, counts add up, again changes nothing."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from patron.contract import Table, table_named
from patron.engines import Engine
from patron.sources.load import load
from tests.reference import Row
from tests.sources.files import stored
from tests.support.databases import Databases

# Each cell is what stands in the file, and the value it has or the code of what is wrong with it.


@dataclass(frozen=True)
class Cell:
    text: str
    value: Any = None
    code: str | None = None


def _some(*cells: tuple[str, Any] | tuple[str, None, str]) -> st.SearchStrategy[Cell]:
    """Choose among cells; what comes first is the simplest, what is broken is rare."""
    made = [Cell(*cell) for cell in cells]
    sound = [cell for cell in made if cell.code is None]
    broken = [cell for cell in made if cell.code is not None]
    often = st.sampled_from(sound)
    return st.one_of(often, often, often, often, st.sampled_from(broken)) if broken else often


NONE: tuple[str, None] = ("", None)
KEY = _some(
    *[(str(number), number) for number in range(1, 7)],
    (" 7 ", 7),
    ("+8", 8),
    ("9.0", 9),
    ("x1", None, "not_a_number"),
    ("1.5", None, "not_a_whole_number"),
    ("99999999999999999999", None, "out_of_range"),
    NONE,
    ("  ", None),
)
REFERENCE = _some(
    *[(str(number), number) for number in range(1, 5)], ("1e0", None, "not_a_whole_number"), NONE
)
DAY = _some(
    ("2024-01-31", date(2024, 1, 31)),
    ("2024-02-29 23:59:59", date(2024, 2, 29)),
    ("1900-01-01", date(1900, 1, 1)),
    ("2199-12-31", date(2199, 12, 31)),
    ("2023-02-29", None, "not_a_date"),
    ("31.01.2024", None, "not_a_date"),
    ("1899-12-31", None, "out_of_range"),
    ("20024-01-01", None, "out_of_range"),
    NONE,
)
MOMENT = _some(
    ("2024-01-31 10:20:30.5", datetime(2024, 1, 31, 10, 20, 30, 500_000)),
    ("2024-01-31", datetime(2024, 1, 31)),
    ("2199-12-31 23:59:59", datetime(2199, 12, 31, 23, 59, 59)),
    ("2200-01-01 00:00", None, "out_of_range"),
    ("2024-01-31 25:00:00", None, "not_a_date"),
    NONE,
)
MONEY = _some(
    ("10", Decimal("10.00")),
    ("0.1", Decimal("0.10")),
    ("-3.25", Decimal("-3.25")),
    ("7.0000000001", Decimal("7.00")),
    ("9999999999999.99", Decimal("9999999999999.99")),
    ("-10000000000000", None, "out_of_range"),
    ("10000000000000000", None, "out_of_range"),
    ("0.001", None, "too_many_decimals"),
    ("1,5", None, "not_a_number"),
    ("inf", None, "not_a_number"),
    NONE,
)
PRICE = _some(
    ("2.50", Decimal("2.50")),
    ("0", Decimal("0.00")),
    ("-0.01", None, "out_of_range"),
    ("1e13", None, "out_of_range"),
    NONE,
)
QUANTITY = _some(("1", 1), ("0", 0), ("-2", -2), ("2147483648", None, "out_of_range"), NONE)
SCORE = _some(("1", 1), ("5", 5), ("0", None, "out_of_range"), ("6", None, "out_of_range"), NONE)
TEXT = _some(
    ("plain", "plain"),
    ('q"uo"te, ', 'q"uo"te, '),
    ("two\nlines", "two\nlines"),
    ("Çelik 😀 \\N \t'", "Çelik 😀 \\N \t'"),
    ("a\0b", None, "nul_character"),
    NONE,
)

COLUMNS: dict[str, dict[str, st.SearchStrategy[Cell]]] = {
    "customer_info": {
        "customer_id": KEY,
        "first_name": TEXT,
        "date_of_birth": DAY,
        "registration_date": DAY,
    },
    "product_catalog": {"product_id": KEY, "category": TEXT, "price": PRICE},
    "purchase_transactions": {
        "transaction_id": KEY,
        "customer_id": REFERENCE,
        "product_id": REFERENCE,
        "purchase_date": DAY,
        "quantity": QUANTITY,
        "total_amount": MONEY,
    },
    "customer_service": {
        "interaction_id": KEY,
        "customer_id": REFERENCE,
        "interaction_date": DAY,
        "resolution_status": TEXT,
        "satisfaction_score": SCORE,
    },
    "product_views": {"view_id": KEY, "customer_id": REFERENCE, "product_id": REFERENCE, "viewed_at": MOMENT},
}
UNKNOWN = {"customer_id": "unknown_customer", "product_id": "unknown_product"}

Rows = list[dict[str, Cell]]
Shop = dict[str, Rows]


def _in_order(shop: Shop) -> Shop:
    """Return the shop with tables and columns in order, which Hypothesis draws in another."""
    return {
        name: [{column: row[column] for column in columns} for row in shop[name]]
        for name, columns in COLUMNS.items()
    }


SHOPS = st.fixed_dictionaries(
    {name: st.lists(st.fixed_dictionaries(columns), max_size=14) for name, columns in COLUMNS.items()}
).map(_in_order)


def expected(shop: Shop) -> tuple[dict[str, list[Row]], Counter[tuple[str, str]]]:
    """Return the rows that are good and how many are refused by table and code."""
    taken: dict[str, list[Row]] = {}
    codes: Counter[tuple[str, str]] = Counter()
    for name, rows in shop.items():
        table = table_named(name)
        good: dict[int, Row] = {}
        for cells in rows:
            code = _wrong(table, cells, taken)
            values = _values(table, cells)
            if code is None and values[table.key.name] in good:
                code = "duplicate_key"
            if code is None:
                good[values[table.key.name]] = values
            else:
                codes[name, code] += 1
        taken[name] = [good[key] for key in sorted(good)]
    return taken, codes


def _values(table: Table, cells: dict[str, Cell]) -> Row:
    return {name: cells[name].value if name in cells else None for name in table.names}


def _wrong(table: Table, cells: dict[str, Cell], taken: dict[str, list[Row]]) -> str | None:
    for column in table.columns:
        cell = cells.get(column.name, Cell(""))
        if cell.code:
            return cell.code
        if column.required and cell.value is None:
            return "missing_value"
    values = {name: cell.value for name, cell in cells.items()}
    if (values.get("quantity") or 0) < 0 < (values.get("total_amount") or 0):
        return "sign_mismatch"
    for column in table.references:
        value = values.get(column.name)
        parent = taken.get(str(column.references), [])
        if value is not None and value not in [row[column.name] for row in parent]:
            return UNKNOWN[column.name]
    return None


def as_csv(name: str, rows: Rows) -> str:
    """Return rows as CSV; only quotes where they are needed."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS[name])
    writer.writerows([cell.text for cell in row.values()] for row in rows)
    return stream.getvalue()


def tables(engine: Engine) -> dict[str, list[Row]]:
    """Return what is stored."""
    return {name: stored(engine, name) for name in COLUMNS}


@given(shop=SHOPS)
@settings(max_examples=25)
def test_random_rows(kind: str, databases: Databases, shop: Shop) -> None:
    good, codes = expected(shop)
    with TemporaryDirectory() as folder, databases.shared(kind) as engine:
        for name, rows in shop.items():
            Path(folder, f"{name}.csv").write_text(as_csv(name, rows), "utf-8", newline="")
        report = load(engine, Path(folder))
        assert tables(engine) == good
        assert report.reasons == {
            name: {code: count for (table, code), count in codes.items() if table == name}
            for name in {table for table, _ in codes}
        }
        assert report.rows_read == sum(map(len, shop.values()))
        entries = engine.query("SELECT * FROM quarantine ORDER BY table_name, source_line")
        assert Counter((row["table_name"], row["reason_code"]) for row in entries) == codes
        again = load(engine, Path(folder))
        assert tables(engine) == good
        assert engine.query("SELECT * FROM quarantine ORDER BY table_name, source_line") == entries
        assert (again.inserted, again.updated, again.unchanged) == (0, 0, report.inserted)
        assert (again.quarantined, again.new_in_quarantine) == (report.quarantined, 0)


@given(first=SHOPS, second=SHOPS)
@settings(max_examples=12)
def test_a_second_delivery(kind: str, databases: Databases, first: Shop, second: Shop) -> None:
    """Rows of known keys are replaced, customers noted, nothing else changes; parents of old rows count."""
    with TemporaryDirectory() as folder, databases.shared(kind) as engine:
        for number, shop in enumerate((first, second)):
            Path(folder, str(number)).mkdir()
            for name, rows in shop.items():
                Path(folder, str(number), f"{name}.csv").write_text(as_csv(name, rows), "utf-8", newline="")
        load(engine, Path(folder, "0"))
        before = tables(engine)
        engine.query("DELETE FROM changed_customers")
        report = load(engine, Path(folder, "1"))
        after = tables(engine)
        assert after == expected_after(before, second)
        inserted = updated = 0
        changed: set[int] = set()
        for name in COLUMNS:
            key = table_named(name).key.name
            old = {row[key]: row for row in before[name]}
            for row in after[name]:
                other = old.get(row[key])
                if other != row:
                    inserted, updated = inserted + (other is None), updated + (other is not None)
                    changed |= {one["customer_id"] for one in (row, other) if one and "customer_id" in one}
        assert (report.inserted, report.updated) == (inserted, updated)
        noted = {row["customer_id"] for row in engine.query("SELECT customer_id FROM changed_customers")}
        assert changed <= noted


def expected_after(before: dict[str, list[Row]], shop: Shop) -> dict[str, list[Row]]:
    """Return what is stored once `shop` came to what was there."""
    after: dict[str, list[Row]] = {}
    for name, rows in shop.items():
        table = table_named(name)
        merged = {row[table.key.name]: row for row in before[name]}
        taken: set[int] = set()
        for cells in rows:
            values = _values(table, cells)
            if _wrong(table, cells, after) is None and values[table.key.name] not in taken:
                taken.add(values[table.key.name])
                merged[values[table.key.name]] = values
        after[name] = [merged[key] for key in sorted(merged)]
    return after
