"""The figures of shops: every engine against a reference written by hand, and what each file says of itself."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest

from patron.engines import Engine
from patron.errors import MetricError
from patron.metrics import compute, metric, registry
from patron.settings import Model, Settings
from tests.conftest import MakeEngine
from tests.metrics.reference import all_figures
from tests.reference import Row, Shop
from tests.shops import TODAY, Case, random_case, random_shop, shop, together
from tests.support.compare import same_value
from tests.support.databases import Databases, fill

LIMIT = 3


def read(engine: Engine, name: str) -> list[Row]:
    if name == "satisfaction_distribution":
        return compute(engine, "satisfaction").extra["distribution"]
    if name == "rfm_segment_distribution":
        return compute(engine, "segment_distribution", by="rfm_segment").rows
    if name == "top_customers":
        return compute(engine, name, limit=LIMIT).rows
    return compute(engine, name).rows


def built(make_engine: MakeEngine, small: Shop, as_of: date = TODAY) -> Engine:
    engine = make_engine()
    fill(engine, small)
    engine.build(as_of)
    return engine


def test_every_figure_of_any_shop_is_as_the_reference_has_it(kind: str, databases: Databases) -> None:
    rng = random.Random("figures 2")
    cases = [random_case(rng) for _ in range(12)]
    first = cases[0]
    crowd = together([random_shop(rng, first.as_of, "text") for _ in range(30)])
    for case in (*cases, Case(crowd, first.as_of, first.model, "text")):
        with databases.shared(kind, Settings(model=case.model, id_type=case.id_type)) as engine:
            fill(engine, case.shop)
            engine.build(case.as_of)
            for name, expected in all_figures(case.shop, case.as_of, case.model, LIMIT).items():
                assert_equal(name, read(engine, name), expected)


def assert_equal(name: str, actual: list[Row], expected: list[Row]) -> None:
    assert len(actual) == len(expected), f"{name}: {actual}, expected {expected}"
    for got, wanted in zip(actual, expected, strict=True):
        assert list(got) == list(wanted), name
        different = {column for column in wanted if not same_value(got[column], wanted[column])}
        assert not different, f"{name}: {different} of {got}, expected {wanted}"


def test_the_reference_knows_every_figure() -> None:
    assert registry().keys() <= all_figures(shop(), TODAY, Model(), LIMIT).keys()


def test_retention_counts_the_year_before_the_last_and_the_last(make_engine: MakeEngine) -> None:
    engine = built(
        make_engine,
        shop(
            purchases=[
                {"customer_id": 1, "purchase_date": "2023-07-01"},  # 365 days before: still the first year
                {"customer_id": 1, "purchase_date": "2023-07-02"},  # 364 days before: the second
                {"customer_id": 2, "purchase_date": "2022-07-02"},  # 729 days before: the first
                {"customer_id": 3, "purchase_date": "2022-07-01"},  # 730 days before: neither
                {"customer_id": 3, "purchase_date": "2024-06-30"},
                {
                    "customer_id": 4,
                    "purchase_date": "2023-01-01",
                    "total_amount": -5,
                },  # a return is no purchase
                {"customer_id": 2, "purchase_date": "2024-07-01"},  # after as_of
            ]
        ),
    )
    assert read(engine, "retention_rate")[0]["value"] == 0.5


def test_a_year_earlier_is_as_it_was_known_then(make_engine: MakeEngine) -> None:
    engine = built(
        make_engine,
        shop(
            customers=[
                {"registration_date": "2023-02-28"},
                {"registration_date": "2023-03-01"},  # bought before, was not known yet
                {"registration_date": None},
            ],
            purchases=[
                {"customer_id": 1, "purchase_date": "2023-02-28", "total_amount": 10, "order_id": 1},
                {"customer_id": 1, "purchase_date": "2023-03-01", "total_amount": 20, "order_id": 1},
                {"customer_id": 2, "purchase_date": "2023-01-01", "total_amount": 40},
                {"customer_id": 3, "purchase_date": "2023-01-01", "total_amount": 5},
            ],
        ),
        as_of=date(2024, 2, 29),
    )
    assert read(engine, "total_customers") == [{"value": 3, "previous_value": 2}]
    assert read(engine, "total_lifetime_value") == [
        {"value": Decimal("75.00"), "previous_value": Decimal("15.00")}
    ]
    assert read(engine, "average_order_value") == [{"value": 25.0, "previous_value": 7.5}]


def test_months_without_sales_are_there_and_the_last_is_partial(make_engine: MakeEngine) -> None:
    days = [{"purchase_date": "2024-03-31"}, {"purchase_date": "2024-05-01", "total_amount": "-2.5"}]
    engine = built(make_engine, shop(purchases=days), as_of=date(2024, 6, 29))
    rows = [
        (row["month"].month, row["revenue"], row["orders"], row["partial"])
        for row in read(engine, "monthly_revenue")
    ]
    assert rows == [
        (3, Decimal("10.00"), 1, False),
        (4, Decimal("0.00"), 0, False),
        (5, Decimal("-2.50"), 0, False),
        (6, Decimal("0.00"), 0, True),
    ]


def test_figures_agree_with_each_other(make_engine: MakeEngine) -> None:
    engine = built(make_engine, random_shop(random.Random("agree")))
    total = read(engine, "total_lifetime_value")[0]["value"]
    customers = read(engine, "total_customers")[0]["value"]
    assert total
    assert customers
    for name, column in (
        ("monthly_revenue", "revenue"),
        ("category_performance", "revenue"),
        ("segment_distribution", "value"),
    ):
        assert sum(row[column] for row in read(engine, name)) == total
    for name in ("segment_distribution", "rfm_segment_distribution", "churn_risk"):
        assert sum(row["customers"] for row in read(engine, name)) == customers


@pytest.mark.parametrize("name", list(registry()))
def test_every_figure_says_what_it_is(name: str) -> None:
    one = metric(name)
    assert one.title
    assert one.unit in ("customers", "money", "rate", "points", "answers")
    assert one.meaning.endswith(".")
    assert all(meaning.endswith(".") for meaning in one.columns.values())


def test_an_unknown_figure_is_answered_with_the_nearest() -> None:
    with pytest.raises(MetricError, match="Did you mean 'retention_rate'"):
        metric("retention_rates")
