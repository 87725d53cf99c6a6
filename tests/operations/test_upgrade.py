"""A database of another version says so and is upgraded whole or not at all."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from patron.contract import CONTRACT, versions
from patron.contract.bookkeeping import BOOKKEEPING
from patron.contract.versions import Version
from patron.engines import Engine, connect
from patron.engines.serving import serve
from patron.errors import NoDatabase, OtherVersion
from patron.settings import Settings
from tests.conftest import MakeEngine
from tests.operations.releases import RELEASES, restored
from tests.robustness.child import Child
from tests.robustness.seed import seeded
from tests.robustness.states import SHOP, state_of
from tests.robustness.stock import SECOND_DAY
from tests.support.databases import Databases, rows
from tests.support.models import Changes, other_model

KEPT = {table.name for table in (*CONTRACT, *BOOKKEEPING)}
RENAMED = "renamed_for_the_test"
# What a later release might bring: a kept column of another name, one that is moved, and rows that are changed.
NEXT = Version(
    versions.schema_version() + 1,
    "Reasons are kept in capitals.",
    (
        "ALTER TABLE discards RENAME COLUMN why TO renamed_for_the_test",
        "UPDATE quarantine SET reason_code = UPPER(reason_code)",
        "ALTER TABLE discards ADD COLUMN why TEXT",
    ),
)
BROKEN = Version(
    NEXT.number,
    "It fails.",
    (*NEXT.statements, "UPDATE quarantine SET load_id = CAST(reason_code AS BIGINT)"),
)


def any_version(url: str) -> Engine:
    return connect(url, Settings(), any_version=True)


def make_unversioned(url: str) -> None:
    """Take from a database what tells the version of its schema, as it was before versions were counted."""
    with any_version(url) as engine:
        engine.query("DROP TABLE schema_history")


def set_version(url: str, version: int) -> None:
    with any_version(url) as engine:
        engine.query("UPDATE schema_history SET schema_version = ?", [version])


@pytest.fixture(params=RELEASES)
def released(request: pytest.FixtureRequest, kind: str, databases: Databases) -> str:
    """The URL of a database that a released version made."""
    return restored(request.param, kind, databases)


def test_there_is_a_released_database() -> None:
    assert "0.1.0" in RELEASES


def test_a_released_database_becomes_like_a_new_one(released: str, make_engine: MakeEngine) -> None:
    with any_version(released) as engine:
        before = state_of(engine, *SHOP)
        done = engine.upgrade()
        assert done.after == versions.schema_version()
        new = make_engine().columns()
        found = engine.columns()
        assert {name: sorted(found[name]) for name in new} == {name: sorted(new[name]) for name in new}
        assert state_of(engine, *SHOP) == before
    with connect(released, Settings()) as engine:
        record = engine.build(SECOND_DAY)
        assert record.customers > 0
        assert all(figure.agrees for figure in record.reconciliation)
        again = engine.upgrade()
        assert (again.versions, again.changes, again.needs_build) == ((), (), False)


def test_a_change_of_what_is_kept_is_a_version_of_the_schema(
    kind: str, databases: Databases, make_engine: MakeEngine
) -> None:
    with any_version(restored(RELEASES[-1], kind, databases)) as engine:
        if engine.schema_version() != versions.schema_version():
            return  # there is a version for what changed since
        released, new = engine.columns(), make_engine().columns()
    for name in KEPT:
        assert sorted(released[name]) == sorted(new[name]), (
            f"{name} is no longer as released: add a Version to patron.contract.versions"
        )


def test_an_earlier_schema_is_told_in_one_sentence(empty_url: str) -> None:
    with connect(empty_url, Settings()) as engine:
        engine.init()
    make_unversioned(empty_url)
    for opening in (lambda: connect(empty_url, Settings()), lambda: serve(empty_url, Settings())):
        with pytest.raises(OtherVersion) as caught:
            opening().close()
        assert str(caught.value).count(". ") == 0
        assert "was made by an earlier version of Patron, with version 0 of the schema" in str(caught.value)
        assert "`patron upgrade`" in str(caught.value)
    with any_version(empty_url) as engine:
        assert engine.upgrade().before == 0
    connect(empty_url, Settings()).close()


def test_a_later_schema_is_told_and_left_alone(empty_url: str) -> None:
    with connect(empty_url, Settings()) as engine:
        engine.init()
    set_version(empty_url, 99)
    for opening in (lambda: connect(empty_url, Settings()), lambda: serve(empty_url, Settings())):
        with pytest.raises(
            OtherVersion, match=r"a later version of Patron, with version 99 .*install that Patron"
        ):
            opening().close()
    with any_version(empty_url) as engine:
        before = engine.columns()
        with pytest.raises(OtherVersion, match="version 99"):
            engine.upgrade()
        assert engine.columns() == before


def test_where_nothing_is_there_is_nothing_to_upgrade(empty_url: str) -> None:
    with connect(empty_url, Settings()) as engine:
        engine.query("CREATE TABLE builds (number BIGINT)")  # somebody else's
        with pytest.raises(NoDatabase, match="patron init"):
            engine.upgrade()
        assert list(engine.contents()) == ["builds"]
    with pytest.raises(NoDatabase, match="none of Patron's tables; run `patron init` first"):
        serve(empty_url, Settings()).close()


def test_a_version_runs_its_statements(released: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "VERSIONS", (*versions.VERSIONS, NEXT))
    with any_version(released) as engine:
        assert NEXT in engine.upgrade().versions
        names = [name for name, _ in engine.columns()["discards"]]
        assert {"why", RENAMED} <= set(names)
        codes = {row["reason_code"] for row in rows(engine, "SELECT reason_code FROM quarantine")}
        assert codes == {code.upper() for code in codes} != set()
        assert engine.schema_version() == NEXT.number


def test_a_dry_run_leaves_all_as_it_was(released: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "VERSIONS", (*versions.VERSIONS, NEXT))
    with any_version(released) as engine:
        before = engine.columns(), state_of(engine), engine.schema_version()
        done = engine.upgrade(dry_run=True)
        assert f"discards gets {RENAMED}" in done.changes
        assert (engine.columns(), state_of(engine), engine.schema_version()) == before


def test_a_version_that_fails_leaves_all_as_it_was(released: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "VERSIONS", (*versions.VERSIONS, BROKEN))
    with any_version(released) as engine:
        before = engine.columns(), state_of(engine), engine.schema_version()
        with pytest.raises(Exception, match=r"(?i)convert|invalid input"):
            engine.upgrade()
    with any_version(released) as engine:
        assert (engine.columns(), state_of(engine), engine.schema_version()) == before


def test_a_server_does_not_show_what_another_model_has_filled(empty_url: str, tmp_path: Path) -> None:
    with connect(empty_url, Settings()) as engine:
        engine.init()
    serve(empty_url, Settings()).close()
    other: Changes = {
        "customer_features": (
            "    first_name,   ",
            "    total_returns AS brought_back, -- Returns.\n    first_name,   ",
        )
    }
    with other_model(tmp_path / "model", other):
        with pytest.raises(OtherVersion, match=r"customer_features lacks brought_back.*`patron upgrade`"):
            serve(empty_url, Settings()).close()
        with connect(empty_url, Settings()) as engine:
            assert "customer_features gets brought_back" in engine.upgrade().changes
        serve(empty_url, Settings()).close()


def upgrade_to_next(engine: Engine) -> None:
    """Upgrade to a version with statements of its own, in a process of its own."""
    versions.VERSIONS = (*versions.VERSIONS, NEXT)
    engine.upgrade()


@pytest.mark.slow
def test_a_kill_leaves_the_old_or_the_new(kind: str, databases: Databases) -> None:
    """Kill -9 at random moments of an upgrade."""
    rng: random.Random = seeded(f"upgrade on {kind}")
    made = restored(RELEASES[0], kind, databases)
    seen = set()
    for number in range(6):
        url = made if number == 0 else restored(RELEASES[0], kind, databases)
        with any_version(url) as engine:
            old = engine.columns(), state_of(engine)
        with Child(url, upgrade_to_next) as child:
            if number == 5:
                child.works()
            else:
                child.works_for(rng.uniform(0, 0.25))
            child.kill()
        with any_version(url) as engine:
            found = engine.schema_version()
            if found != NEXT.number:
                assert (engine.columns(), state_of(engine)) == old
            else:
                assert RENAMED in dict(engine.columns()["discards"])
            seen.add(found == NEXT.number)
        databases.drop(url)
    assert True in seen
