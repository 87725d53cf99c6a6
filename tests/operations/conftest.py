"""What operations start from is what robustness starts from."""

from __future__ import annotations

import pytest

from tests.robustness.stock import Stock, make_stock


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """A small shop's stock."""
    return make_stock(tmp_path_factory.mktemp("stock"), 300)
