"""What a server remembers of a build: which queries it can add up, and what it does where memory does not do."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from patron.api.context import opened
from patron.engines import Engine
from patron.memory import Memory, added, kept, remember, remember_days, remembering
from patron.memory.kept import Slices
from patron.memory.sums import Gathered, KeptSums, TooMany
from patron.metrics import Figure, Filters, Forgotten, Period, compute, dashboard, registry
from patron.metrics.parts import Sums, split
from patron.settings import Settings
from tests.api.conftest import small_database, small_shop
from tests.conftest import MakeEngine
from tests.shops import TODAY
from tests.support.databases import Databases, fill

FILTERS = (
    Filters(),
    Filters(churn_risk_score=(5, 4), favorite_product_category=("Toys", "Unknown")),
    Filters(customer_segment=("Low Value",), rfm_segment=("Champions", "No Purchases")),
    Filters(preferred_marketing_channel=("nobody's",)),
)


@pytest.fixture
def built(make_engine: MakeEngine) -> Engine:
    engine = make_engine()
    fill(engine, small_shop())
    engine.build(TODAY)
    return engine


@pytest.mark.parametrize("filters", FILTERS)
def test_memory_says_what_the_database_says(built: Engine, filters: Filters) -> None:
    """All of it: whatever a metric asks that memory cannot add up would have to be asked each time."""
    assert dashboard(None, filters, memory=remember(built)) == dashboard(built, filters)


def test_rows_that_are_not_all_remembered_are_asked_for(
    built: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (kept, remembering):
        monkeypatch.setattr(module, "MOST_ROWS", 3)
    memory = remember(built)
    assert len(compute(None, "top_customers", memory=memory, limit=3).rows) == 3
    with pytest.raises(Forgotten):
        compute(None, "top_customers", memory=memory, limit=4)
    assert dashboard(built, memory=memory) == dashboard(built)


PERIODS = (
    Period.of("2024-01-05", "2024-03-09"),
    Period.of("2023-11-02", "2023-11-20"),  # within a month
    Period.of("2023-02-01", "2024-01-31"),  # whole months
    Period.of(None, "2024-02-29"),
    Period.of("2024-05-31", None),
    Period.of("2030-01-01", None),
)


def test_memory_says_what_the_database_says_of_any_days(built: Engine) -> None:
    memory = remember(built)
    remember_days(built, memory)
    for period in PERIODS:
        for filters in FILTERS[:3]:
            assert dashboard(None, filters, period, memory=memory) == dashboard(built, filters, period)


def test_rows_and_tables_add_up_alike(built: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for cells in (0, added.MOST_CELLS):
        monkeypatch.setattr(added, "MOST_CELLS", cells)
        monkeypatch.setattr(added, "SPARSE", cells)
        memory = remember(built)
        remember_days(built, memory)
        told.append([dashboard(None, one, period, memory=memory) for one in FILTERS for period in PERIODS])
    assert told[0] == told[1]


def test_keys_that_are_none_are_joined_over_batches() -> None:
    tree = sqlglot.parse_one(
        "SELECT churn_risk_score, SUM(customers) AS customers FROM slices GROUP BY churn_risk_score "
        "ORDER BY churn_risk_score NULLS LAST",
        read="duckdb",
    )
    assert isinstance(tree, exp.Query)
    sums = split(tree)
    assert isinstance(sums, Sums)
    table = pa.table({"slice_id": [1, 2, 3, 4], "key_0": [None, 2, 1, None], "sum_0": [10, 20, 30, 40]})
    gathered = [Gathered.of(sums.parts[0], sums, table.to_batches(max_chunksize=1), len(table))]
    rows = KeptSums(sums, gathered).rows(np.array([False, True, True, True, True]), {})
    assert rows == [
        {"churn_risk_score": 1, "customers": 30},
        {"churn_risk_score": 2, "customers": 20},
        {"churn_risk_score": None, "customers": 50},
    ]


def test_days_that_are_not_remembered_yet_are_asked_for_and_nothing_else(built: Engine) -> None:
    memory, period = remember(built), Period.of("2024-01-05", "2024-03-09")
    for name, one in registry().items():
        if one.has_period:
            with pytest.raises(Forgotten):
                compute(None, name, Filters(), period, memory=memory)
        else:
            assert compute(None, name, Filters(), period, memory=memory) == compute(
                built, name, Filters(), period
            )


def test_memory_of_another_build_is_not_used(built: Engine) -> None:
    memory = remember(built)
    built.build(TODAY, full=True)
    assert dashboard(built, memory=memory)["total_customers"].build_id == memory.build.build_id + 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) AS n FROM slices",
        "SELECT AVG(customers) AS n FROM slices",
        "SELECT MAX(customers) AS n FROM slices",
        "SELECT SUM(DISTINCT customers) AS n FROM slices",
        "SELECT SUM(customers) + 1 AS n FROM slices",
        "SELECT SUM(customers) AS n FROM slices GROUP BY rfm_segment HAVING SUM(customers) > 1",
        "SELECT SUM(customers) AS n FROM slices GROUP BY rfm_segment LIMIT 1",
        "SELECT rfm_segment FROM slices LIMIT 1",
        "SELECT SUM(customers) AS n FROM customer_360",
    ],
)
def test_what_is_no_formula_over_sums_is_left_to_the_database(sql: str) -> None:
    tree = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(tree, exp.Query)
    assert split(tree) is None


def test_sums_are_exact() -> None:
    tree = sqlglot.parse_one("SELECT CAST(SUM(value) AS DECIMAL(18, 2)) AS value FROM slices", read="duckdb")
    assert isinstance(tree, exp.Query)
    sums = split(tree)
    assert isinstance(sums, Sums)
    cents = [Decimal("9007199254740993.01"), Decimal("0.02"), None, Decimal("-0.01")]
    table = pa.table({"slice_id": [1, 2, 3, 4], "sum_0": pa.array(cents, pa.decimal128(38, 2))})
    names = ("customer_segment", "rfm_segment", "churn_risk_score", "favorite_product_category")
    slices = Slices(
        [
            {"slice_id": number, **dict.fromkeys(names, "x"), "preferred_marketing_channel": str(number)}
            for number in range(1, 5)
        ]
    )

    def of(*channels: str) -> Decimal | None:
        chosen = slices.left_by(Filters(preferred_marketing_channel=channels))
        gathered = [Gathered.of(sums.parts[0], sums, table.to_batches(), len(table))]
        value: Decimal | None = KeptSums(sums, gathered).rows(chosen, {})[0]["value"]
        return value

    assert of("1", "2") == Decimal("9007199254740993.03")
    assert of("1", "2", "3", "4") == Decimal("9007199254740993.02")
    assert of("3") is None
    assert of("nobody's") is None
    with pytest.raises(TooMany):
        Gathered.of(sums.parts[0], sums, table.to_batches(), len(table) - 1)


def test_a_build_by_somebody_else_is_remembered_once_it_is_noticed(kind: str, databases: Databases) -> None:
    url = databases.empty(kind)
    small_database(url)
    with opened(url, Settings()) as context:
        context.prepare()
        before = context.memory
        assert before is not None
        with context.serving.reading(10) as engine:
            again = remember(engine).build
        assert before.build == again
        context.serving.build(TODAY, full=False, progress=lambda _: None)
        context.look_again()
        end = time.monotonic() + 60
        while context.memory in (None, before) and time.monotonic() < end:
            asyncio.run(context.mark())
            time.sleep(0.05)
        assert context.memory is not None
        assert context.memory.build.build_id == before.build.build_id + 1
    databases.drop(url)


def test_days_are_remembered_once_somebody_asked_for_some(kind: str, databases: Databases) -> None:
    def asked(engine: Engine | None, memory: Memory | None) -> tuple[bool, Figure]:
        return engine is None, compute(engine, "monthly_revenue", FILTERS[1], PERIODS[0], memory=memory)

    url = databases.empty(kind)
    small_database(url)
    with opened(url, Settings()) as context:

        def has_days() -> bool:
            return context.memory is not None and context.memory.has_days

        context.prepare()
        asyncio.run(context.mark())
        assert not has_days()
        from_memory, first = asyncio.run(context.figure(asked, of_days=True))
        assert not from_memory
        end = time.monotonic() + 60
        while not has_days() and time.monotonic() < end:
            time.sleep(0.05)
        assert asyncio.run(context.figure(asked, of_days=True)) == (True, first)
        context.serving.build(TODAY, full=False, progress=lambda _: None)
        context.prepare()
        assert has_days()  # of the next build without being asked again
    databases.drop(url)
