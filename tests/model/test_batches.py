"""A full build in many batches of customers, on several threads, gives what one batch gives."""

from __future__ import annotations

import random

import pytest

import patron.engines.duckdb.build
from patron.contract import IdType
from patron.settings import Settings
from tests.reference import customer_360
from tests.shops import TODAY, random_shop, together
from tests.support.compare import assert_same
from tests.support.databases import Databases, fill, rows


@pytest.mark.parametrize("id_type", ["bigint", "text"])
@pytest.mark.parametrize("threads", [1, 3])
def test_batches_do_not_show(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, id_type: IdType, threads: int
) -> None:
    rng = random.Random(f"{id_type} {threads}")
    many = id_type == "text"  # only text ids let many shops stand side by side
    shop = together(random_shop(rng, TODAY, id_type) for _ in range(20)) if many else random_shop(rng, TODAY)
    monkeypatch.setattr(patron.engines.duckdb.build, "FACTS_A_BATCH", 40 if many else 3)
    told = Settings(id_type=id_type, threads=threads)
    with databases.shared("duckdb", told) as engine:
        before = engine.query("SELECT current_setting('threads') AS threads")
        fill(engine, shop)
        engine.build(TODAY, full=True)
        assert_same(rows(engine, "SELECT * FROM customer_360"), customer_360(shop, TODAY, told.model))
        assert engine.query("SELECT current_setting('threads') AS threads") == before
