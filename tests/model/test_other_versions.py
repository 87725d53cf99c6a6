"""A database that another version of Patron has made: what that version derived is made anew, the shop's data stays."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from patron.cli.state import State, read_status
from patron.engines import Engine, connect
from patron.errors import DatabaseError
from patron.settings import Settings
from tests.conftest import MakeEngine
from tests.reference import Row
from tests.shops import TODAY, shop
from tests.support.databases import fill, requested_engines, rows
from tests.support.models import Changes, other_model

SHOP = shop(
    customers=[{"customer_id": 1}, {"customer_id": 2}],
    contacts=[
        {"customer_id": 1, "resolution_status": "resolved"},
        {"customer_id": 2, "resolution_status": "open"},
    ],
    purchases=[{"customer_id": 1, "total_amount": "7.50"}, {"customer_id": 1, "total_amount": "-2.50"}],
)
OTHER_LOGIC: Changes = {"service_statistics": ("'resolved'", "'open'")}
OTHER_COLUMNS: Changes = {
    "customer_features": (
        "    first_name,   ",
        "    total_returns AS brought_back, -- Return rows.\n    first_name,   ",
    ),
    "customer_360": (
        "    first_name,   ",
        "    brought_back, -- Return rows.\n    first_name,   ",
    ),
    "current_build": (
        "    CAST($as_of AS DATE) AS as_of,   ",
        "    CAST($as_of AS TIMESTAMP) AS built_for, -- The day.\n    CAST($as_of AS DATE) AS as_of,   ",
    ),
}
RESOLVED = "SELECT customer_id, resolved_interactions FROM customer_360 ORDER BY customer_id"


@pytest.fixture
def url(empty_url: str) -> str:
    """The URL of a built shop."""
    with opened(empty_url) as engine:
        engine.init()
        fill(engine, SHOP)
        engine.build(TODAY)
    return empty_url


def opened(url: str) -> Engine:
    return connect(url, Settings())


def resolved(engine: Engine) -> list[int]:
    return [row["resolved_interactions"] for row in rows(engine, RESOLVED)]


def state(engine: Engine) -> State:
    found = read_status(engine, TODAY)["state"]
    assert isinstance(found, State)
    return found


def test_other_steps_make_the_build_full(url: str, tmp_path: Path) -> None:
    with other_model(tmp_path / "model", OTHER_LOGIC), opened(url) as engine:
        assert resolved(engine) == [1, 0]
        assert state(engine) is State.OTHER_VERSION
        record = engine.build(TODAY)
        assert (record.kind, record.new_customers) == ("full", 0)
        assert resolved(engine) == [0, 1]
        assert state(engine) is State.UP_TO_DATE
        assert engine.build(TODAY).kind == "incremental"


@pytest.mark.parametrize("init", [True, False], ids=["init", "build"])
def test_other_columns_are_made_anew(url: str, tmp_path: Path, init: bool) -> None:
    with other_model(tmp_path / "model", OTHER_COLUMNS), opened(url) as engine:
        assert state(engine) is State.OTHER_VERSION
        if init:
            engine.init()
            assert state(engine) is State.OTHER_VERSION
        record = engine.build(TODAY)
        assert (record.kind, record.new_customers, record.build_id) == ("full", 0, 2)
        assert [row["brought_back"] for row in both(engine)] == [1, None]
        assert state(engine) is State.UP_TO_DATE
    with opened(url) as engine:  # and back
        assert engine.build(TODAY).kind == "full"
        assert "brought_back" not in both(engine)[0]
        assert len(rows(engine, "SELECT * FROM purchase_transactions")) == 2
        assert state(engine) is State.UP_TO_DATE


def both(engine: Engine) -> list[Row]:
    return rows(engine, "SELECT * FROM customer_360 ORDER BY customer_id")


def test_comments_are_no_other_model(url: str, tmp_path: Path) -> None:
    comment = {"service_statistics": ("-- Grain:", "-- In other words.\n-- Grain:")}
    with other_model(tmp_path / "model", comment), opened(url) as engine:
        assert state(engine) is State.UP_TO_DATE
        assert engine.build(TODAY).kind == "incremental"


def test_builds_from_before_models_had_marks(url: str) -> None:
    with opened(url) as engine:
        engine.query("ALTER TABLE builds DROP COLUMN model")
        engine.query("DROP VIEW customer_360_core")
        if engine.dialect == "postgres":
            engine.query("COMMENT ON PROCEDURE refresh_customer_360(date, boolean, bigint) IS 'older'")
        assert state(engine) is State.OTHER_VERSION
        assert (engine.build(TODAY).kind, engine.build(TODAY).kind) == ("full", "incremental")
        assert state(engine) is State.UP_TO_DATE


def test_a_contract_table_that_lacks_a_column(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.query("ALTER TABLE purchase_transactions DROP COLUMN order_id")
    with pytest.raises(DatabaseError) as caught:
        engine.init()
    assert str(caught.value) == (
        "The table purchase_transactions is there but lacks order_id: add what is missing "
        "(ALTER TABLE purchase_transactions ADD COLUMN order_id BIGINT), then try again."
    )
    engine.query("ALTER TABLE purchase_transactions ADD COLUMN order_id BIGINT")
    engine.init()
    fill(engine, SHOP)
    assert engine.build(TODAY).customers == 2


@pytest.mark.parametrize("kind", [name for name in requested_engines() if name != "duckdb"])
def test_what_others_built_on_patrons_views_is_not_dropped(url: str, tmp_path: Path) -> None:
    with psycopg.connect(url) as other:
        other.execute("CREATE VIEW our_report AS SELECT customer_id, as_of FROM customer_360")
    with other_model(tmp_path / "model", OTHER_COLUMNS), opened(url) as engine:
        with pytest.raises(
            DatabaseError, match=r"\(view our_report depends on view customer_360\): drop yours"
        ):
            engine.build(TODAY)
        assert resolved(engine) == [1, 0]
        engine.query("DROP VIEW our_report")
        assert engine.build(TODAY).kind == "full"
