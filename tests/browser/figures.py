"""What the overview must show: by the API, and by queries of the shop's own tables that were written for this alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from tests.browser.shop import LAST_DAY
from tests.browser.sites import Row, Site
from tests.browser.telling import count, mean, money, month, share, short

Figures = dict[str, Any]
RISKS = {1: "Very low", 2: "Low", 3: "Medium", 4: "High", 5: "Very high", None: "Unknown"}
YEAR_BEFORE = LAST_DAY.replace(year=LAST_DAY.year - 1)

# Purchases, one row for each part of a key, customer and order: a row without an order is one of its own.
_ORDERS = """(
    SELECT {key} AS part, p.customer_id, order_id, CASE WHEN order_id IS NULL THEN transaction_id END AS alone,
        SUM(total_amount) AS paid,
        SUM(CASE WHEN total_amount >= 0 THEN total_amount ELSE 0 END) AS bought,
        SUM(CASE WHEN total_amount >= 0 THEN quantity ELSE 0 END) AS units,
        MAX(CASE WHEN total_amount >= 0 THEN 1 ELSE 0 END) AS is_order
    FROM purchase_transactions p JOIN customer_360 c ON c.customer_id = p.customer_id
    LEFT JOIN product_catalog g ON g.product_id = p.product_id
    WHERE purchase_date <= DATE '2025-12-31' AND {those}
    GROUP BY 1, 2, 3, 4
) AS sold"""
_MONTH = "CAST(DATE_TRUNC('month', purchase_date) AS DATE)"
_CATEGORY = "COALESCE(category, 'Unknown')"
_RETAINED = """
    SELECT AVG(CASE WHEN again THEN 1.0 ELSE 0.0 END) AS value FROM (
        SELECT p.customer_id, MAX(CASE WHEN days < 365 THEN 1 ELSE 0 END) = 1 AS again
        FROM (SELECT p.*, CAST(? AS DATE) - purchase_date AS days FROM purchase_transactions p) p
        JOIN customer_360 c ON c.customer_id = p.customer_id
        WHERE total_amount >= 0 AND days >= 0 AND days < 730 AND {those}
        GROUP BY p.customer_id
        HAVING MAX(CASE WHEN days >= 365 THEN 1 ELSE 0 END) = 1
    ) AS bought
"""


def by_query(site: Site, those: str = "TRUE", parameters: Sequence[object] = ()) -> Figures:
    """Return the overview's figures of customers for whom a condition on `c`, their row of customer_360, holds."""

    def ask(sql: str, *first: object) -> list[Row]:
        return site.query(sql.format(those=those), [*first, *parameters])

    def sold(key: str) -> str:
        return _ORDERS.replace("{key}", key)

    customers = ask("SELECT COUNT(*) AS n FROM customer_360 c WHERE {those}")[0]["n"]
    totals = ask(
        f"SELECT SUM(paid) AS paid, SUM(bought) AS bought, SUM(is_order) AS orders FROM {sold('TRUE')}"
    )[0]
    repeat = ask(
        "SELECT AVG(CASE WHEN total_purchases >= 2 THEN 1.0 ELSE 0.0 END) AS value FROM customer_360 c "
        "WHERE total_purchases >= 1 AND {those}"
    )[0]["value"]
    retained = [ask(_RETAINED, day)[0]["value"] for day in (LAST_DAY, YEAR_BEFORE)]
    before = ask(
        "SELECT COUNT(*) AS n FROM customer_360 c "
        "WHERE (registration_date IS NULL OR registration_date <= CAST(? AS DATE)) AND {those}",
        YEAR_BEFORE,
    )[0]["n"]
    months = ask(
        "SELECT part AS month, SUM(paid) AS revenue, SUM(is_order) AS orders, "
        "COUNT(DISTINCT CASE WHEN is_order = 1 THEN customer_id END) AS buyers "
        f"FROM {sold(_MONTH)} GROUP BY 1 ORDER BY 1"
    )
    by_month = {
        _day(one["month"]): (money(one["revenue"]), count(one["orders"]), count(one["buyers"]))
        for one in months
    }
    first = _day(site.query("SELECT MIN(purchase_date) AS day FROM purchase_transactions")[0]["day"])
    categories = ask(
        "SELECT part AS category, SUM(paid) AS revenue, SUM(is_order) AS orders, SUM(units) AS units "
        f"FROM {sold(_CATEGORY)} GROUP BY 1 ORDER BY 2 DESC"
    )
    paid = totals["paid"] or 0
    return {
        "total_customers": (headcount(customers), count(customers)),
        "change": share((customers - before) / before),
        "total_lifetime_value": money(paid),
        "average_order_value": money(totals["bought"] / totals["orders"]),
        "retention_rate": share(retained[0]),
        "points": _points(float(retained[0]), float(retained[1])),
        "repeat_purchase_rate": share(repeat),
        "monthly_revenue": [(month(one), *by_month.get(one, ("$0.00", "0", "0"))) for one in _months(first)],
        "category_performance": [
            (
                one["category"],
                money(one["revenue"]),
                share(one["revenue"] / paid),
                count(one["orders"]),
                count(one["units"]),
            )
            for one in categories
        ],
        "customer_segment": _slices(ask, "customer_segment", customers),
        "churn_risk": _slices(ask, "churn_risk_score", customers, RISKS),
        "satisfaction": _satisfaction(ask),
        "top_customers": [
            (
                _name(one),
                money(one["total_lifetime_value"]),
                count(one["total_purchases"]),
                one["rfm_segment"],
            )
            for one in ask(
                "SELECT * FROM customer_360 c WHERE {those} ORDER BY total_lifetime_value DESC, customer_id LIMIT 5"
            )
        ],
        "rfm": sorted(
            (one["segment"], str(one["r"]), str(one["f"]), count(one["n"]), money(one["value"]))
            for one in ask(
                "SELECT rfm_segment AS segment, recency_score AS r, frequency_score AS f, COUNT(*) AS n, "
                "SUM(total_lifetime_value) AS value FROM customer_360 c "
                "WHERE recency_score IS NOT NULL AND {those} GROUP BY 1, 2, 3"
            )
        ),
    }


def by_api(site: Site, parameters: str = "") -> Figures:
    """Return the same figures as the API gives them."""
    metrics = site.api(f"dashboard?{parameters}")["metrics"]
    first = {name: metric["rows"][0] for name, metric in metrics.items() if metric["rows"]}
    customers, retention = first["total_customers"], first["retention_rate"]
    cells: dict[tuple[str, str, str], tuple[int, float]] = {}
    for one in metrics["rfm"]["rows"]:
        key = (one["rfm_segment"], str(one["recency_score"]), str(one["frequency_score"]))
        found = cells.get(key, (0, 0.0))
        cells[key] = found[0] + one["customers"], found[1] + one["value"]
    given = first["satisfaction"]
    return {
        "total_customers": (headcount(customers["value"]), count(customers["value"])),
        "change": share((customers["value"] - customers["previous_value"]) / customers["previous_value"]),
        "total_lifetime_value": money(first["total_lifetime_value"]["value"]),
        "average_order_value": money(first["average_order_value"]["value"]),
        "retention_rate": share(retention["value"]),
        "points": _points(retention["value"], retention["previous_value"]),
        "repeat_purchase_rate": share(first["repeat_purchase_rate"]["value"]),
        "monthly_revenue": [
            (month(_day(one["month"])), money(one["revenue"]), count(one["orders"]), count(one["buyers"]))
            for one in metrics["monthly_revenue"]["rows"]
        ],
        "category_performance": [
            (
                one["category"],
                money(one["revenue"]),
                share(one["share"]),
                count(one["orders"]),
                count(one["units"]),
            )
            for one in metrics["category_performance"]["rows"]
        ],
        "customer_segment": [
            (one["customer_segment"], count(one["customers"]), share(one["share"]))
            for one in metrics["segment_distribution"]["rows"]
        ],
        "churn_risk": [
            (RISKS[one["churn_risk_score"]], count(one["customers"]), share(one["share"]))
            for one in metrics["churn_risk"]["rows"]
        ],
        "satisfaction": (
            mean(given["mean"]),
            share(given["csat"]),
            count(given["answers"]),
            [(str(one["score"]), count(one["answers"])) for one in metrics["satisfaction"]["distribution"]],
        ),
        "top_customers": [
            (
                _name(one),
                money(one["total_lifetime_value"]),
                count(one["total_purchases"]),
                one["rfm_segment"],
            )
            for one in metrics["top_customers"]["rows"]
        ],
        "rfm": sorted((*key, count(number), money(value)) for key, (number, value) in cells.items()),
    }


def _points(rate: float, before: float) -> str:
    """Return by how much a rate changed, as the page says it."""
    by = rate - before
    if abs(by) < 0.0005:
        return "the same"
    return f"{'up' if by > 0 else 'down'} {share(abs(by)).removesuffix('%')} points"


def headcount(customers: int) -> str:
    """Return a number of customers as the page leads with it."""
    return short(customers) if customers >= 10_000 else count(customers)


def _slices(
    ask: Any, column: str, customers: int, names: dict[Any, str] | None = None
) -> list[tuple[str, str, str]]:
    found = ask(
        f"SELECT {column} AS value, COUNT(*) AS n, AVG(total_lifetime_value) AS worth FROM customer_360 c "
        f"WHERE {{those}} GROUP BY 1"
    )
    if names:
        found.sort(key=lambda one: one["value"] or 9)
    else:
        found.sort(key=lambda one: -one["worth"])
    return [
        (names[one["value"]] if names else one["value"], count(one["n"]), share(one["n"] / customers))
        for one in found
    ]


def _satisfaction(ask: Any) -> tuple[str, str, str, list[tuple[str, str]]]:
    scores = {
        one["score"]: one["n"]
        for one in ask(
            "SELECT satisfaction_score AS score, COUNT(*) AS n FROM customer_service s "
            "JOIN customer_360 c ON c.customer_id = s.customer_id WHERE satisfaction_score IS NOT NULL "
            "AND interaction_date <= DATE '2025-12-31' AND {those} GROUP BY 1"
        )
    }
    answers = sum(scores.values())
    average = sum(score * number for score, number in scores.items()) / answers
    good = (scores.get(4, 0) + scores.get(5, 0)) / answers
    each = [(str(score), count(scores.get(score, 0))) for score in range(1, 6)]
    return mean(average), share(good), count(answers), each


def _months(first: date) -> list[date]:
    """Return the first days of all months from one day's to the last one's."""
    numbers = range(first.year * 12 + first.month - 1, LAST_DAY.year * 12 + LAST_DAY.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _name(row: Row) -> str:
    return " ".join(one for one in (row["first_name"], row["last_name"]) if one) or str(row["customer_id"])


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
