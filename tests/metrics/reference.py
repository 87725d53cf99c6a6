"""The dashboard's figures by hand: plain Python over a shop's rows, written from the specification alone."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from patron.settings import Model
from tests.reference import Row, Shop, customer_360

LABELS = {1: "Very low", 2: "Low", 3: "Medium", 4: "High", 5: "Very high", None: "Unknown"}
UNKNOWN = "Unknown"
POINTS = 2000
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Narrowed:
    """What narrows figures: values by column of customer_360, and the first and last day, both included."""

    values: dict[str, list[Any]] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None

    def leaves(self, row: Row) -> bool:
        return all(
            (UNKNOWN if row[column] is None else row[column]) in values
            for column, values in self.values.items()
        )

    @property
    def has_period(self) -> bool:
        return self.start is not None or self.end is not None


def all_figures(
    shop: Shop, as_of: date, model: Model, narrowed: Narrowed | None = None, limit: int = 5
) -> dict[str, list[Row]]:
    """Return the rows of every figure by its name, what stands beside them as `name.extra`."""
    return _Figures(shop, as_of, model, narrowed or Narrowed(), limit).all()


class _Figures:
    def __init__(self, shop: Shop, as_of: date, model: Model, narrowed: Narrowed, limit: int) -> None:
        self.shop, self.as_of, self.narrowed, self.limit = shop, as_of, narrowed, limit
        self.rows = [row for row in customer_360(shop, as_of, model) if narrowed.leaves(row)]
        self.chosen = {row["customer_id"] for row in self.rows}
        self.everybody = _Known(shop, as_of)
        self.now = _Known(shop, as_of, self.chosen)
        self.then = _Known(shop, _year_before(as_of), self.chosen)
        self.line = [_Known(shop, day, self.chosen) for day in [*_month_ends(as_of), as_of]]
        last = as_of if narrowed.end is None else min(as_of, narrowed.end)
        self.days = (narrowed.start or date.min, last)

    def all(self) -> dict[str, list[Row]]:
        return {
            **self.kpi("total_customers", lambda known: len(known.customers)),
            **self.kpi("total_lifetime_value", lambda known: _money(known.purchases)),
            **self.kpi("retention_rate", _Known.retention_rate),
            **self.kpi("repeat_purchase_rate", _Known.repeat_purchase_rate),
            **self.average_order_value(),
            "segment_distribution": self.slices("customer_segment"),
            "segment_distribution by rfm_segment": self.slices("rfm_segment"),
            "monthly_revenue": self.by_month(),
            "category_performance": self.by_category(),
            "top_customers": self.top(),
            "churn_risk": self.churn_risk(),
            "rfm": _cells(self.rows),
            "rfm.points": self.points(),
            **self.satisfaction(),
        }

    def kpi(self, name: str, of: Any) -> dict[str, list[Row]]:
        line = [{"month": known.day.replace(day=1), "value": of(known)} for known in self.line]
        return {name: _pair(of(self.now), of(self.then)), f"{name}.sparkline": line}

    def average_order_value(self) -> dict[str, list[Row]]:
        before = average(self.then.bought)
        if self.narrowed.has_period and not self._is_all():
            days = tuple(_year_before(day) if day > date.min else day for day in self._period())
            before = average(row for row in self.now.bought if days[0] <= row["purchase_date"] <= days[1])
        months = [known.day.replace(day=1) for known in self.line]
        line = [
            {
                "month": month,
                "value": average(r for r in self.now.bought if r["purchase_date"].replace(day=1) == month),
            }
            for month in months
        ]
        value = average(self._in_period(self.now.bought, "purchase_date"))
        return {"average_order_value": _pair(value, before), "average_order_value.sparkline": line}

    def _is_all(self) -> bool:
        return (
            self.narrowed.start is None and self.narrowed.end is not None and self.narrowed.end >= self.as_of
        )

    def _period(self) -> tuple[date, date]:
        return self.days

    def _in_period(self, rows: Iterable[Row], day: str) -> list[Row]:
        return [row for row in rows if self.days[0] <= row[day] <= self.days[1]]

    def by_month(self) -> list[Row]:
        by_month = defaultdict(list)
        for row in self._in_period(self.now.purchases, "purchase_date"):
            by_month[row["purchase_date"].replace(day=1)].append(row)
        start, end = self.days
        first = min((row["purchase_date"] for row in self.everybody.purchases), default=date.max)
        month = max(first, start).replace(day=1)
        result = []
        while start <= end and month <= end:
            following = _next_month(month)
            rows = by_month[month]
            bought = [row for row in rows if row["total_amount"] >= 0]
            result.append(
                {
                    "month": month,
                    "revenue": _money(rows),
                    "orders": _orders(bought),
                    "buyers": len({row["customer_id"] for row in bought}),
                    "partial": following - DAY > self.as_of,
                    "is_cut": start > month or end < following - DAY,
                }
            )
            month = following
        return result

    def by_category(self) -> list[Row]:
        categories = {row["product_id"]: row["category"] for row in self.shop["product_catalog"]}
        purchases = self._in_period(self.now.purchases, "purchase_date")
        by_category = defaultdict(list)
        for row in purchases:
            category = categories.get(row["product_id"])
            by_category[UNKNOWN if category is None else category].append(row)
        total = _money(purchases)
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

    def satisfaction(self) -> dict[str, list[Row]]:
        contacts = self._in_period(self.now.contacts, "interaction_date")
        scores = [row["satisfaction_score"] for row in contacts if row["satisfaction_score"] is not None]
        given = len(scores)
        mean = sum(scores) / given if given else None
        csat = sum(score >= 4 for score in scores) / given if given else None
        return {
            "satisfaction": [{"mean": mean, "csat": csat, "answers": given}],
            "satisfaction.distribution": [
                {"score": score, "answers": count} for score, count in sorted(Counter(scores).items())
            ],
        }

    def top(self) -> list[Row]:
        names = (
            *("customer_id", "first_name", "last_name", "total_lifetime_value"),
            *("total_purchases", "customer_segment", "rfm_segment"),
        )
        best = sorted(self.rows, key=lambda row: (-row["total_lifetime_value"], row["customer_id"]))
        return [{name: row[name] for name in names} for row in best[: self.limit]]

    def churn_risk(self) -> list[Row]:
        counts = Counter(row["churn_risk_score"] for row in self.rows)
        return [
            {
                "churn_risk_score": score,
                "label": LABELS[score],
                "customers": count,
                "share": count / len(self.rows),
            }
            for score, count in sorted(counts.items(), key=lambda item: item[0] or 6)
        ]

    def slices(self, column: str) -> list[Row]:
        by_name = defaultdict(list)
        for row in self.rows:
            by_name[row[column]].append(row["total_lifetime_value"])
        slices: list[Row] = [
            {
                column: name,
                "customers": len(values),
                "share": len(values) / len(self.rows),
                "value": sum(values, Decimal("0.00")),
            }
            for name, values in by_name.items()
        ]
        return sorted(slices, key=lambda row: (-float(row["value"]) / row["customers"], row[column]))

    def points(self) -> list[Row]:
        names = (
            "customer_id",
            "days_since_last_purchase",
            "total_purchases",
            "total_lifetime_value",
            "rfm_segment",
        )
        buyers = [row for row in self.rows if row["last_purchase_date"] is not None]
        drawn = sorted(buyers, key=lambda row: (_hash(row["customer_id"]), row["customer_id"]))
        return [{name: row[name] for name in names} for row in drawn[:POINTS]]


class _Known:
    """A shop as known on a day: customers registered and facts dated on or before it, of `chosen` customers."""

    def __init__(self, shop: Shop, day: date, chosen: Collection[Any] | None = None) -> None:
        self.shop = shop
        self.day = day
        self.customers = {
            row["customer_id"]
            for row in shop["customer_info"]
            if (row["registration_date"] is None or row["registration_date"] <= day)
            and (chosen is None or row["customer_id"] in chosen)
        }
        self.purchases = self._facts("purchase_transactions", "purchase_date")
        self.bought = [row for row in self.purchases if row["total_amount"] >= 0]
        self.contacts = self._facts("customer_service", "interaction_date")

    def _facts(self, table: str, day: str) -> list[Row]:
        return [
            row for row in self.shop[table] if row["customer_id"] in self.customers and row[day] <= self.day
        ]

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


def average(bought: Iterable[Row]) -> float | None:
    bought = list(bought)
    orders = _orders(bought)
    return float(Fraction(_money(bought)) / orders) if orders else None


def _orders(rows: Iterable[Row]) -> int:
    rows = list(rows)
    numbered = {(row["customer_id"], row["order_id"]) for row in rows if row["order_id"] is not None}
    return len(numbered) + sum(row["order_id"] is None for row in rows)


def _money(rows: Iterable[Row]) -> Decimal:
    return sum((row["total_amount"] for row in rows), Decimal("0.00"))


def _pair(value: Any, previous: Any) -> list[Row]:
    return [{"value": value, "previous_value": previous}]


def _cells(rows: list[Row]) -> list[Row]:
    names = ("recency_score", "frequency_score", "monetary_score")
    cells = defaultdict(list)
    for row in rows:
        if row["recency_score"] is not None:
            cells[tuple(row[name] for name in (*names, "rfm_segment"))].append(row["total_lifetime_value"])
    return [
        {
            **dict(zip((*names, "rfm_segment"), scores, strict=True)),
            "customers": len(values),
            "value": sum(values, Decimal("0.00")),
        }
        for scores, values in sorted(cells.items())
    ]


def _hash(key: Any) -> str:
    return hashlib.md5(str(key).encode(), usedforsecurity=False).hexdigest()[:8]


def _month_ends(as_of: date) -> list[date]:
    """Return the last days of the twelve months before that of a day."""
    ends = []
    day = as_of
    for _ in range(12):
        day = day.replace(day=1) - DAY
        ends.append(day)
    return ends[::-1]


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - 1, day=28)
