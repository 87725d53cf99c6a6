"""A mapping cannot harm: what its SQL may be, and that what leaks through the list finds the door shut."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from patron.sources.mapping.context import Sort, Typing
from patron.sources.mapping.expressions import NotAllowed, parse_expression, parse_query
from patron.sources.mapping.model import Options
from patron.sources.mapping.sandbox import Sandbox
from patron.sources.mapping.writing import Writing

COLUMNS = {
    "Menge": "VARCHAR",
    "Preis": "VARCHAR",
    "Datum": "VARCHAR",
    "n": "BIGINT",
    "Order Date": "VARCHAR",
    "a.b": "VARCHAR",
}
ROW = ("1.234,5", "2,00", "31.03.2024", 5, "x", "q")

ATTACKS = [
    "read_csv('/etc/passwd')",
    "read_text('/etc/passwd')",
    "read_text('/etc/passwd').content",
    "read_blob('/etc/passwd')",
    "glob('/*')",
    "getenv('HOME')",
    "'HOME'.getenv()",
    "n.getenv()",
    "main.getenv('HOME')",
    "system.main.getenv('HOME')",
    "current_setting('temp_directory')",
    "getvariable('x')",
    "query('SELECT 1')",
    "query_table('t')",
    "sqlite_scan('a', 'b')",
    "postgres_query('a', 'b')",
    "pg_read_file('x')",
    "nextval('s')",
    "set_config('a', 'b')",
    "pragma_version()",
    "duckdb_secrets()",
    "which_secret('x', 's3')",
    "checkpoint()",
    "my_function(n)",
    "(SELECT 1)",
    "n IN (SELECT 1)",
    "EXISTS (SELECT 1)",
    "n = ANY (SELECT 1)",
    "COLUMNS('.*')",
    "*",
    "SUM(n)",
    "ROW_NUMBER() OVER ()",
    "list_transform([1], x -> x)",
    "UNNEST([1, 2])",
    "range(1000000000)",
    "repeat('x', 1000000000)",
    "now()",
    "CURRENT_DATE",
    "CURRENT_USER",
    "random()",
    "uuid()",
    "version()",
    "error('x')",
    "$1",
    "?",
    "n::my_enum",
    "n::STRUCT(a INT)",
    "n; DROP TABLE t",
    "n) FROM t; DROP TABLE t --",
    "COPY t TO 'x'",
    "ATTACH 'x'",
    "INSTALL httpfs",
    "SET memory_limit = '1GB'",
    "SELECT n",
    "n AS m",
    "x.n",
    "rowid",
    "",
    "(",
    "'",
    "n +",
]

QUERIES = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd"',
    "FROM '/etc/passwd.csv'",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM system.information_schema.tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM glob('*')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('lines')",
    "SELECT * FROM lines, pragma_table_info('lines')",
    "SELECT * FROM lines, LATERAL (SELECT getenv('HOME'))",
    "SELECT getenv('HOME') FROM lines",
    "SELECT (SELECT content FROM read_text('/etc/passwd')) FROM lines",
    "SELECT * FROM lines WHERE EXISTS (SELECT 1 FROM other)",
    "SELECT * FROM lines UNION SELECT * FROM other",
    "WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT 1 FROM x) SELECT * FROM x",
    "SELECT * FROM range(1000000000)",
    "SELECT COLUMNS('.*') FROM lines",
    "COPY (SELECT 1) TO 'x'",
    "COPY lines FROM '/etc/passwd'",
    "ATTACH 'x' AS y",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "SET memory_limit = '1GB'",
    "EXPORT DATABASE 'x'",
    "CREATE TABLE x AS SELECT 1",
    "INSERT INTO lines SELECT 1",
    "DELETE FROM lines",
    "DROP TABLE lines",
    "SELECT 1; DROP TABLE lines",
    "PIVOT lines ON n",
    "SUMMARIZE lines",
    "DESCRIBE lines",
    "SHOW TABLES",
    "SELECT $1 FROM lines",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_what_is_no_expression_over_the_row_is_refused(text: str) -> None:
    with pytest.raises(NotAllowed):
        parse_expression(text, COLUMNS)


@pytest.mark.parametrize("text", QUERIES)
def test_what_is_no_query_over_the_inputs_is_refused(text: str) -> None:
    with pytest.raises(NotAllowed):
        parse_query(text, ["lines"])


@pytest.mark.parametrize(
    "text",
    [
        "WITH sqlite_master AS (SELECT * FROM lines) SELECT * FROM sqlite_master",
        "SELECT * FROM (WITH sqlite_master AS (SELECT 1) SELECT 1) AS a, sqlite_master",
        "WITH a AS (SELECT * FROM sqlite_master), sqlite_master AS (SELECT 1) SELECT * FROM a",
    ],
)
def test_what_a_query_names_itself_never_means_the_catalogue(text: str) -> None:
    tree, _ = parse_query(text, ["lines"])
    assert {one.name for one in tree.find_all(exp.Table)} <= {"lines", "with_a", "with_sqlite_master"}
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE lines AS SELECT 7 AS n")
        if "FROM lines" in text:
            assert connection.execute(tree.sql("duckdb")).fetchall() == [(7,)]
        else:
            with pytest.raises(duckdb.CatalogException):
                connection.execute(tree.sql("duckdb"))


@given(text=st.text(max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    with suppress(NotAllowed):  # and nothing else is raised
        parse_expression(text, COLUMNS)


@pytest.mark.parametrize(
    ("text", "wanted", "value"),
    [
        ("menge * preis", Sort.NUMBER, 2469),
        ("'INV' || n", None, "INV5"),
        ("COALESCE(Menge, 0)", Sort.NUMBER, 1234.5),
        ("-menge", Sort.NUMBER, -1234.5),
        ("ROUND(menge / 7, 2)", Sort.NUMBER, 176.36),
        ("CASE WHEN Menge > 1000 THEN Datum END", Sort.DAY, "2024-03-31 00:00:00"),
        ("Datum + INTERVAL 1 DAY", Sort.DAY, "2024-04-01 00:00:00"),
        ("YEAR(Datum)", Sort.NUMBER, 2024),
        ("Datum BETWEEN DATE '2024-01-01' AND '2024-12-31'", None, True),
        ("REPLACE(preis, '€', '') * 2", Sort.NUMBER, 4),
        ("GREATEST(menge, preis)", Sort.NUMBER, 1234.5),
        ("n * 100_000_000", None, 500_000_000),
        ("LOWER(datum)", None, "31.03.2024"),
        ("order date", None, "x"),
        ('"Order Date"', None, "x"),
        ("a.b", None, "q"),
        ("SPLIT_PART(datum, '.', 3)", None, "2024"),
    ],
)
def test_text_is_taken_for_what_the_expression_needs(text: str, wanted: Sort | None, value: Any) -> None:
    typing = Typing(COLUMNS, Writing.of(Options(decimal_mark=",", date_format="%d.%m.%Y")))
    typed = typing.typed(parse_expression(text, COLUMNS), wanted)
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
        connection.execute(f"CREATE TABLE row_there ({columns})")
        connection.execute("INSERT INTO row_there VALUES (?, ?, ?, ?, ?, ?)", ROW)
        faults = "".join(f", {fault.condition}" for fault in typed.faults)
        found = connection.execute(f"SELECT {typed.tree.sql('duckdb')}{faults} FROM row_there").fetchall()[0]
    assert found[0] == value or str(found[0]) == value
    assert not any(found[1:])


@pytest.mark.parametrize(
    ("mark", "text", "number"),
    [
        (",", "1.234,50", "1234.50"),
        (",", "1234,5", "1234.5"),
        (",", "-0,5", "-0.5"),
        (",", "1\u00a0234,5", "1234.5"),
        (",", "1'234,5", "1234.5"),
        (",", "12.50", None),
        (",", "1.2.3", None),
        (",", "", None),
        (".", "1,234.50", "1234.50"),
        (".", "12,50", None),
        (None, "1,234.50", None),
        (None, "12.5", "12.5"),
        (None, "inf", None),
        (None, "1_000", None),
    ],
)
def test_numbers_are_read_as_they_are_written(mark: Any, text: str, number: str | None) -> None:
    digits = Writing(decimal_mark=mark).digits("value")
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT {digits} FROM (SELECT CAST(? AS VARCHAR) AS value)", [text])
        assert found.fetchall() == [(number,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/*')",
        "COPY landed TO '/tmp/patron-leak.csv'",
        "ATTACH '/tmp/patron-leak.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '1GB'",
        "EXPORT DATABASE '/tmp/patron-leak'",
        "SELECT * FROM python_variable",
    ],
)
def test_the_sandbox_is_shut(tmp_path: Path, statement: str) -> None:
    python_variable = [1]
    with duckdb.connect() as like:
        sandbox = Sandbox(tmp_path, like)
    sandbox.connection.execute("CREATE TABLE landed AS SELECT 1 AS n")
    sandbox.lock()
    with pytest.raises(duckdb.Error):
        sandbox.connection.execute(statement).fetchall()
    assert sandbox.connection.execute("SELECT n FROM landed").fetchall() == [tuple(python_variable)]
    sandbox.close()
