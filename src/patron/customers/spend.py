"""What a customer has paid, month by month, as the build that is shown has seen it."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlglot import exp, parse_one

from patron.customers.profiles import profile
from patron.engines.base import Engine, Row
from patron.metrics.compute import current_build

_BY_MONTH = """
    SELECT CAST(DATE_TRUNC('month', sold_on) AS DATE) AS month, SUM(revenue) AS revenue
    FROM customer_days
    WHERE customer_id = $customer
    GROUP BY 1
"""


def spend_by_month(engine: Engine, customer: Any) -> tuple[date, list[Row]]:
    """Return the build's date, and what the customer paid in each month up to it, less what came back.

    Months run from the first one with a purchase or return, and those without any have 0; their sum is the customer's
    total_lifetime_value. Raises NotFound where there is no such customer, NoDatabase where the build kept no figures.
    """
    as_of = current_build(engine).as_of
    text, _ = engine.kept_statement(
        "spend by month", lambda: parse_one(_BY_MONTH, dialect="duckdb", into=exp.Select)
    )
    paid = {row["month"]: row["revenue"] for row in engine.query(text, [customer])}
    if not paid:
        profile(engine, customer)  # somebody who never bought, or nobody
        return as_of, []
    return as_of, [{"month": month, "revenue": paid.get(month, 0)} for month in _months(min(paid), as_of)]


def _months(first: date, last: date) -> list[date]:
    """Return the first days of all months from `first` to the one of `last`."""
    numbers = range(_number(first), _number(last) + 1)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1
