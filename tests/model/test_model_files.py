"""House rules of the model's files: each is one portable SELECT that says what it is, short enough to read."""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import ErrorLevel, exp

from patron.contract import CONTRACT
from patron.contract.bookkeeping import BOOKKEEPING, SLICE_NUMBERS
from patron.errors import ContractError
from patron.model import Kept, Step, step_named, steps
from patron.model.render import inlined, parameters
from patron.model.steps import _read_step
from patron.settings import Model
from tests.reference import COLUMNS
from tests.shops import TODAY

STEPS = pytest.mark.parametrize("step", steps(), ids=lambda step: step.name)
ENGINES = "duckdb postgres spark bigquery snowflake sail clickhouse"
LONGEST_FILE = 150
LONGEST_LINE = 130
UNKEPT = (Kept.BUILD_STEP, Kept.BATCH_STEP)
SHORTEST_MEANING = 10


@STEPS
@pytest.mark.parametrize("dialect", ["postgres", "spark"])
def test_every_engine_s_dialect_can_say_it(step: Step, dialect: str) -> None:
    text = step.tree.sql(dialect, unsupported_level=ErrorLevel.RAISE)
    again = sqlglot.parse_one(text, dialect=dialect)
    assert isinstance(again, exp.Query)
    assert again.named_selects == step.tree.named_selects


@STEPS
def test_no_engine_is_named(step: Step) -> None:
    assert [word for word in re.findall(r"[a-z]+", step.sql.lower()) if word in ENGINES.split()] == []


@STEPS
def test_the_header_says_meaning_and_grain(step: Step) -> None:
    assert step.meaning.endswith(".")
    assert re.match("one row", step.grain)
    assert step.sql.splitlines().count(f"-- Kept as: {step.kept}") == 1


@STEPS
def test_every_column_says_its_meaning(step: Step) -> None:
    assert [one.alias_or_name for one in step.tree.selects if not one.is_star] == list(step.columns)
    for column, meaning in step.columns.items():
        assert len(meaning) >= SHORTEST_MEANING, f"{column}: {meaning}"
        assert meaning.endswith("."), f"{column}: {meaning}"


@STEPS
def test_a_file_is_short_and_tidy(step: Step) -> None:
    lines = step.sql.splitlines()
    assert len(lines) <= LONGEST_FILE
    assert max(map(len, lines)) <= LONGEST_LINE
    assert [line for line in lines if line != line.rstrip() or "\t" in line] == []
    assert step.sql.endswith("\n")


@STEPS
def test_no_name_stands_for_two_things(step: Step) -> None:
    taken = {one.name for one in steps()} | {table.name for table in (*CONTRACT, *BOOKKEEPING)}
    assert {cte.alias for cte in step.tree.find_all(exp.CTE)} & taken == set()


@STEPS
def test_every_parameter_has_a_value(step: Step) -> None:
    assert set(step.parameters) <= set(parameters(Model(), TODAY, 1))


@STEPS
def test_a_view_takes_no_parameter(step: Step) -> None:
    """It is read long after the build whose date and settings it shows."""
    assert step.kept is not Kept.VIEW or step.parameters == ()


@STEPS
def test_a_query_of_a_step_stands_on_tables_alone(step: Step) -> None:
    query = inlined(step.name)
    stored = {one.name for one in steps() if one.kept not in UNKEPT}
    named = {cte.alias for cte in query.find_all(exp.CTE)}
    read = {table.name for table in query.find_all(exp.Table)}
    assert read <= named | stored | {table.name for table in (*CONTRACT, SLICE_NUMBERS)}
    assert query.named_selects == step.tree.named_selects


def test_each_step_comes_after_what_it_reads() -> None:
    seen = {table.name for table in (*CONTRACT, SLICE_NUMBERS)}
    for step in steps():
        assert set(step.reads) <= seen, step.name
        seen.add(step.name)


def test_every_step_serves_something() -> None:
    read = {name for step in steps() for name in step.reads}
    assert [step.name for step in steps() if step.kept in UNKEPT and step.name not in read] == []


def test_every_contract_table_is_read() -> None:
    assert {table.name for table in CONTRACT} <= {name for step in steps() for name in step.reads}


def test_customer_360_has_the_columns_of_the_specification() -> None:
    assert tuple(step_named("customer_360").columns) == COLUMNS


def test_equal_columns_of_the_views_mean_the_same_everywhere() -> None:
    features, whole = step_named("customer_features").columns, step_named("customer_360").columns
    shared = [column for column in features if column in whole]
    different = [column for column in shared if features[column] != whole[column]]
    assert len(shared) > 20
    assert different == []


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT 1 AS one -- A number, one.", "must open with its meaning"),
        ("-- It.\n-- Grain: one row.\n-- Kept as: ice\nSELECT 1 AS one -- One.", "kept as 'ice'; it can be"),
        (
            "-- It.\n-- Grain: one row.\n-- Kept as: view\nSELECT 1 AS one",
            "Column one of step new has no comment",
        ),
        ("-- It.\n-- Grain: one row.\n-- Kept as: view\nSELECT FROM WHERE", "Step new is not valid SQL"),
        ("-- It.\n-- Grain: one row.\n-- Kept as: view\nDROP TABLE a", "Step new must be one SELECT"),
        (
            "-- It.\n-- Grain: one row.\n-- Kept as: view\nSELECT b FROM c -- B.",
            "Step new reads 'c', which is neither",
        ),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_by_name(sql: str, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        _read_step("new", sql, {"customer_info"})


def test_an_unknown_step_is_refused_with_those_there_are() -> None:
    with pytest.raises(ContractError, match=r"no step 'customer_361'; it has: .*customer_360"):
        step_named("customer_361")
