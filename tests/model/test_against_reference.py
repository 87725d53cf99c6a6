"""customer_360 of random shops: every engine against the reference, incremental builds against full ones.

PATRON_TEST_SHOPS says how many seeded shops an engine meets; the default keeps the run short. As a build takes
much longer than the shop in it, most of them stand side by side in one, and some have a build each.
"""

from __future__ import annotations

import os
import random
from datetime import timedelta
from itertools import accumulate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patron.engines import Engine
from patron.settings import Settings
from tests.reference import Row, Shop, customer_360, rfm_cut_points
from tests.shops import MODELS, STAGES, Case, cases, histories, random_case, random_shop, staged, together
from tests.support.compare import assert_same
from tests.support.databases import Databases, fill, rows

SHOPS = int(os.environ.get("PATRON_TEST_SHOPS", "2000"))
SEEDS = range(4)
TOGETHER = 50  # shops side by side in one build
# The older PostgreSQL runs the very procedure of the newer, which meets them all.
SIDE_BY_SIDE = {"postgres15": SHOPS // 4}
ALONE = SHOPS // 80
HISTORIES = SHOPS // 160
MOVES = (0, 1, -1, 31, -366)  # days that as_of moves between two builds

# Each engine searches by itself, so that together they meet several times as many.
examples = settings(
    max_examples=max(1, SHOPS // 160),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@examples
@given(case=cases())
def test_any_shop_is_as_the_reference_has_it(kind: str, databases: Databases, case: Case) -> None:
    check(kind, databases, case, again=True)


@examples
@given(history=histories(), moves=st.lists(st.sampled_from(MOVES), min_size=STAGES, max_size=STAGES))
def test_any_history_ends_as_a_full_build_has_it(
    kind: str, databases: Databases, history: tuple[Case, list[Shop]], moves: list[int]
) -> None:
    check_history(kind, databases, history[0], history[1], moves)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_seeded_shops_each_alone(kind: str, databases: Databases, seed: int) -> None:
    rng = random.Random(f"alone {seed}")
    for _ in range(ALONE // len(SEEDS)):
        check(kind, databases, random_case(rng))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_seeded_shops_side_by_side(kind: str, databases: Databases, seed: int) -> None:
    """Side by side shops share their cut points and nothing else, and one build is of many."""
    rng = random.Random(f"together {seed}")
    for _ in range(max(1, SIDE_BY_SIDE.get(kind, SHOPS) // len(SEEDS) // TOGETHER)):
        first = random_case(rng)
        many = [random_shop(rng, first.as_of, "text") for _ in range(TOGETHER)]
        check(kind, databases, Case(together(many), first.as_of, first.model, "text"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_seeded_histories(kind: str, databases: Databases, seed: int) -> None:
    rng = random.Random(f"history {seed}")
    for _ in range(HISTORIES // len(SEEDS)):
        case = random_case(rng)
        parts = staged(case.shop, lambda: rng.randrange(STAGES))
        check_history(kind, databases, case, parts, [rng.choice(MOVES) for _ in parts])


def test_new_thresholds_count_from_the_next_build(kind: str, databases: Databases) -> None:
    rng = random.Random("thresholds")
    shop, as_of = together(random_shop(rng, id_type="text") for _ in range(TOGETHER)), random_case(rng).as_of
    with databases.shared(kind, Settings(id_type="text")) as engine:
        fill(engine, shop)
        for model in (*MODELS, MODELS[0]):
            engine.settings = engine.settings.model_copy(update={"model": model})
            engine.build(as_of)
            assert_same(table(engine), customer_360(shop, as_of, model))


def check(kind: str, databases: Databases, case: Case, *, again: bool = False) -> None:
    """Build a case: its rows and cut points must be the reference's, and if built `again` the very same."""
    with databases.shared(kind, Settings(model=case.model, id_type=case.id_type)) as engine:
        fill(engine, case.shop)
        engine.build(case.as_of)
        built = table(engine)
        assert_same(built, customer_360(case.shop, case.as_of, case.model))
        cuts = rfm_cut_points(case.shop, case.as_of, case.model)
        assert_same(rows(engine, "SELECT * FROM rfm_cut_points"), cuts, key="cut_point")
        if again:
            engine.build(case.as_of, full=True)
            assert table(engine) == built


def check_history(kind: str, databases: Databases, case: Case, parts: list[Shop], moves: list[int]) -> None:
    """Build after each part has arrived and as_of has moved; each must be as the reference has it."""
    with databases.shared(kind, Settings(model=case.model, id_type=case.id_type)) as engine:
        for part, known, move in zip(parts, accumulate(parts, _plus), moves, strict=True):
            fill(engine, part)
            as_of = case.as_of + timedelta(days=move)
            engine.build(as_of)
            assert_same(table(engine), customer_360(known, as_of, case.model))
        incremental = table(engine)
        engine.build(as_of, full=True)
        assert table(engine) == incremental


def table(engine: Engine) -> list[Row]:
    return rows(engine, "SELECT * FROM customer_360 ORDER BY customer_id")


def _plus(first: Shop, second: Shop) -> Shop:
    return {name: first[name] + second[name] for name in first}
