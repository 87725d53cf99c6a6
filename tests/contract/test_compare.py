"""How far a database is from the contract: each kind of difference, and none where there is none."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import get_args

import pytest

from patron.contract import CONTRACT, IdType
from patron.contract.catalogue import (
    Catalogue,
    Constraint,
    FoundColumn,
    FoundConstraint,
    FoundIndex,
    FoundTable,
)
from patron.contract.compare import Difference, Kind, Status, TableComparison, compare
from patron.contract.ddl import ddl
from patron.engines.catalogue import read_catalogue
from tests.contract.test_catalogue import POSTGRES, run
from tests.support.databases import Databases

CUSTOMERS = FoundTable(
    "public",
    "customer_info",
    (
        FoundColumn("customer_id", "bigint", "bigint", nullable=False),
        FoundColumn("first_name", "text", "text", collation="C"),
        FoundColumn("last_name", "text", "text", collation="C"),
        FoundColumn("email", "text", "text", collation="C"),
        FoundColumn("phone_number", "text", "text", collation="C"),
        FoundColumn("date_of_birth", "date", "date"),
        FoundColumn("registration_date", "date", "date"),
    ),
    (FoundConstraint(Constraint.PRIMARY_KEY, ("customer_id",), "PRIMARY KEY (customer_id)"),),
)


def compared(*tables: FoundTable, of: str = "customer_info", folds_case: bool = False) -> TableComparison:
    """The table beside the contract, but for the checks, which no table here has."""
    result = compare(Catalogue("postgres", "public", tables, folds_case=folds_case))
    table = next(table for table in result.tables if table.table == of)
    return replace(table, differences=tuple(one for one in table.differences if one.kind is not Kind.CHECK))


def with_column(**changed: FoundColumn | None) -> FoundTable:
    """Customers with columns replaced, added, or left out (None)."""
    columns = {column.name: column for column in CUSTOMERS.columns} | changed
    return replace(CUSTOMERS, columns=tuple(column for column in columns.values() if column))


@pytest.mark.parametrize("id_type", get_args(IdType))
def test_the_contract_itself_does_not_differ(kind: str, id_type: IdType, databases: Databases) -> None:
    url = databases.empty(kind)
    run(url, ddl("postgres" if kind in POSTGRES else "duckdb", id_type))
    result = compare(read_catalogue(url), id_type)
    databases.drop(url)
    assert [table.table for table in result.tables] == [table.name for table in CONTRACT]
    assert {table.status for table in result.tables} == {Status.PRESENT}
    assert [table.differences for table in result.tables] == [()] * len(CONTRACT)
    assert all(table.loads for table in result.tables)
    assert result.others == ()


def test_missing_checks(kind: str, databases: Databases) -> None:
    dialect = "postgres" if kind in POSTGRES else "duckdb"
    url = databases.empty(kind)
    script = ddl(dialect)
    for check in ("CHECK (quantity >= 0 OR total_amount <= 0),", "CHECK (time_spent >= 0)"):
        assert check in script
        script = script.replace(check, "")
    run(url, script)
    result = {table.table: table for table in compare(read_catalogue(url)).tables}
    databases.drop(url)
    assert result["purchase_transactions"].differences == (
        Difference(Kind.CHECK, "quantity", "CHECK (quantity >= 0 OR total_amount <= 0)", None),
    )
    assert result["website_behavior"].differences == (
        Difference(Kind.CHECK, "time_spent", "CHECK (time_spent >= 0)", None),
    )
    assert all(table.loads for table in result.values())


def test_an_empty_database_has_everything_missing() -> None:
    result = compare(Catalogue("postgres", "public", ()))
    assert {table.status for table in result.tables} == {Status.MISSING}
    assert not any(table.loads for table in result.tables)


def test_the_other_id_type_differs_in_every_id(kind: str, databases: Databases) -> None:
    url = databases.empty(kind)
    run(url, ddl("postgres" if kind in POSTGRES else "duckdb", "text"))
    result = compare(read_catalogue(url), "bigint")
    databases.drop(url)
    views = next(table for table in result.tables if table.table == "product_views")
    assert {one.column for one in views.differences} == {"view_id", "session_id", "customer_id", "product_id"}
    assert {one.kind for one in views.differences} == {Kind.INCOMPATIBLE_TYPE}


def test_missing_and_extra_columns() -> None:
    table = with_column(email=None, customer_id=None, tier=FoundColumn("tier", "text", "text"))
    assert compared(table).differences == (
        Difference(Kind.MISSING_COLUMN, "customer_id", "BIGINT", None, blocking=True),
        Difference(Kind.MISSING_COLUMN, "email", "TEXT", None),
        Difference(Kind.EXTRA_COLUMN, "tier", None, "text"),
    )
    assert not compared(table).loads


@pytest.mark.parametrize(
    ("column", "found", "kind"),
    [
        ("customer_id", "integer", Kind.COMPATIBLE_TYPE),
        ("customer_id", "numeric(10,0)", Kind.COMPATIBLE_TYPE),
        ("customer_id", "uuid", Kind.INCOMPATIBLE_TYPE),
        ("customer_id", "text", Kind.INCOMPATIBLE_TYPE),
        ("customer_id", "double precision", Kind.COMPATIBLE_TYPE),
        ("phone_number", "character varying", None),
        ("phone_number", "character varying(20)", Kind.COMPATIBLE_TYPE),
        ("phone_number", "bigint", Kind.COMPATIBLE_TYPE),
        ("phone_number", "uuid", Kind.COMPATIBLE_TYPE),
        ("phone_number", "bytea", Kind.INCOMPATIBLE_TYPE),
        ("phone_number", "text[]", Kind.INCOMPATIBLE_TYPE),
        ("date_of_birth", "timestamp without time zone", Kind.COMPATIBLE_TYPE),
        ("date_of_birth", "timestamp with time zone", Kind.COMPATIBLE_TYPE),
        ("date_of_birth", "text", Kind.COMPATIBLE_TYPE),
        ("date_of_birth", "integer", Kind.INCOMPATIBLE_TYPE),
        ("date_of_birth", '"odd schema".day', Kind.INCOMPATIBLE_TYPE),
    ],
)
def test_differing_types(column: str, found: str, kind: Kind | None) -> None:
    nullable = column != "customer_id"
    table = with_column(**{column: FoundColumn(column, found, found, nullable)})
    differences = compared(table).differences
    assert [one.kind for one in differences] == ([kind] if kind else [])
    for one in differences:
        assert (one.column, one.found) == (column, found)
        assert one.blocking == (kind is Kind.INCOMPATIBLE_TYPE)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ("DECIMAL(18,2)", None),
        ("DECIMAL(10,4)", Kind.COMPATIBLE_TYPE),
        ("DOUBLE", Kind.COMPATIBLE_TYPE),
        ("UBIGINT", Kind.COMPATIBLE_TYPE),
        ("BOOLEAN", Kind.INCOMPATIBLE_TYPE),
        ("STRUCT(a INTEGER)", Kind.INCOMPATIBLE_TYPE),
    ],
)
def test_differing_types_of_money_on_duckdb(found: str, kind: Kind | None) -> None:
    price = FoundColumn("price", found, found)
    result = compare(Catalogue("duckdb", "main", (FoundTable("main", "product_catalog", (price,)),)))
    products = next(table for table in result.tables if table.table == "product_catalog")
    kinds = [one.kind for one in products.differences if one.column == "price" and one.kind is not Kind.CHECK]
    assert kinds == ([kind] if kind else [])


def test_a_domain_is_judged_by_what_is_beneath() -> None:
    table = with_column(email=FoundColumn("email", "shop.email", "text", collation="C"))
    assert compared(table).differences == ()


def test_a_column_that_may_be_empty() -> None:
    table = with_column(customer_id=FoundColumn("customer_id", "bigint", "bigint", nullable=True))
    assert compared(table).differences == (Difference(Kind.NULLABLE, "customer_id", "NOT NULL", "NULL"),)
    assert compared(table).loads


def test_a_collation_that_does_not_sort_by_code_point() -> None:
    table = with_column(last_name=FoundColumn("last_name", "text", "text", collation="tr-x-icu"))
    assert compared(table).differences == (Difference(Kind.COLLATION, "last_name", "C", "tr-x-icu"),)


@pytest.mark.parametrize("kind", [kind for kind in POSTGRES if kind == "postgres15"])
def test_a_databases_own_collation_counts(kind: str, databases: Databases) -> None:
    url = databases.empty(kind)  # sorts as Turkish does
    run(url, ddl("duckdb"))
    result = compare(read_catalogue(url))
    databases.drop(url)
    names = [one.column for one in result.tables[0].differences if one.kind is Kind.COLLATION]
    assert names == ["first_name", "last_name", "email", "phone_number"]


def test_keys() -> None:
    none = replace(CUSTOMERS, constraints=())
    assert compared(none).differences == (Difference(Kind.KEY, "customer_id", "customer_id", None),)
    pair = FoundConstraint(Constraint.PRIMARY_KEY, ("customer_id", "email"), "")
    wider = replace(CUSTOMERS, constraints=(pair,))
    assert compared(wider).differences == (
        Difference(Kind.KEY, "customer_id", "customer_id", "customer_id, email"),
    )
    unique = replace(CUSTOMERS, constraints=(FoundConstraint(Constraint.UNIQUE, ("customer_id",), ""),))
    assert compared(unique).differences == ()
    indexed = replace(none, indexes=(FoundIndex("by_id", ("customer_id",), True, ""),))
    assert compared(indexed).differences == ()


VISITS = FoundTable(
    "public",
    "website_behavior",
    (
        FoundColumn("session_id", "bigint", "bigint", nullable=False),
        FoundColumn("customer_id", "bigint", "bigint", nullable=False),
        FoundColumn("visit_date", "date", "date", nullable=False),
        FoundColumn("pages_viewed", "integer", "integer"),
        FoundColumn("time_spent", "integer", "integer"),
        FoundColumn("source", "text", "text", collation="C"),
    ),
    (FoundConstraint(Constraint.PRIMARY_KEY, ("session_id",), ""),),
)


def visits(
    *,
    parent: tuple[str, str] = ("public", "customer_info"),
    to: str = "customer_id",
    index: str = "customer_id",
) -> FoundTable:
    key = FoundConstraint(Constraint.FOREIGN_KEY, ("customer_id",), "", parent, (to,))
    lookup = FoundIndex("lookup", (index, "visit_date"), False, "")
    return replace(VISITS, constraints=(*VISITS.constraints, key), indexes=(lookup,))


def test_references() -> None:
    assert compared(CUSTOMERS, visits(), of="website_behavior").differences == ()
    for parent, to, found in [
        (("old", "customer_info"), "customer_id", "customer_info (customer_id)"),
        (("public", "people"), "id", "people (id)"),
    ]:
        differences = compared(CUSTOMERS, visits(parent=parent, to=to), of="website_behavior").differences
        assert differences == (
            Difference(Kind.REFERENCE, "customer_id", "customer_info (customer_id)", found),
        )
    missing = compared(CUSTOMERS, replace(visits(), constraints=VISITS.constraints), of="website_behavior")
    assert [(one.kind, one.found) for one in missing.differences] == [(Kind.REFERENCE, None)]


def test_indexes_lead_with_their_column() -> None:
    other = compared(CUSTOMERS, visits(index="source"), of="website_behavior")
    assert other.differences == (Difference(Kind.INDEX, "customer_id", "customer_id", None),)


def test_duckdb_wants_no_indexes(databases: Databases) -> None:
    url = databases.empty("duckdb")
    run(url, "CREATE TABLE website_behavior (session_id BIGINT PRIMARY KEY, customer_id BIGINT NOT NULL)")
    visits = next(one for one in compare(read_catalogue(url)).tables if one.table == "website_behavior")
    databases.drop(url)
    assert Kind.INDEX not in {one.kind for one in visits.differences}


def test_the_default_schema_comes_first() -> None:
    elsewhere = replace(CUSTOMERS, schema="archive")
    assert compared(elsewhere, CUSTOMERS).found == "public.customer_info"
    assert compared(elsewhere).found == "archive.customer_info"


@pytest.mark.parametrize("kind", POSTGRES[:1])
def test_on_postgres_the_search_path_says_which_schema_is_the_default(
    kind: str, databases: Databases
) -> None:
    url = databases.empty(kind)
    run(url, f"{ddl('postgres')} CREATE SCHEMA shop; SET search_path = shop; {ddl('postgres', 'text')}")
    result = compare(read_catalogue(f"{url}&options=-csearch_path%3Dshop"), "text")
    databases.drop(url)
    assert {table.found for table in result.tables} == {f"shop.{table.name}" for table in CONTRACT}
    assert all(table.differences == () for table in result.tables)


def test_a_similar_table_is_suggested() -> None:
    misspelt = replace(CUSTOMERS, name="customers_info")
    assert (compared(misspelt).status, compared(misspelt).found) == (
        Status.SIMILAR,
        "public.customers_info",
    )
    renamed = replace(CUSTOMERS, name="kunden")
    assert (compared(renamed).status, compared(renamed).shared_columns) == (Status.SIMILAR, 7)
    unlike = FoundTable("public", "kunden", (FoundColumn("nr", "bigint", "bigint"),))
    assert compared(unlike) == TableComparison("customer_info", Status.MISSING)
    assert not compared(misspelt).loads


def test_the_nearest_table_is_suggested() -> None:
    near = replace(CUSTOMERS, name="customer_infos")
    far = replace(CUSTOMERS, name="customer_data", columns=CUSTOMERS.columns[:2])
    assert compared(far, near).found == "public.customer_infos"


def test_a_table_is_suggested_once() -> None:
    one = replace(CUSTOMERS, name="customers", columns=CUSTOMERS.columns[:4])
    result = compare(Catalogue("postgres", "public", (one,)))
    similar = [table.table for table in result.tables if table.status is Status.SIMILAR]
    assert similar == ["customer_info"]


def test_names_match_in_any_letter_case_only_where_the_engine_says_so() -> None:
    shouting = replace(
        CUSTOMERS,
        name="CUSTOMER_INFO",
        columns=tuple(replace(column, name=column.name.upper()) for column in CUSTOMERS.columns),
        constraints=(FoundConstraint(Constraint.PRIMARY_KEY, ("CUSTOMER_ID",), ""),),
    )
    folded = compared(shouting, folds_case=True)
    assert (folded.status, folded.differences) == (Status.PRESENT, ())
    assert compared(shouting).status is Status.SIMILAR
    assert compared(shouting).shared_columns == 0


def test_others_are_listed_and_all_of_it_is_json() -> None:
    stock = FoundTable("shop", 'odd "stock"', ())
    result = compare(Catalogue("postgres", "public", (CUSTOMERS, stock)))
    assert result.others == ('shop.odd "stock"',)
    told = json.loads(json.dumps(result.as_dict()))
    assert told["others"] == ['shop.odd "stock"']
    assert told["tables"][0] == {
        "table": "customer_info",
        "status": "present",
        "found": "public.customer_info",
        "shared_columns": 7,
        "differences": [asdict(one) for one in result.tables[0].differences],
        "loads": True,
    }
