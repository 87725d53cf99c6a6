"""The contract's DDL: every dialect reads it back, and the engines that enforce it do."""

from __future__ import annotations

from typing import get_args

import duckdb
import psycopg
import pytest
import sqlglot
from sqlglot import exp

from patron.contract import CONTRACT, IdType
from patron.contract.bookkeeping import BOOKKEEPING, CHANGED_CUSTOMERS, LOADS
from patron.contract.ddl import DIALECTS, comments, create_indexes, create_table, ddl
from patron.contract.tables import CUSTOMER_SERVICE, PRODUCT_VIEWS, PURCHASE_TRANSACTIONS, table_named
from patron.errors import ContractError
from tests.support.databases import Databases, requested_engines

POSTGRES = [kind for kind in requested_engines() if kind.startswith("postgres")]
ID_TYPES = get_args(IdType)


def parsed(dialect: str, id_type: IdType = "bigint") -> list[exp.Expr]:
    return [tree for tree in sqlglot.parse(ddl(dialect, id_type), dialect=dialect) if tree is not None]


@pytest.mark.parametrize("id_type", ID_TYPES)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_reads_its_script_back(dialect: str, id_type: IdType) -> None:
    trees = parsed(dialect, id_type)
    assert {type(tree) for tree in trees} <= {exp.Create, exp.Comment}
    tables = [tree for tree in trees if isinstance(tree, exp.Create) and tree.kind == "TABLE"]
    assert [tree.this.this.name for tree in tables] == [table.name for table in CONTRACT]
    for tree, table in zip(tables, CONTRACT, strict=True):
        columns = list(tree.find_all(exp.ColumnDef))
        assert [column.name for column in columns] == list(table.names)
        required = [column.name for column in columns if column.find(exp.NotNullColumnConstraint)]
        assert required == [column.name for column in table.columns if column.required]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "bigquery", "snowflake"])
def test_keys_and_references_are_declared(dialect: str) -> None:
    for tree in parsed(dialect):
        if isinstance(tree, exp.Create) and tree.kind == "TABLE":
            table = table_named(tree.this.this.name)
            keys = [key.expressions[0].name for key in tree.find_all(exp.PrimaryKey)]
            parents = [
                (key.expressions[0].name, reference.this.this.name)
                for key in tree.find_all(exp.ForeignKey)
                for reference in key.find_all(exp.Reference)
            ]
            assert keys == [table.key.name]
            assert parents == [(column.name, column.references) for column in table.references]


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])
def test_keys_that_nobody_enforces_say_so(dialect: str) -> None:
    keys = 1 + len(PRODUCT_VIEWS.references)
    assert create_table(PRODUCT_VIEWS, dialect).count("NOT ENFORCED") == keys


def test_spark_tells_keys_in_words() -> None:
    script = create_table(PRODUCT_VIEWS, "spark")
    assert "PRIMARY KEY" not in script
    assert "Primary key." in script
    assert "Refers to website_behavior.session_id." in script


def test_spark_keeps_facts_together_by_customer() -> None:
    assert create_table(PRODUCT_VIEWS, "spark").endswith("\nCLUSTER BY (customer_id)")
    assert "CLUSTER" not in create_table(table_named("customer_info"), "spark")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_meaning_is_in_the_script(dialect: str) -> None:
    literals = {str(text.this) for tree in parsed(dialect) for text in tree.find_all(exp.Literal)}
    for table in CONTRACT:
        assert table.meaning in literals
        for column in table.columns:
            assert any(text.startswith(column.meaning) for text in literals), column.name


@pytest.mark.parametrize(
    ("dialect", "bigint", "text", "timestamp"),
    [
        ("duckdb", "BIGINT", "TEXT", "TIMESTAMP"),
        ("postgres", "BIGINT", 'TEXT COLLATE "C"', "TIMESTAMP"),
        ("spark", "BIGINT", "STRING", "TIMESTAMP_NTZ"),
        ("bigquery", "INT64", "STRING", "DATETIME"),
        ("snowflake", "BIGINT", "VARCHAR", "TIMESTAMPNTZ"),
    ],
)
def test_the_id_type_changes_every_id_alike(dialect: str, bigint: str, text: str, timestamp: str) -> None:
    by_number, by_text = (create_table(PRODUCT_VIEWS, dialect, id_type) for id_type in ID_TYPES)
    for name in ("view_id", "session_id", "customer_id", "product_id"):
        assert f"\n  {name} {bigint}" in by_number
        assert f"\n  {name} {text}" in by_text
    assert f"viewed_at {timestamp} NOT NULL" in by_number


def test_indexes_are_for_postgres_only() -> None:
    assert create_indexes(PRODUCT_VIEWS, "postgres") == [
        "CREATE INDEX IF NOT EXISTS product_views_customer_id_idx ON product_views(customer_id)",
        "CREATE INDEX IF NOT EXISTS product_views_product_id_idx ON product_views(product_id)",
    ]
    others = [dialect for dialect in DIALECTS if dialect != "postgres"]
    assert all(create_indexes(table, dialect) == [] for table in CONTRACT for dialect in others)


def test_every_fact_has_an_index_on_its_customer() -> None:
    for table in CONTRACT:
        found = [one for one in create_indexes(table, "postgres") if one.endswith("(customer_id)")]
        assert len(found) == table.is_fact


def test_without_keys_a_table_keeps_its_own_rules() -> None:
    script = create_table(CUSTOMER_SERVICE, "duckdb", keys=False)
    assert "KEY" not in script
    assert "CHECK (satisfaction_score BETWEEN 1 AND 5)" in script
    assert "interaction_date DATE NOT NULL" in script


@pytest.mark.parametrize("dialect", DIALECTS)
def test_notes_have_no_key(dialect: str) -> None:
    for table in BOOKKEEPING:
        assert ("PRIMARY KEY" in create_table(table, dialect).upper()) == table.keyed
    assert LOADS.key.name == "load_id"
    with pytest.raises(ContractError, match="changed_customers has no key"):
        _ = CHANGED_CUSTOMERS.key


def test_an_unknown_dialect_gets_a_suggestion() -> None:
    with pytest.raises(ContractError, match=r"'snowflakes'\. Did you mean 'snowflake'"):
        ddl("snowflakes")


# Rows that break exactly one rule, and the rule.
WRONG = [
    ("INSERT INTO customer_info (customer_id) VALUES ('1'), ('1')", "duplicate key"),
    ("INSERT INTO customer_info (first_name) VALUES ('Ada')", "not null"),
    ("INSERT INTO product_catalog (product_id, price) VALUES ('1', -0.01)", "check"),
    (
        "INSERT INTO customer_service (interaction_id, customer_id, interaction_date, satisfaction_score) "
        "VALUES ('1', '7', '2024-01-01', 6)",
        "check",
    ),
    ("INSERT INTO website_behavior VALUES ('1', '8', '2024-01-01', 3, 60, 'direct')", "foreign key"),
]


@pytest.mark.parametrize(("statement", "rule"), WRONG)
def test_duckdb_enforces_the_contract(statement: str, rule: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(ddl("duckdb"))
        connection.execute("INSERT INTO customer_info (customer_id) VALUES (7)")
        with pytest.raises(duckdb.ConstraintException, match=f"(?i){rule}"):
            connection.execute(statement)


@pytest.mark.parametrize("kind", POSTGRES)
@pytest.mark.parametrize("id_type", ID_TYPES)
def test_postgres_enforces_the_contract(kind: str, id_type: IdType, databases: Databases) -> None:
    url = databases.empty(kind)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ddl("postgres", id_type))
        connection.execute(ddl("postgres", id_type))  # all of it is IF NOT EXISTS
        connection.execute("INSERT INTO customer_info (customer_id) VALUES ('7')")
        for statement, _ in WRONG:
            with pytest.raises(psycopg.IntegrityError):
                connection.execute(statement)
    databases.drop(url)


@pytest.mark.parametrize("kind", POSTGRES)
def test_text_sorts_by_code_point_on_postgres(kind: str, databases: Databases) -> None:
    url = databases.empty(kind)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ddl("postgres"))
        words = ["a", "B", "é", "Z", "z", "İ"]
        connection.cursor().executemany(
            "INSERT INTO product_catalog (product_id, brand) VALUES (%s, %s)", list(enumerate(words))
        )
        found = connection.execute("SELECT brand FROM product_catalog ORDER BY brand").fetchall()
    databases.drop(url)
    assert [brand for (brand,) in found] == sorted(words)


@pytest.mark.parametrize("kind", POSTGRES)
def test_postgres_shows_the_meanings(kind: str, databases: Databases) -> None:
    url = databases.empty(kind)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ddl("postgres"))
        found = connection.execute(
            "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute "
            "WHERE attrelid = 'purchase_transactions'::regclass AND attnum > 0 ORDER BY attnum"
        ).fetchall()
    databases.drop(url)
    assert [name for name, _ in found] == list(PURCHASE_TRANSACTIONS.names)
    for (_, text), column in zip(found, PURCHASE_TRANSACTIONS.columns, strict=True):
        assert text.startswith(column.meaning)


def test_comments_are_statements_only_where_ddl_has_no_clause() -> None:
    assert comments(PURCHASE_TRANSACTIONS, "snowflake") == []
    assert len(comments(PURCHASE_TRANSACTIONS, "duckdb")) == 1 + len(PURCHASE_TRANSACTIONS.columns)
