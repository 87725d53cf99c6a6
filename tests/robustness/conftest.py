"""Fixtures for what several tests here start from."""

from __future__ import annotations

import pytest

from patron.engines import Engine
from tests.robustness.stock import FIRST_DAY, Stock, append, make_stock


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """A small shop's stock."""
    return make_stock(tmp_path_factory.mktemp("stock"), 300)


@pytest.fixture
def shop(engine: Engine, stock: Stock) -> Engine:
    """A shop that was built once."""
    append(engine, stock.first)
    engine.build(FIRST_DAY)
    return engine
