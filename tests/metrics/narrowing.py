"""Random narrowings of figures: values that some customers have and some that none has, and periods around as_of."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from patron.metrics import Filters, Period
from tests.metrics.reference import UNKNOWN, Narrowed
from tests.reference import Row, customer_360
from tests.shops import Case

# What no customer may have, where a column takes any words.
_NOBODY = {
    "customer_segment": "High Value",
    "rfm_segment": "Champions",
    "churn_risk_score": 5,
    "favorite_product_category": "nothing at all'\"; --",
    "preferred_marketing_channel": "?",
}
_DAYS_AGO = (0, 1, 14, 28, 29, 30, 31, 60, 90, 181, 365, 366, 400, 731, 4000, -1, -40)


def random_narrowing(rng: random.Random, case: Case) -> Narrowed:
    """Return a narrowing that fits a case's customers and days; the same for the same state of `rng`."""
    rows = customer_360(case.shop, case.as_of, case.model)
    values = {column: _some(rng, column, rows) for column in _NOBODY if rng.random() < 0.35}
    days = [case.as_of - timedelta(days=ago) for ago in _DAYS_AGO]
    days += [day.replace(day=1) for day in days]
    start, end = (rng.choice(days) if rng.random() < 0.5 else None for _ in "ab")
    if start and end and start > end:
        start, end = end, start
    return Narrowed(values, start, end)


def as_asked(narrowed: Narrowed) -> tuple[Filters, Period]:
    """Return a narrowing as `compute` takes it."""
    return Filters.of(narrowed.values), Period(narrowed.start, narrowed.end)


def _some(rng: random.Random, column: str, rows: list[Row]) -> list[Any]:
    there = {UNKNOWN if row[column] is None else row[column] for row in rows}
    domain = sorted(there | {_NOBODY[column]}, key=str)
    return rng.sample(domain, rng.randint(1, min(3, len(domain))))
