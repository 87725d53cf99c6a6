"""Reading real, odd databases and writing their DDL: in their own words it makes the same database again."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg
import pytest
import sqlglot
from sqlglot import exp

from patron.contract.catalogue import (
    Catalogue,
    Constraint,
    FoundColumn,
    FoundConstraint,
    FoundTable,
    catalogue_ddl,
)
from patron.contract.ddl import DIALECTS
from patron.engines.catalogue import read_catalogue
from patron.errors import ContractError, DatabaseBusy, DatabaseError
from tests.support.databases import Databases, requested_engines

POSTGRES = [kind for kind in requested_engines() if kind.startswith("postgres")]

HERE = Path(__file__).parent
ODD_DUCKDB = (HERE / "odd_duckdb.sql").read_text("utf-8")
ODD_POSTGRES = (HERE / "odd_postgres.sql").read_text("utf-8")


def run(url: str, script: str) -> None:
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(script.encode())
    else:
        with closing(duckdb.connect(url)) as connection:
            connection.execute(script)


_read: dict[str, Catalogue] = {}


@pytest.fixture
def odd(kind: str, databases: Databases) -> Catalogue:
    """The catalogue of an odd database, read once on each engine."""
    if kind not in _read:
        url = databases.empty(kind)
        run(url, ODD_POSTGRES if kind in POSTGRES else ODD_DUCKDB)
        _read[kind] = read_catalogue(url)
        databases.drop(url)
    return _read[kind]


def table(catalogue: Catalogue, name: str) -> FoundTable:
    return next(one for one in catalogue.tables if one.name == name)


def test_all_tables_of_all_schemas_and_nothing_else(kind: str, odd: Catalogue) -> None:
    names = {f"{one.schema}.{one.name}" for one in odd.tables}
    main = ["public.a_child", "public.b_parent", "public.sales"]
    if kind == "duckdb":
        main = ["main.a_parent", "main.b_child"]
    assert names == {*main, "odd schema.pair", 'odd schema.We"ird "table"'}


def test_odd_names_come_as_they_are(odd: Catalogue) -> None:
    columns = table(odd, 'We"ird "table"').columns
    assert [column.name for column in columns] == ["order", "select", "a,b", "naïve; DROP TABLE x"]
    assert [column.nullable for column in columns] == [False, False, True, True]
    assert columns[0].comment == "it's\n  two lines"


def test_keys_keep_their_order(odd: Catalogue) -> None:
    weird, pair = table(odd, 'We"ird "table"'), table(odd, "pair")
    assert weird.primary_key == ("order", "select")
    (key,) = pair.foreign_keys
    assert (key.columns, key.parent, key.parent_columns) == (("from", "to"), weird.id, ("order", "select"))


def test_only_an_index_over_columns_of_all_rows_names_columns(kind: str, odd: Catalogue) -> None:
    parent = table(odd, "b_parent" if kind in POSTGRES else "a_parent")
    columns = {index.name: index.columns for index in parent.indexes}
    assert columns.pop("i x") == (("cost", "at") if kind in POSTGRES else ("price", "seen"))
    assert set(columns.values()) == {()}


def test_its_own_ddl_makes_the_same_database_again(kind: str, odd: Catalogue, databases: Databases) -> None:
    url = databases.empty(kind)
    run(url, catalogue_ddl(odd))
    again = read_catalogue(url)
    databases.drop(url)
    assert again == odd


def test_another_engine_runs_its_ddl(kind: str, odd: Catalogue, databases: Databases) -> None:
    others = ["duckdb"] if kind in POSTGRES else POSTGRES
    if not others:
        pytest.skip("PATRON_TEST_ENGINES leaves one engine only")
    other = others[0]
    url = databases.empty(other)
    run(url, catalogue_ddl(odd, "duckdb" if other == "duckdb" else "postgres"))
    again = read_catalogue(url)
    databases.drop(url)
    assert {one.name for one in again.tables} == {one.name for one in odd.tables}
    for one in odd.tables:
        assert [column.name for column in table(again, one.name).columns] == [c.name for c in one.columns]
        assert table(again, one.name).primary_key == one.primary_key


def test_every_other_dialect_reads_its_ddl_back(odd: Catalogue) -> None:
    for dialect in set(DIALECTS) - {odd.dialect}:
        trees = [tree for tree in sqlglot.parse(catalogue_ddl(odd, dialect), dialect=dialect) if tree]
        made = [tree for tree in trees if isinstance(tree, exp.Create) and tree.kind == "TABLE"]
        assert {tree.this.this.name for tree in made} == {one.name for one in odd.tables}
        assert not any(isinstance(tree, exp.Command) for tree in trees)


def test_what_another_dialect_lacks_is_named(kind: str, odd: Catalogue) -> None:
    lost = [line for line in catalogue_ddl(odd, "snowflake").splitlines() if line.startswith("-- Left out: ")]
    text = "\n".join(lost)
    for word in ["CHECK", "by_expression", "it''s", "UNIQUE", "sequence" if kind in POSTGRES else "SEQUENCE"]:
        assert word.lower() in text.lower(), word
    assert "type inet of" in text if kind in POSTGRES else "type STRUCT" in text


def test_a_circle_of_tables_is_closed_at_the_end() -> None:
    def node(name: str, other: str) -> FoundTable:
        key = FoundConstraint(
            Constraint.FOREIGN_KEY,
            ("x",),
            f'FOREIGN KEY (x) REFERENCES "{other}" (x)',
            ("main", other),
            ("x",),
        )
        primary = FoundConstraint(Constraint.PRIMARY_KEY, ("x",), "PRIMARY KEY (x)")
        return FoundTable("main", name, (FoundColumn("x", "INTEGER", "INTEGER"),), (primary, key))

    circle = Catalogue("duckdb", "main", (node("one", "two"), node("two", "one")))
    assert 'ALTER TABLE "one" ADD FOREIGN KEY ("x") REFERENCES "two" ("x");' in catalogue_ddl(
        circle, "postgres"
    )
    assert '-- Left out: ALTER TABLE "one" ADD FOREIGN KEY' in catalogue_ddl(circle)


@pytest.mark.parametrize("kind", POSTGRES[:1])
def test_a_schema_of_the_search_path_is_named_all_the_same(kind: str, databases: Databases) -> None:
    url = databases.empty(kind)
    run(url, 'CREATE SCHEMA "the shop"; CREATE TABLE "the shop".stock (id bigint PRIMARY KEY)')
    script = catalogue_ddl(read_catalogue(f"{url}&options=-csearch_path%3D%22the%5C%20shop%22"))
    databases.drop(url)
    assert 'CREATE SCHEMA IF NOT EXISTS "the shop";' in script
    assert 'CREATE TABLE IF NOT EXISTS "the shop"."stock"' in script


def test_an_empty_database_has_no_tables(empty_url: str, kind: str) -> None:
    if kind == "duckdb":
        duckdb.connect(empty_url).close()
    catalogue = read_catalogue(empty_url)
    assert catalogue.tables == ()
    assert catalogue_ddl(catalogue).rstrip().endswith(": 0.")


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(ContractError, match="oracle"):
        catalogue_ddl(Catalogue("duckdb", "main", ()), "oracle")


def test_reading_leaves_a_file_as_it_is(databases: Databases) -> None:
    url = databases.empty("duckdb")
    run(url, ODD_DUCKDB)
    before = Path(url).read_bytes()
    read_catalogue(url)
    assert Path(url).read_bytes() == before
    databases.drop(url)


@pytest.mark.parametrize("kind", POSTGRES)
def test_schemas_that_the_user_may_not_use_stay_out(kind: str, databases: Databases) -> None:
    url = databases.empty(kind)
    run(url, ODD_POSTGRES)
    run(url, "CREATE ROLE narrow_reader LOGIN; GRANT USAGE ON SCHEMA public TO narrow_reader")
    catalogue = read_catalogue(url.replace("postgres@", "narrow_reader@"))
    run(url, "DROP OWNED BY narrow_reader; DROP ROLE narrow_reader")
    databases.drop(url)
    assert {one.schema for one in catalogue.tables} == {"public"}


def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("nothing")
    text = folder / "notes.duckdb"
    text.write_text("this is no database " * 500)
    for url in [str(folder / "none.duckdb"), str(folder), str(text), f"duckdb:///{folder}/none"]:
        with pytest.raises(DatabaseError) as told:
            read_catalogue(url)
        assert "\n" not in str(told.value)
        assert str(folder) in str(told.value)
    with pytest.raises(DatabaseError, match="mysql://"):
        read_catalogue("mysql://somewhere/shop")


def test_a_password_is_never_told() -> None:
    for url in [
        "postgresql://ada:s3cret@localhost:1/shop",
        "postgresql://ada:s3cret@localhost:none/shop",
        "postgresql://ada:s3cret@localhost/shop?nonsense=s3cret",
    ]:
        with pytest.raises(DatabaseError) as told:
            read_catalogue(url)
        assert "s3cret" not in str(told.value)


def test_a_file_in_use_is_told_to_be(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("busy") / "busy.duckdb"
    hold = f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(DatabaseBusy, match=f"in use by process {holder.pid}"):
            read_catalogue(str(path))
        holder.communicate("\n")
