"""Loading by a mapping: what is stored, and how a refused row is shown, as it was in the source."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from patron.engines import Engine
from patron.errors import MappingError, PatronError, SourceError
from patron.settings import Settings
from patron.sources.load import LoadReport, load
from patron.sources.mapping.model import parse_mapping
from tests.sources import lineitems
from tests.sources.files import counts, keys, refused, stored, write

LINES = "invoice,line,customer,name,day,quantity,price\n"
PURCHASES = """
[customer_info]
from = "lines.csv"
distinct_on = "customer"
[customer_info.columns]
customer_id = "customer"
last_name = "name"
[purchase_transactions]
from = "lines.csv"
[purchase_transactions.columns]
transaction_id = "invoice * 100 + line"
customer_id = "customer"
purchase_date = "day"
quantity = "quantity"
total_amount = "quantity * price"
order_id = "invoice"
"""


def loaded(engine: Engine, path: Path, mapping: str, **more: Any) -> LoadReport:
    return load(engine, path, mapping=parse_mapping(mapping, "m.toml"), **more)


def test_line_items_become_customers_and_purchases(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "lines.csv", LINES + "7,1,3,Ash,2024-01-05,2,1.25\n7,2,3,Ash,2024-01-05,-1,1.25\n")
    report = loaded(engine, tmp_path, PURCHASES)
    assert (report.rows_read, report.quarantined) == (3, 0)
    assert [(row["customer_id"], row["last_name"]) for row in stored(engine, "customer_info")] == [(3, "Ash")]
    assert [
        (row["transaction_id"], row["purchase_date"], row["quantity"], row["total_amount"], row["order_id"])
        for row in stored(engine, "purchase_transactions")
    ] == [
        (701, date(2024, 1, 5), 2, Decimal("2.50"), 7),
        (702, date(2024, 1, 5), -1, Decimal("-1.25"), 7),
    ]


def test_a_refused_row_is_shown_as_it_was_in_its_file(engine: Engine, tmp_path: Path) -> None:
    write(
        tmp_path / "lines.csv",
        LINES + '7,1,3,"A ""B"", C",2024-01-05,many,1.25\n7,2,3,Ash,2024-01-05,1,x\n,\n',
    )
    loaded(engine, tmp_path, PURCHASES)
    found = refused(engine, "source_file", "source_line", "reason_code", "reason", "content")
    assert [one[:4] for one in found] == [
        ("lines.csv", 2, "not_a_number", "quantity 'many' is not a number."),
        ("lines.csv", 3, "not_a_number", "total_amount: price 'x' is not a number."),
        ("lines.csv", 4, "malformed_line", "The line has 2 fields where its file has 7 columns."),
    ]
    assert json.loads(found[0][4]) == {
        "invoice": "7",
        "line": "1",
        "customer": "3",
        "name": 'A "B", C',
        "day": "2024-01-05",
        "quantity": "many",
        "price": "1.25",
    }


@pytest.mark.parametrize(
    ("keep", "name"),
    [
        ("first", "Old"),
        ("last", "Odd"),
        ("most frequent", "New"),
        ("max day", "Latest"),
        ("min day", "Old"),
        ("max quantity", "New"),
    ],
)
def test_which_row_is_kept(engine: Engine, tmp_path: Path, keep: str, name: str) -> None:
    rows = [("Old", "01.02.2023", 9), ("New", "02.01.2024", 10), ("Latest", "03.12.2024", 2)]
    rows += [("New", "02.02.2024", 10), ("Odd", "01.03.2023", 1)]
    lines = "".join(f"7,{at},3,{one},{day},{quantity},1\n" for at, (one, day, quantity) in enumerate(rows))
    write(tmp_path / "lines.csv", LINES + lines + "7,9,,Nobody,01.01.2030,99,1\n")
    section = PURCHASES.partition("[purchase_transactions]")[0]
    mapping = section.replace('"customer"\n[', f'"customer"\nkeep = "{keep}"\ndate_format = "%d.%m.%Y"\n[')
    loaded(engine, tmp_path, mapping)
    assert [(row["customer_id"], row["last_name"]) for row in stored(engine, "customer_info")] == [(3, name)]


def test_every_trouble_of_line_items_is_told(
    make_engine: Callable[[Settings], Engine], tmp_path: Path
) -> None:
    engine = make_engine(Settings(id_type="text"))
    wanted = lineitems.write(tmp_path, 2_000)
    report = loaded(engine, tmp_path, lineitems.MAPPING)
    purchases = counts(report, "purchase_transactions")
    assert purchases.rows_read == 2_000
    assert purchases.inserted == wanted.pop("sound")
    assert report.reasons["purchase_transactions"] == wanted
    assert {"10001", "10003A"} <= set(keys(engine, "product_catalog"))
    again = loaded(engine, tmp_path, lineitems.MAPPING)
    assert (again.inserted, again.updated, again.new_in_quarantine) == (0, 0, 0)


def test_times_are_days_by_the_shop_s_clock(engine: Engine, tmp_path: Path) -> None:
    write(
        tmp_path / "c.csv",
        "id,at\n1,2024-03-01 03:30:00\n2,2024-03-01\n3,2024-03-01T03:30:00Z\n4,2024-03-01 23:30:00-05:00\n",
    )
    mapping = """
[source]
time_zone = "America/New_York"
source_time_zone = "UTC"
[customer_info]
from = "c.csv"
columns.customer_id = "id"
columns.registration_date = "at"
"""
    loaded(engine, tmp_path, mapping)
    days = [row["registration_date"].isoformat() for row in stored(engine, "customer_info")]
    assert days == ["2024-02-29", "2024-03-01", "2024-02-29", "2024-03-01"]


def test_filters_defaults_and_what_stands_for_nothing(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "p.csv", "id,kind,brand,price\n1,a,NULL,2\n2,b,Leaf,3\n3,a,Clay,n/a\n4,a,,x\n5,z,,0\n")
    mapping = """
[source]
null = ["NULL", "n/a"]
[product_catalog]
from = "p.csv"
where = "kind = 'a' OR price > 100"
columns.product_id = "id"
columns.brand = "brand"
defaults.brand = "own"
defaults.category = "all"
"""
    report = loaded(engine, tmp_path, mapping)
    assert [
        (row["product_id"], row["brand"], row["category"]) for row in stored(engine, "product_catalog")
    ] == [
        (1, "own", "all"),
        (3, "Clay", "all"),
    ]
    assert report.rows_read == 3
    assert refused(engine, "reason_code", "reason") == [
        ("not_a_number", "The filter needs price 'x', which is not a number.")
    ]


def test_an_expression_that_fails_costs_its_row_only(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "c.csv", "id,name\n1,3\n2,x\n3,\n")
    mapping = """
[customer_info]
from = "c.csv"
columns.customer_id = "id"
columns.first_name = "CAST(LENGTH(name) / LENGTH(name) AS VARCHAR) || CAST(strptime(name, '%d') AS VARCHAR)"
"""
    report = loaded(engine, tmp_path, mapping)
    assert keys(engine, "customer_info") == [1, 3]
    assert report.reasons == {"customer_info": {"not_computed": 1}}


def test_sessions_are_counted_by_a_query(engine: Engine, tmp_path: Path) -> None:
    events = "session,user,at\n1,7,2024-01-01 10:00:00\n1,7,2024-01-01 10:00:30\n2,7,2024-01-02 09:00:00\n"
    write(tmp_path / "events.csv", events)
    mapping = '''
[customer_info]
from = "events.csv"
distinct_on = "user"
columns.customer_id = "user"
[website_behavior]
query = """
SELECT session, ANY_VALUE(events.user) AS who, COUNT(*) AS pages, MIN(CAST(at AS TIMESTAMP)) AS begun,
  DATE_DIFF('second', MIN(CAST(at AS TIMESTAMP)), MAX(CAST(at AS TIMESTAMP))) AS seconds
FROM events GROUP BY session ORDER BY session
"""
columns.session_id = "session"
columns.customer_id = "who"
columns.visit_date = "begun"
columns.pages_viewed = "pages"
columns.time_spent = "seconds"
'''
    report = loaded(engine, tmp_path, mapping)
    assert report.quarantined == 0
    assert [
        (row["session_id"], row["visit_date"], row["pages_viewed"], row["time_spent"])
        for row in stored(engine, "website_behavior")
    ] == [(1, date(2024, 1, 1), 2, 30), (2, date(2024, 1, 2), 1, 0)]


def test_several_files_are_one_input(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "c-1.csv", "id,name\n1,Ann\n")
    write(tmp_path / "c-2.csv.gz", "ID\n2\nx\n")
    mapping = '[customer_info]\nfrom = "c-*"\ncolumns = {customer_id = "id", first_name = "name"}\n'
    report = loaded(engine, tmp_path, mapping)
    assert [(row["customer_id"], row["first_name"]) for row in stored(engine, "customer_info")] == [
        (1, "Ann"),
        (2, None),
    ]
    assert refused(engine, "source_file", "source_line") == [("c-2.csv.gz", 3)]
    assert "c-2.csv.gz has no name: None in all rows." in report.notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('= "customer"\nlast', '= "custmer"\nlast'),
            "m.toml, line 6: customer_info.customer_id cannot be used: it uses "
            "'custmer', which the source does not have. Did you mean 'customer'?",
        ),
        (
            ('from = "lines.csv"\ndist', 'from = "line.csv"\ndist'),
            "m.toml, line 3: nothing in the source is called 'line.csv'. Did you mean 'lines.csv'?",
        ),
        (
            ('"quantity * price"', '"SUM(price)"'),
            "line 15: purchase_transactions.total_amount cannot be used: it has SUM(), "
            "which is over many rows and needs a query",
        ),
        (
            ('purchase_date = "day"\n', ""),
            "line 10: purchase_transactions has no purchase_date, which every row of it must have",
        ),
        (('"quantity * price"', '"quantity * (SELECT 1)"'), "a query inside it"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_read(
    engine: Engine, tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    write(tmp_path / "lines.csv", LINES)
    with pytest.raises(MappingError) as raised:
        loaded(engine, tmp_path, PURCHASES.replace(*change))
    assert message in str(raised.value)
    assert engine.query("SELECT * FROM loads") == []


def test_the_identity_loads_what_the_layout_does(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "customer_info.csv", "customer_id,first_name\n1,Ann\nx,Bob\n,Cem\n1,Dan\n")
    mapping = """
[customer_info]
from = "customer_info.csv"
columns = {customer_id = "customer_id", first_name = "first_name"}
"""
    mapped = loaded(engine, tmp_path, mapping)
    found = refused(engine, "source_line", "reason_code", "reason")
    plain = load(engine, tmp_path)
    assert plain.reasons == mapped.reasons
    assert (plain.unchanged, plain.inserted) == (1, 0)
    assert set(refused(engine, "source_line", "reason_code", "reason")) == set(found)


def test_nothing_there(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is nothing at"):
        loaded(engine, tmp_path / "gone", PURCHASES)
    with pytest.raises(PatronError, match=r"nothing in the source is called 'lines\.csv'"):
        loaded(engine, tmp_path, PURCHASES)
