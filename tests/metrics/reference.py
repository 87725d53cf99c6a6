"""The dashboard's figures by hand: plain Python over a shop's rows, written from the specification alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from patron.settings import Model
from tests.reference import Row, Shop, customer_360

LABELS = {1: "Very low", 2: "Low", 3: "Medium", 4: "High", 5: "Very high", None: "Unknown"}


def all_figures(shop: Shop, as_of: date, model: Model, limit: int) -> dict[str, list[Row]]:
    """Return the rows of every figure by its name."""
    rows = customer_360(shop, as_of, model)
    earlier = _year_before(as_of)
    now, then = _Known(shop, as_of), _Known(shop, earlier)
    return {
        "total_customers": _pair(len(now.customers), len(then.customers)),
        "total_lifetime_value": _pair(_money(now.purchases), _money(then.purchases)),
        "average_order_value": _pair(now.average_order_value(), then.average_order_value()),
        "retention_rate": _pair(now.retention_rate(), then.retention_rate()),
        "repeat_purchase_rate": _pair(now.repeat_purchase_rate(), then.repeat_purchase_rate()),
        "segment_distribution": _slices(
            rows, "customer_segment", ("High Value", "Medium Value", "Low Value")
        ),
        "rfm_segment_distribution": _slices(rows, "rfm_segment", None),
        "monthly_revenue": now.by_month(),
        "category_performance": now.by_category(),
        "top_customers": [
            {
                name: row[name]
                for name in (
                    *("customer_id", "first_name", "last_name", "total_lifetime_value"),
                    *("total_purchases", "customer_segment", "rfm_segment"),
                )
            }
            for row in sorted(rows, key=lambda row: (-row["total_lifetime_value"], row["customer_id"]))[
                :limit
            ]
        ],
        "churn_risk": [
            {
                "churn_risk_score": score,
                "label": LABELS[score],
                "customers": count,
                "share": count / len(rows),
            }
            for score, count in sorted(
                Counter(row["churn_risk_score"] for row in rows).items(), key=lambda item: item[0] or 6
            )
        ],
        "rfm": _cells(rows),
        "satisfaction": now.satisfaction(),
        "satisfaction_distribution": [
            {"score": score, "answers": count} for score, count in sorted(Counter(now.scores()).items())
        ],
    }


class _Known:
    """A shop as known on a day: customers registered and facts dated on or before it."""

    def __init__(self, shop: Shop, day: date) -> None:
        self.shop = shop
        self.day = day
        self.customers = {
            row["customer_id"]
            for row in shop["customer_info"]
            if row["registration_date"] is None or row["registration_date"] <= day
        }
        self.purchases = self._facts("purchase_transactions", "purchase_date")
        self.bought = [row for row in self.purchases if row["total_amount"] >= 0]

    def _facts(self, table: str, day: str) -> list[Row]:
        return [
            row for row in self.shop[table] if row["customer_id"] in self.customers and row[day] <= self.day
        ]

    def average_order_value(self) -> float | None:
        orders = _orders(self.bought)
        return float(Fraction(_money(self.bought)) / orders) if orders else None

    def retention_rate(self) -> float | None:
        first, second = set(), set()
        for row in self.bought:
            age = (self.day - row["purchase_date"]).days
            if 365 <= age < 730:
                first.add(row["customer_id"])
            elif age < 365:
                second.add(row["customer_id"])
        return len(first & second) / len(first) if first else None

    def repeat_purchase_rate(self) -> float | None:
        by_customer = defaultdict(list)
        for row in self.bought:
            by_customer[row["customer_id"]].append(row)
        orders = [_orders(rows) for rows in by_customer.values()]
        return sum(count >= 2 for count in orders) / len(orders) if orders else None

    def by_month(self) -> list[Row]:
        by_month = defaultdict(list)
        for row in self.purchases:
            by_month[row["purchase_date"].replace(day=1)].append(row)
        result = []
        month = min(by_month, default=date.max)
        while month <= self.day:
            following = _next_month(month)
            rows = by_month[month]
            bought = [row for row in rows if row["total_amount"] >= 0]
            result.append(
                {
                    "month": month,
                    "revenue": _money(rows),
                    "orders": _orders(bought),
                    "buyers": len({row["customer_id"] for row in bought}),
                    "partial": (following - self.day).days > 1,
                }
            )
            month = following
        return result

    def by_category(self) -> list[Row]:
        categories = {row["product_id"]: row["category"] for row in self.shop["product_catalog"]}
        by_category = defaultdict(list)
        for row in self.purchases:
            category = categories.get(row["product_id"])
            by_category["Unknown" if category is None else category].append(row)
        total = _money(self.purchases)
        result = []
        for category, rows in by_category.items():
            bought = [row for row in rows if row["total_amount"] >= 0]
            result.append(
                {
                    "category": category,
                    "revenue": _money(rows),
                    "orders": _orders(bought),
                    "units": sum(row["quantity"] or 0 for row in bought),
                    "share": float(_money(rows) / total) if total else None,
                }
            )
        return sorted(result, key=lambda row: (-row["revenue"], row["category"]))

    def scores(self) -> list[int]:
        contacts = self._facts("customer_service", "interaction_date")
        return [row["satisfaction_score"] for row in contacts if row["satisfaction_score"] is not None]

    def satisfaction(self) -> list[Row]:
        scores = self.scores()
        given = len(scores)
        mean = sum(scores) / given if given else None
        csat = sum(score >= 4 for score in scores) / given if given else None
        return [{"mean": mean, "csat": csat, "answers": given}]


def _orders(rows: Iterable[Row]) -> int:
    rows = list(rows)
    numbered = {(row["customer_id"], row["order_id"]) for row in rows if row["order_id"] is not None}
    return len(numbered) + sum(row["order_id"] is None for row in rows)


def _money(rows: Iterable[Row]) -> Decimal:
    return sum((row["total_amount"] for row in rows), Decimal("0.00"))


def _pair(value: Any, previous: Any) -> list[Row]:
    return [{"value": value, "previous_value": previous}]


def _slices(rows: list[Row], column: str, order: tuple[str, ...] | None) -> list[Row]:
    slices = [
        {
            column: name,
            "customers": count,
            "share": count / len(rows),
            "value": sum(
                (row["total_lifetime_value"] for row in rows if row[column] == name), Decimal("0.00")
            ),
        }
        for name, count in Counter(row[column] for row in rows).items()
    ]
    if order:
        return sorted(slices, key=lambda row: order.index(row[column]))
    most = {
        name: max(row["total_lifetime_value"] for row in rows if row[column] == name)
        for name in {row[column] for row in rows}
    }
    return sorted(slices, key=lambda row: (-most[row[column]], row[column]))


def _cells(rows: list[Row]) -> list[Row]:
    names = ("recency_score", "frequency_score", "monetary_score")
    cells = defaultdict(list)
    for row in rows:
        if row["recency_score"] is not None:
            cells[tuple(row[name] for name in names)].append(row["total_lifetime_value"])
    return [
        {
            **dict(zip(names, scores, strict=True)),
            "customers": len(values),
            "value": sum(values, Decimal("0.00")),
        }
        for scores, values in sorted(cells.items())
    ]


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - 1, day=28)
