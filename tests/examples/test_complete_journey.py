"""The example on real data: laid out, loaded, built and checked on DuckDB and on PostgreSQL."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from patron.contract import table_named
from patron.engines.arrow import arrow_schema
from tests.support.databases import requested_engines

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "examples" / "complete-journey" / "complete_journey.py"
KINDS = [kind for kind in ("duckdb", "postgres18") if kind in requested_engines()]


@pytest.fixture(scope="module")
def example() -> Any:
    spec = importlib.util.spec_from_file_location("complete_journey", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the module they are in
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(example: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("complete-journey")
    example.lay_out(made)
    return made


def test_the_layout_is_the_contract_s(example: Any, folder: Path) -> None:
    assert sorted(path.stem for path in folder.iterdir()) == sorted(example.LAYOUT)
    for name in example.LAYOUT:
        written, wanted = (
            pq.read_schema(folder / f"{name}.parquet"),
            arrow_schema(table_named(name), "bigint"),
        )
        assert [(field.name, field.type) for field in written] == [
            (field.name, field.type) for field in wanted
        ]


def test_a_line_s_key_can_be_read_back(folder: Path) -> None:
    lines = pq.read_table(folder / "purchase_transactions.parquet")
    key = lines["transaction_id"]
    assert pc.count_distinct(key).as_py() == len(lines)
    baskets = pc.divide(key, 100_000_000)
    assert baskets.equals(lines["order_id"])
    assert pc.subtract(key, pc.multiply(baskets, 100_000_000)).equals(lines["product_id"])


@pytest.mark.parametrize("kind", KINDS)
def test_it_shows_what_the_data_is_known_to_hold(
    kind: str, example: Any, empty_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = example.main(["--check", "--database", empty_url, "--folder", str(tmp_path / "laid-out")])
    shown = capsys.readouterr().out
    assert code == 0, shown
    assert shown.count("agrees") == len(example.FIGURES)


def test_the_check_fails_where_a_figure_differs(example: Any) -> None:
    right = example.FIGURES[0]
    wrong = replace(right, expected=[1_469_308])
    assert example.differing([(right, [1_469_307]), (wrong, [1_469_307])]) == [wrong]
