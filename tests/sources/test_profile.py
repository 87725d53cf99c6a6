"""What is told of a load's rows as a whole: volumes, freshness, None, new categories, odd months."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from patron.engines import Engine
from patron.sources.load import LoadReport, load
from patron.sources.loads import latest_warnings, load_numbered
from patron.sources.undo import undo
from tests.sources.files import write
from tests.support.databases import Databases


@pytest.fixture
def shop(databases: Databases, tmp_path: Path) -> Iterator[Engine]:
    """A shop with ten customers; what is told is computed before an engine comes into it."""
    engine = databases.open("duckdb")
    load(engine, write(tmp_path / "customer_info.csv", customers(10)))
    yield engine
    databases.discard(engine)


def customers(count: int, email: str = "x") -> str:
    return "customer_id,email\n" + "".join(f"{number},{email}\n" for number in range(1, count + 1))


def purchases(months: dict[str, int], amount: int = 2) -> str:
    rows = [f"{month}-{day % 28 + 1:02}" for month, count in months.items() for day in range(count)]
    lines = (f"{number},{number % 10 + 1},{day},{amount}\n" for number, day in enumerate(rows))
    return "transaction_id,customer_id,purchase_date,total_amount\n" + "".join(lines)


def told(report: LoadReport) -> list[tuple[str, str]]:
    return [(one.check, one.sentence) for one in report.warnings]


def test_nothing_is_told_of_the_first_load(shop: Engine) -> None:
    assert latest_warnings(shop) == []


def test_volumes(shop: Engine, tmp_path: Path) -> None:
    path = tmp_path / "customer_info.csv"
    for rows in (11, 12):
        assert told(load(shop, write(path, customers(rows)))) == []
    sentence = "customer_info came with 40 rows, where the last 3 loads of it had 11 in the median."
    assert told(load(shop, write(path, customers(40)))) == [("volume", sentence)]
    assert told(load(shop, write(path, customers(5))))[0][0] == "volume"


def test_freshness(shop: Engine, tmp_path: Path) -> None:
    path = tmp_path / "purchase_transactions.csv"
    load(shop, write(path, purchases({"2024-03": 1})))
    assert told(load(shop, write(path, purchases({"2024-02": 1})))) == [
        (
            "freshness",
            "The latest purchase_date of purchase_transactions is 2024-02-01, "
            "and the load before had come to 2024-03-01.",
        )
    ]
    assert "is after today" in told(load(shop, write(path, purchases({"2199-02": 1}))))[0][1]


def test_none(shop: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "customer_info.csv", customers(10).replace("1,x", "1,"))
    sentence = "email of customer_info is None in 10% of the rows, where it was in 0% before."
    assert told(load(shop, path)) == [("none", sentence)]
    assert load_numbered(shop, 2)["details"]["profiles"]["customer_info"]["none"]["email"] == 0.1
    assert told(load(shop, write(path, customers(10)))) == []


def test_new_categories(shop: Engine, tmp_path: Path) -> None:
    path = tmp_path / "product_catalog.csv"
    head = "product_id,category\n"
    assert told(load(shop, write(path, f"{head}1,Tea\n2,Cups\n"))) == []
    assert told(load(shop, write(path, f"{head}2,Cups\n"))) == []
    assert told(load(shop, write(path, f"{head}1,Tea\n3,Pots\n4,Pots\n5,Pans\n"))) == [
        (
            "new_categories",
            "category of product_catalog has values never seen before: 'Pots' in 2 rows and 1 more.",
        )
    ]
    assert told(load(shop, write(path, f"{head}1,Tea\n5,Pans\n"))) == []


def test_odd_months(shop: Engine, tmp_path: Path) -> None:
    months = {f"2024-{month:02}": 30 + month for month in range(1, 10)}
    path = tmp_path / "purchase_transactions.csv"
    assert told(load(shop, write(path, purchases(months | {"2024-01": 1, "2024-09": 1})))) == []
    assert told(load(shop, write(path, purchases(months | {"2024-05": 300})))) == [
        (
            "odd_months",
            "purchase_transactions has total_amount of 600.00 in all in 2024-05, where the months around it have "
            "70.00 in the median.",
        ),
        (
            "odd_months",
            "purchase_transactions has 300 rows in 2024-05, where the months around it have 35 in the median.",
        ),
    ]


def test_status_has_the_warnings_of_each_tables_latest_load(shop: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "customer_info.csv", customers(10, email=""))
    load(shop, path)
    load(shop, write(tmp_path / "product_catalog.csv", "product_id\n1\n"))
    assert [(one["load_id"], one["check"]) for one in latest_warnings(shop)] == [(2, "none")]
    undo(shop, 2)
    assert latest_warnings(shop) == []
