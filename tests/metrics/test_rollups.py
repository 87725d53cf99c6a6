"""What builds keep for figures: after any history it is what a full build makes, and figures are the reference's."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patron.engines import Engine
from patron.errors import NoDatabase
from patron.memory import remember
from patron.metrics import dashboard
from patron.model.steps import STORED, kept
from patron.settings import Model, Settings
from tests.conftest import MakeEngine
from tests.metrics.narrowing import random_narrowing
from tests.metrics.test_figures import check
from tests.reference import Shop
from tests.shops import STAGES, TODAY, Case, days_ago, histories, shop
from tests.support.databases import Databases, fill, rows

MOVES = (0, 1, -1, 31, -366)
KEPT = [step.name for step in kept(*STORED) if step.name != "current_build"]


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    history=histories(),
    moves=st.lists(st.sampled_from(MOVES), min_size=STAGES, max_size=STAGES),
    seed=st.integers(0, 2**32),
)
def test_any_history_ends_with_the_rollups_of_a_full_build(
    kind: str, databases: Databases, history: tuple[Case, list[Shop]], moves: list[int], seed: int
) -> None:
    case, parts = history
    rng = random.Random(seed)
    with databases.shared(kind, Settings(model=case.model, id_type=case.id_type)) as engine:
        for part, known, move in zip(parts, accumulate(parts, _plus), moves, strict=True):
            fill(engine, part)
            now = Case(known, case.as_of + timedelta(days=move), case.model, case.id_type)
            engine.build(now.as_of)
            check(engine, now, random_narrowing(rng, now), remember(engine))
        incremental, figures = everything(engine), dashboard(engine)
        engine.build(now.as_of, full=True)
        assert everything(engine) == incremental
        again = dashboard(engine)
        assert {name: one.rows for name, one in again.items()} == {
            name: one.rows for name, one in figures.items()
        }


def test_sums_follow_a_few_customers_among_many(make_engine: MakeEngine) -> None:
    """One is computed again, some go to another slice as time goes by, and most stay as they were."""
    everybody = range(1, 21)
    before = shop(
        customers=[{"customer_id": one, "registration_date": days_ago(400 + one)} for one in everybody],
        purchases=[
            {"customer_id": one, "purchase_date": days_ago(10 * one), "total_amount": one}
            for one in everybody
        ],
    )
    after = shop(purchases=[{"transaction_id": 99, "customer_id": 7, "total_amount": 5}])
    engine, later = make_engine(), TODAY + timedelta(days=25)
    fill(engine, before)
    engine.build(TODAY)
    fill(engine, {**after, "customer_info": []})
    assert engine.build(later).recomputed == 1
    incremental = everything(engine)
    engine.build(later, full=True)
    assert everything(engine) == incremental


def test_rows_that_are_alike_are_told_by_their_number(make_engine: MakeEngine) -> None:
    """Orders of one day may look the same; another one that comes, and some that go, change how many there are."""
    alike = {"purchase_date": days_ago(10), "total_amount": 5}
    engine = make_engine()
    fill(engine, shop(purchases=[{**alike, "transaction_id": one, "order_id": one} for one in (1, 2)]))
    engine.build(TODAY)
    more = shop(purchases=[{**alike, "transaction_id": 3, "order_id": 3}, {"transaction_id": 4}])
    fill(engine, {**shop(), "purchase_transactions": more["purchase_transactions"]})
    assert engine.build(TODAY).kind == "incremental"
    incremental = everything(engine)
    assert incremental["customer_categories"].most_common(1)[0][1] == 3
    engine.build(TODAY, full=True)
    assert everything(engine) == incremental
    for gone in ("IN (1, 4)", "> 0"):  # some, then all
        with engine.changing() as run:
            run(f"DELETE FROM purchase_transactions WHERE transaction_id {gone}")
            if engine.dialect == "duckdb":  # which has no triggers
                run("INSERT INTO changed_customers VALUES (1)")
        assert engine.build(TODAY).kind == "incremental"
        incremental = everything(engine)
        engine.build(TODAY, full=True)
        assert everything(engine) == incremental


def test_a_shop_may_leave_figures_out(make_engine: MakeEngine) -> None:
    engine = make_engine(Settings(model=Model(figures=False)))
    fill(engine, shop(purchases=[{}]))
    engine.build(TODAY)
    assert len(rows(engine, "SELECT * FROM customer_360")) == 1
    assert {name for name, found in everything(engine).items() if found} == {
        "customer_features",
        "rfm_cut_points",
    }
    with pytest.raises(NoDatabase, match=r"model\.figures was false"):
        dashboard(engine)
    engine.settings = Settings()
    assert engine.build(TODAY).kind == "full"
    assert dashboard(engine)["total_customers"].rows[0]["value"] == 1


def everything(engine: Engine) -> dict[str, Counter[tuple[Any, ...]]]:
    """Return the rows of all that a build keeps, in any order."""
    return {
        name: Counter(tuple(row.values()) for row in rows(engine, f"SELECT * FROM {name}")) for name in KEPT
    }


def _plus(first: Shop, second: Shop) -> Shop:
    return {name: first[name] + second[name] for name in first}
