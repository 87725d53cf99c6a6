"""PostgreSQL roles: what each may do with the grants that the guide names, and what is said without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from patron.cli.state import State, read_status
from patron.engines import Engine, connect
from patron.engines.postgres import PostgresEngine
from patron.errors import DatabaseError
from patron.export import export
from patron.settings import Model, Settings
from tests.conftest import MakeEngine
from tests.support.databases import requested_engines
from tests.test_docs import blocks

GUIDE = "docs/guide/postgresql.md"
DAY = date(2024, 1, 31)
ROLES = ("patron_cron", "analyst", "stranger")

pytestmark = pytest.mark.parametrize(
    "kind", [name for name in requested_engines() if name != "duckdb"], scope="session"
)


@pytest.fixture
def owner(make_engine: MakeEngine) -> Iterator[PostgresEngine]:
    """A database of ours with one customer, and roles without any right in it but to connect."""
    engine = make_engine()
    assert isinstance(engine, PostgresEngine)
    engine.query("INSERT INTO customer_info (customer_id) VALUES (1)")
    engine.build(DAY)
    for role in ROLES:
        engine.query(f"CREATE ROLE {role} LOGIN")
    yield engine
    for role in ROLES:
        engine.query(f"DROP OWNED BY {role}")
        engine.query(f"DROP ROLE {role}")


def connected(owner: PostgresEngine, role: str, settings: Settings | None = None) -> Engine:
    return connect(owner.url.replace("://postgres@", f"://{role}@"), settings or Settings())


def grant(owner: PostgresEngine, role: str) -> None:
    """Run the guide's statements that are for a role."""
    script = "".join(block for page, block in blocks("sql") if page == GUIDE)
    statements = [one for one in script.split(";") if f" TO {role}" in one]
    assert statements
    for one in statements:
        owner.query(one)


def test_cron_builds_with_the_grants_of_the_guide(owner: PostgresEngine) -> None:
    grant(owner, "patron_cron")
    owner.query("INSERT INTO customer_info (customer_id) VALUES (2)")
    with connected(owner, "patron_cron") as cron:
        assert cron.build(DAY).customers == 2
        assert cron.build(DAY, full=True).kind == "full"
        assert read_status(cron, DAY)["state"] == State.UP_TO_DATE
        with pytest.raises(DatabaseError, match="permission denied"):
            cron.query("INSERT INTO customer_info (customer_id) VALUES (3)")


def test_a_reader_exports_with_the_grants_of_the_guide(owner: PostgresEngine, tmp_path: Path) -> None:
    grant(owner, "analyst")
    with connected(owner, "analyst") as analyst:
        for view in ("customer_360", "customer_360_core", "customer_360_analytics"):
            assert export(analyst, view, tmp_path / f"{view}.csv").rows == 1
        with pytest.raises(DatabaseError, match="GRANT SELECT ON ALL TABLES"):
            read_status(analyst, DAY)


def test_a_missing_right_is_told_with_the_grant_that_gives_it(owner: PostgresEngine, tmp_path: Path) -> None:
    def told(run: Callable[[Engine], object]) -> str:
        with connected(owner, "stranger") as stranger, pytest.raises(DatabaseError) as caught:
            run(stranger)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "customer_360" in owner.contents()
    with connected(owner, "stranger") as stranger:
        assert stranger.contents() == owner.contents()
    all_tables = 'ON ALL TABLES IN SCHEMA "public" TO "stranger"'
    assert f"GRANT SELECT {all_tables}" in told(lambda engine: read_status(engine, DAY))
    assert f"GRANT SELECT, INSERT, UPDATE, DELETE {all_tables}" in told(lambda engine: engine.build(DAY))
    assert 'GRANT SELECT ON "public".customer_360 TO "stranger"' in told(
        lambda engine: export(engine, "customer_360", tmp_path / "out.csv")
    )
    assert 'GRANT USAGE, CREATE ON SCHEMA "public"' in told(lambda engine: engine.init())
    owner.query("REVOKE TEMPORARY ON DATABASE " + owner.connection.info.dbname + " FROM PUBLIC")
    grant(owner, "patron_cron")
    with connected(owner, "patron_cron") as cron, pytest.raises(DatabaseError, match="GRANT TEMPORARY ON"):
        cron.build(DAY)
    owner.query("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    with pytest.raises(DatabaseError, match="stranger may use"):
        connected(owner, "stranger")


def test_a_build_tells_that_it_replaced_the_procedure(owner: PostgresEngine) -> None:
    assert owner.notes == ()
    other = Settings(model=Model(medium_value_above=Decimal(1)))
    with connect(owner.url, other) as elsewhere:
        elsewhere.build(DAY)
        assert "other settings" in elsewhere.notes[0]
        elsewhere.build(DAY)
        assert elsewhere.notes == ()
    grant(owner, "patron_cron")
    with connected(owner, "patron_cron") as cron, pytest.raises(DatabaseError, match="may not replace it"):
        cron.build(DAY)
    with connected(owner, "patron_cron", other) as cron:
        assert cron.build(DAY).customers == 1


def test_customers_of_products_that_are_noted_count_as_changed(owner: PostgresEngine) -> None:
    owner.query("INSERT INTO product_catalog (product_id) VALUES (1)")
    owner.query(
        "INSERT INTO purchase_transactions (transaction_id, customer_id, product_id, purchase_date, quantity, "
        "total_amount) VALUES (1, 1, 1, DATE '2024-01-01', 1, 2.50)"
    )
    owner.build(DAY)
    assert owner.changed_customers() == 0
    owner.query("INSERT INTO changed_product_catalog VALUES (1)")
    assert owner.changed_customers() == 1
    assert read_status(owner, DAY)["state"] == State.CHANGED
