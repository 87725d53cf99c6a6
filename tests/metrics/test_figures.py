"""The figures of shops, however narrowed: every engine against a reference written by hand."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patron.engines import Engine
from patron.memory import Memory, remember, remember_days
from patron.metrics import Filters, Period, compute, dashboard, registry
from patron.settings import Model, Settings
from tests.conftest import MakeEngine
from tests.metrics.narrowing import as_asked, random_narrowing
from tests.metrics.reference import Narrowed, all_figures
from tests.reference import Row, Shop
from tests.shops import TODAY, Case, cases, random_case, random_shop, shop, together
from tests.support.compare import same_value
from tests.support.databases import Databases, fill

LIMIT = 3
# On each engine, and each meets others.
EXAMPLES = settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def all_rows(
    engine: Engine | None, filters: Filters, period: Period, memory: Memory | None = None
) -> dict[str, list[Row]]:
    """Return the rows of every figure, and what stands beside them as `name.extra`."""
    found: dict[str, list[Row]] = {}
    for name, figure in dashboard(engine, filters, period, memory=memory).items():
        found[name] = list(figure.rows)
        found |= {f"{name}.{extra}": list(rows) for extra, rows in figure.extra.items()}
    by_rfm = compute(engine, "segment_distribution", filters, period, memory=memory, by="rfm_segment")
    top = compute(engine, "top_customers", filters, period, memory=memory, limit=LIMIT)
    return found | {"segment_distribution by rfm_segment": list(by_rfm.rows), "top_customers": list(top.rows)}


def check(engine: Engine, case: Case, narrowed: Narrowed, memory: Memory) -> None:
    """Fail unless every figure of the build in `engine`, and in its memory, is as the reference has it."""
    expected = all_figures(case.shop, case.as_of, case.model, narrowed, LIMIT)
    filters, period = as_asked(narrowed)
    from_memory = all_rows(None if period == Period() else engine, filters, period, memory)
    for actual in (all_rows(engine, filters, period), from_memory):
        assert actual.keys() == expected.keys()
        for name, rows in expected.items():
            assert_equal(f"{name} {narrowed}", actual[name], rows)


def assert_equal(name: str, actual: list[Row], expected: list[Row]) -> None:
    assert len(actual) == len(expected), f"{name}: {actual}, expected {expected}"
    for got, wanted in zip(actual, expected, strict=True):
        assert list(got) == list(wanted), name
        different = {column for column in wanted if not same_value(got[column], wanted[column])}
        assert not different, f"{name}: {different} of {got}, expected {wanted}"


@EXAMPLES
@given(case=cases(), seed=st.integers(0, 2**32))
def test_any_shop_however_narrowed(kind: str, databases: Databases, case: Case, seed: int) -> None:
    rng = random.Random(seed)
    with databases.shared(kind, Settings(model=case.model, id_type=case.id_type)) as engine:
        fill(engine, case.shop)
        engine.build(case.as_of)
        memory = remember(engine)
        remember_days(engine, memory)
        for _ in range(2):
            check(engine, case, random_narrowing(rng, case), memory)


@pytest.mark.parametrize("seed", range(2))
def test_many_customers_however_narrowed(kind: str, databases: Databases, seed: int) -> None:
    rng = random.Random(f"figures {seed}")
    first = random_case(rng)
    crowd = together([random_shop(rng, first.as_of, "text") for _ in range(40)])
    case = Case(crowd, first.as_of, first.model, "text")
    with databases.shared(kind, Settings(model=case.model, id_type="text")) as engine:
        fill(engine, case.shop)
        engine.build(case.as_of)
        memory = remember(engine)
        remember_days(engine, memory)
        check(engine, case, Narrowed(), memory)
        for _ in range(8):
            check(engine, case, random_narrowing(rng, case), memory)


@EXAMPLES
@given(case=cases(), seed=st.integers(0, 2**32))
def test_figures_agree_with_each_other(kind: str, databases: Databases, case: Case, seed: int) -> None:
    """Revenue over all months, over all categories and the lifetime value; and the slices of each pie."""
    filters, _ = as_asked(random_narrowing(random.Random(seed), case))
    with databases.shared(kind, Settings(model=case.model, id_type=case.id_type)) as engine:
        fill(engine, case.shop)
        engine.build(case.as_of)
        figures = dashboard(engine, filters)
        by_rfm = compute(engine, "segment_distribution", filters, by="rfm_segment").rows
    value = figures["total_lifetime_value"].rows[0]["value"]
    customers = figures["total_customers"].rows[0]["value"]
    pies = (figures["segment_distribution"].rows, figures["churn_risk"].rows, by_rfm)
    assert [sum(row["customers"] for row in pie) for pie in pies] == [customers] * 3
    for name in ("monthly_revenue", "category_performance"):
        assert sum(row["revenue"] for row in figures[name].rows) == value
    for rows in (figures["segment_distribution"].rows, by_rfm):
        assert sum(row["value"] for row in rows) == value


def built(make_engine: MakeEngine, small: Shop, as_of: date = TODAY) -> Engine:
    engine = make_engine()
    fill(engine, small)
    engine.build(as_of)
    return engine


def test_the_reference_knows_every_figure() -> None:
    assert registry().keys() <= all_figures(shop(), TODAY, Model()).keys()


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
    assert compute(engine, "retention_rate").rows[0]["value"] == 0.5


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
    assert compute(engine, "total_customers").rows == [{"value": 3, "previous_value": 2}]
    assert compute(engine, "total_lifetime_value").rows == [
        {"value": Decimal("75.00"), "previous_value": Decimal("15.00")}
    ]
    assert compute(engine, "average_order_value").rows == [{"value": 25.0, "previous_value": 7.5}]


def test_months_without_sales_are_there_and_the_last_is_partial(make_engine: MakeEngine) -> None:
    days = [{"purchase_date": "2024-03-31"}, {"purchase_date": "2024-05-01", "total_amount": "-2.5"}]
    engine = built(make_engine, shop(purchases=days), as_of=date(2024, 6, 29))
    rows = [
        (row["month"].month, row["revenue"], row["orders"], row["partial"])
        for row in compute(engine, "monthly_revenue").rows
    ]
    assert rows == [
        (3, Decimal("10.00"), 1, False),
        (4, Decimal("0.00"), 0, False),
        (5, Decimal("-2.50"), 0, False),
        (6, Decimal("0.00"), 0, True),
    ]


def test_an_order_of_many_days_counts_once_in_each_month_and_once_in_a_period(
    make_engine: MakeEngine,
) -> None:
    days = ("2024-01-05", "2024-01-20", "2024-02-03", "2024-02-20")
    engine = built(make_engine, shop(purchases=[{"purchase_date": day, "order_id": 7} for day in days]))

    def orders(start: str | None, end: str | None) -> tuple[list[int], int]:
        period = Period.of(start, end)
        months = compute(engine, "monthly_revenue", period=period).rows
        categories = compute(engine, "category_performance", period=period).rows
        return [row["orders"] for row in months if row["orders"]], sum(row["orders"] for row in categories)

    assert orders(None, None) == ([1, 1], 1)
    assert orders("2024-01-10", "2024-02-10") == ([1, 1], 1)
    assert orders("2024-02-01", "2024-02-29") == ([1], 1)
    assert orders("2024-02-04", "2024-02-19") == ([], 0)


def test_facts_loaded_since_the_build_are_in_no_figure(make_engine: MakeEngine) -> None:
    before = shop(purchases=[{"purchase_date": "2024-05-05"}], contacts=[{"satisfaction_score": 4}])
    engine = built(make_engine, before)
    period = Period.of("2024-05-02", None)
    figures = all_rows(engine, Filters(), period)
    more = shop(
        purchases=[{"transaction_id": 8, "purchase_date": "2024-05-06"}],
        contacts=[{"interaction_id": 8, "satisfaction_score": 1}],
    )
    fill(engine, more | {"customer_info": []})
    assert all_rows(engine, Filters(), period) == figures
    engine.build(TODAY)
    assert all_rows(engine, Filters(), period) != figures
