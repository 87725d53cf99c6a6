"""What each command does and says, for people and for programs."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from patron.cli.days import parse_day
from patron.contract import CONTRACT
from patron.engines import connect
from patron.settings import Settings
from patron.sources.sample.chunks import LAST_DAY as SAMPLE_LAST_DAY
from tests.cli.conftest import LAST_DAY, Patron, complaint, document

BUILD_KEYS = {
    *("build_id", "as_of", "kind", "started_at", "finished_at", "customers", "new_customers", "recomputed"),
    *("settings", "steps", "reconciliation", "model"),
}
CSV = {
    "customer_info.csv": "customer_id,first_name,registration_date\n1,Ann,2024-01-01\n2,Bob,20024-01-01\n",
    "purchase_transactions.csv": (
        "transaction_id,customer_id,product_id,purchase_date,quantity,total_amount\n"
        "1,1,9,2024-02-01,1,10.00\n2,1,,2024-02-02,1,5.50\n3,7,,2024-02-03,1,1.00\n"
    ),
}


@pytest.fixture
def files() -> Path:
    folder = Path("shop")
    folder.mkdir()
    for name, content in CSV.items():
        (folder / name).write_text(content)
    return folder


# -- init, sample, load -----------------------------------------------------------------------------------


def test_init_says_what_it_made_and_what_was_there(patron: Patron) -> None:
    first = document(patron("init", "--json"))
    assert {table.name for table in CONTRACT} <= {
        one["name"] for one in first["made"] if one["kind"] == "table"
    }
    assert {"customer_360", "customer_360_core"} <= {
        one["name"] for one in first["made"] if one["kind"] == "view"
    }
    assert first["there"] == []
    second = document(patron("init", "--json"))
    assert second["made"] == []
    assert second["there"] == first["made"]
    assert "patron.duckdb is ready" in patron("init").stdout


def test_init_makes_the_procedure_on_postgresql(patron: Patron, empty_url: str, kind: str) -> None:
    made = document(patron("init", "--database", empty_url, "--json"))["made"]
    procedures = [one["name"] for one in made if one["kind"] == "procedure"]
    assert procedures == ([] if kind == "duckdb" else ["refresh_customer_360"])


def test_sample_fills_the_database(patron: Patron) -> None:
    result = document(patron("sample", "--customers", 50, "--seed", 3, "--json"))
    assert result.keys() == {"customers", "seed", "end", "to", "tables"}
    assert result["end"] == LAST_DAY == SAMPLE_LAST_DAY.isoformat()
    with connect("patron.duckdb", Settings(), create=False) as engine:
        for table in result["tables"]:
            assert engine.query(f"SELECT COUNT(*) AS rows FROM {table['table']}")[0]["rows"] == table["rows"]
    assert "never mixed" in complaint(patron("sample"))


def test_sample_writes_files_that_load_reads(patron: Patron) -> None:
    said = patron("sample", "--customers", 50, "--to", "files", "--end", "2024-02-29").stdout
    assert "patron load files" in said
    assert pq.read_table("files/customer_info.parquet").num_rows == 50
    loaded = document(patron("load", "files", "--json"))
    assert loaded["quarantined"] == 0
    assert loaded["inserted"] == loaded["rows_read"] > 50


def test_load_counts_and_explains(patron: Patron, files: Path) -> None:
    result = document(patron("load", files, "--json"))
    counts = {"rows_read", "inserted", "updated", "unchanged", "quarantined", "removed", "taken_up"}
    assert result.keys() > {"database", "load_id", "source", "tables", "files", "warnings", *counts}
    assert (result["rows_read"], result["inserted"], result["quarantined"]) == (5, 2, 3)
    assert result["reasons"] == {
        "customer_info": {"out_of_range": 1},
        "purchase_transactions": {"unknown_customer": 1, "unknown_product": 1},
    }
    said = patron("load", files, columns=140).stdout
    assert "2 rows of 5 are in patron.duckdb: 0 new, 0 updated, 2 unchanged." in said
    assert "3 rows did not fit and went to quarantine" in said
    assert "customer_info.csv:3: registration_date '20024-01-01'" in said
    assert "patron quarantine export" in said


def test_load_lets_orphans_through_when_told(patron: Patron, files: Path) -> None:
    result = document(patron("load", files, "--allow-orphans", "products", "--json"))
    assert (result["inserted"], result["quarantined"]) == (3, 2)
    assert "Did you mean 'products'?" in complaint(patron("load", files, "--allow-orphans", "product"))


def test_load_takes_files_in_any_order_parents_first(patron: Patron, files: Path) -> None:
    result = document(patron("load", *sorted(files.iterdir(), reverse=True), "--json"))
    assert [one["table"] for one in result["tables"]] == [Path(name).stem for name in CSV]
    assert (result["load_id"], result["inserted"]) == (1, 2)


def test_load_fails_when_nothing_could_be_stored(patron: Patron) -> None:
    Path("customer_info.csv").write_text("customer_id\n\nx\ny\n")
    result = patron("load", "customer_info.csv")
    assert result.exit_code == 1
    assert "2 rows did not fit" in result.stdout
    assert "Not one of 2 rows could be stored" in result.stderr


def test_a_load_that_is_refused_makes_no_database(patron: Patron, files: Path) -> None:
    assert "nothing at nowhere" in complaint(patron("load", "nowhere"))
    assert not Path("patron.duckdb").exists()
    for name in ("customers_info.csv", "x.csv", "y.csv"):
        (files / name).write_text("customer_id\n1\n")
    result = patron("load", files, "--json")
    problems = json.loads(result.stderr)["error"]["problems"]
    assert [problem.split()[0] for problem in problems] == ["customers_info.csv", "x.csv", "y.csv"]
    assert "Did you mean 'customer_info'?" in problems[0]
    assert ["product_views" in problem for problem in problems] == [True, False, False]
    assert patron("load", files).stderr.count("product_views") == 1
    assert not Path("patron.duckdb").exists()


def test_a_load_that_is_refused_leaves_what_was_there(patron: Patron, files: Path) -> None:
    (files / "product_catalog.csv").write_text("product_id,colour\n1,red\n")
    patron("init")
    assert "colour" in complaint(patron("load", files))
    assert Path("patron.duckdb").exists()
    document(patron("load", files / "customer_info.csv", "--json"))
    assert "colour" in complaint(patron("load", files / "customer_info.csv", files / "product_catalog.csv"))
    assert [load["rows_read"] for load in document(patron("status", "--json"))["loads"]] == [2]
    Path("patron.duckdb").unlink()
    complaint(patron("load", files / "customer_info.csv", files / "product_catalog.csv"))
    assert not Path("patron.duckdb").exists()


def test_a_place_that_would_keep_nothing_is_refused(patron: Patron, files: Path) -> None:
    for place in ("", "duckdb://", ":memory:", "duckdb:shop.duckdb", files / "customer_info.csv"):
        for words in (("load", files), ("sample", "--customers", "5"), ("init",), ("build",)):
            complaint(patron(*words, "--database", place))
    assert list(Path().iterdir()) == [files]
    patron("load", files, PATRON_DATABASE="")
    assert Path("patron.duckdb").exists()


# -- build and status ---------------------------------------------------------------------------------------


def test_build_tells_steps_and_reconciliation(patron: Patron, shop: Path) -> None:
    result = document(patron("build", "--as-of", LAST_DAY, "--full", "--json"))
    assert result.keys() == BUILD_KEYS | {"seconds", "notes"}
    assert (result["kind"], result["customers"], result["recomputed"], result["new_customers"]) == (
        "full",
        200,
        200,
        0,
    )
    assert all(figure["agrees"] for figure in result["reconciliation"])
    assert {step["name"] for step in result["steps"]} >= {"customer_features", "rfm_cut_points"}
    said = patron("build", "--as-of", LAST_DAY).stdout
    assert "customer_360 is built as of 31 Dec 2025" in said
    assert re.search(r"✔ +revenue +[\d,.]+ +[\d,.]+\n", said)
    assert "long before" not in said


def test_build_warns_of_a_forgotten_date(patron: Patron, shop: Path) -> None:
    said = patron("build", "--as-of", "2026-06-30", columns=200).stdout
    assert re.search(r"The last sale was on 2025-12-\d\d, long before 2026-06-30", said)


def test_days_may_be_words() -> None:
    assert parse_day("today") == date.today()
    assert parse_day(" Yesterday ") == date.today() - timedelta(days=1)
    assert parse_day("2024-02-29") == date(2024, 2, 29)


def test_status_before_anything_says_what_to_do(patron: Patron) -> None:
    keys = {
        "database",
        "state",
        "changed_customers",
        "due_customers",
        "changed_settings",
        "tables",
        "quarantine",
        "loads",
        "warnings",
        "builds",
        "reconciliation",
    }
    nothing = document(patron("status", "--json"))
    assert nothing.keys() == keys
    assert nothing["state"] == "no database"
    said = patron("status").stdout
    assert "No data yet" in said
    assert "patron load FOLDER" in said
    assert "patron sample" in said
    assert not Path("patron.duckdb").exists()
    patron("init")
    assert document(patron("status", "--json"))["state"] == "empty"
    assert "No data yet" in patron("status").stdout


def test_status_follows_a_database(patron: Patron, files: Path) -> None:
    patron("load", files)
    loaded = document(patron("status", "--json"))
    assert loaded["state"] == "not built"
    purchases = next(one for one in loaded["tables"] if one["table"] == "purchase_transactions")
    assert purchases == {
        "table": "purchase_transactions",
        "rows": 1,
        "first": "2024-02-02",
        "last": "2024-02-02",
    }
    assert [(one["table_name"], one["reason_code"], one["rows"]) for one in loaded["quarantine"]] == [
        ("customer_info", "out_of_range", 1),
        ("purchase_transactions", "unknown_customer", 1),
        ("purchase_transactions", "unknown_product", 1),
    ]
    assert loaded["loads"][0]["quarantined"] == 3
    assert loaded["loads"][0]["details"]["files"]

    patron("build", "--as-of", "2024-03-01")
    built = document(patron("status", "--json"))
    assert built["state"] == "up to date"
    assert built["builds"][0].keys() == BUILD_KEYS
    assert built["reconciliation"][0] == {
        "figure": "customers",
        "in_sources": 1,
        "in_result": 1,
        "agrees": True,
    }

    changed = patron(
        "status", columns=200, PATRON_MODEL__MEDIUM_VALUE_ABOVE="1", PATRON_CURRENCY="EUR"
    ).stdout
    days = (date.today() - date(2024, 3, 1)).days
    assert (
        f"settings changed since customer_360 was built as of 1 Mar 2024, {days} days ago: medium_value"
        in changed
    )
    assert f"up to date, built as of 1 Mar 2024, {days} days ago" in patron("status", columns=200).stdout
    assert "customer_info.csv:3: " in patron("status", columns=300).stdout

    (files / "customer_info.csv").write_text("customer_id,first_name,registration_date\n1,Anna,2024-01-01\n")
    patron("load", files)
    changed = document(patron("status", "--json"))
    assert (changed["state"], changed["changed_customers"]) == ("changed since the build", 1)
    said = patron("status").stdout
    assert "1 customer changed since customer_360 was built" in said
    assert "patron build" in said


def test_status_tells_whose_facts_a_build_of_today_would_see(
    patron: Patron, kind: str, empty_url: str, files: Path
) -> None:
    place = ("--database", empty_url)
    patron("load", files, *place)
    patron("build", "--as-of", "2024-02-01", *place)
    found = document(patron("status", "--json", *place))
    assert (found["state"], found["due_customers"]) == ("dates came since the build", 1)
    assert "1 customer has facts of the days since" in patron("status", *place, columns=300).stdout
    patron("build", *place)
    assert document(patron("status", "--json", *place))["state"] == "up to date"


def test_status_counts_again_and_finds_what_does_not_reconcile(patron: Patron, shop: Path) -> None:
    with connect(str(shop), Settings()) as engine:
        engine.query(
            "UPDATE purchase_transactions SET total_amount = total_amount + 1 WHERE transaction_id = 1"
        )
    result = patron("status", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stderr)["error"]["kind"] == "NotReconciled"
    found = json.loads(result.stdout)
    assert found["state"] == "does not reconcile"
    differing = [one["figure"] for one in found["reconciliation"] if not one["agrees"]]
    assert differing == ["revenue", "revenue by month", "revenue by category"]
    said = patron("status")
    assert said.exit_code == 1
    assert "✘" in said.stdout
    assert "patron build --full" in said.stdout
    assert f"does not agree with its sources: see {', '.join(differing)} above" in said.stderr
    assert patron("status", "--help").stdout.count("exit code 1") == 1


def test_status_is_the_same_on_every_engine(patron: Patron, kind: str, empty_url: str) -> None:
    before = document(patron("status", "--database", empty_url, "--json"))["state"]
    assert before == ("no database" if kind == "duckdb" else "not initialised")
    patron("sample", "--customers", 20, "--database", empty_url)
    patron("build", "--as-of", LAST_DAY, "--database", empty_url)
    found = document(patron("status", "--database", empty_url, "--json"))
    assert found["state"] == "up to date"
    assert found["builds"][0]["started_at"].endswith("Z")
    assert all(one["agrees"] for one in found["reconciliation"])
    assert "is up to date" in patron("status", "--database", empty_url, columns=300).stdout


# -- ddl, procedure, dictionary -------------------------------------------------------------------------------


def test_ddl_prints_the_contract_in_any_dialect(patron: Patron) -> None:
    for dialect in ("duckdb", "postgres", "spark", "bigquery", "snowflake"):
        assert all(table.name in patron("ddl", "--dialect", dialect).stdout for table in CONTRACT)
    plain = patron("ddl").stdout
    assert document(patron("ddl", "--json")) == {"dialect": "duckdb", "ddl": plain}
    assert "Did you mean 'postgres'?" in complaint(patron("ddl", "--dialect", "postgre"))
    Path("patron.toml").write_text('id_type = "text"\n')
    assert "customer_id TEXT" in patron("ddl").stdout


def test_ddl_sets_an_existing_database_beside_the_contract(patron: Patron) -> None:
    with connect("theirs.duckdb", Settings()) as engine:
        engine.query("CREATE TABLE customer_info (customer_id BIGINT PRIMARY KEY, first_name INTEGER[])")
        engine.query('CREATE TABLE "odd\nDROP TABLE customer_info; --" (x INTEGER)')
    script = patron("ddl", "--from", "theirs.duckdb").stdout
    assert "-- How far theirs.duckdb is from the contract: 0 of 8 tables load as they are." in script
    assert "--   customer_info: does not load as it is, for 1 reason." in script
    assert "--     first_name: incompatible type; wanted TEXT, found INTEGER[]" in script
    assert "--   product_views: is missing." in script
    remarks = script[script.index("-- How far") :]
    assert all(line.startswith("--") for line in remarks.splitlines())
    found = document(patron("ddl", "--from", "theirs.duckdb", "--dialect", "postgres", "--json"))
    assert found.keys() == {"from", "dialect", "ddl", "comparison"}
    assert found["dialect"] == "postgres"
    assert {one["table"]: one["loads"] for one in found["comparison"]["tables"]}["customer_info"] is False


def test_ddl_says_that_a_file_of_patrons_own_has_no_keys_by_design(patron: Patron, shop: Path) -> None:
    said = patron("ddl", "--from", shop).stdout
    assert "no keys by design" in said
    assert "8 of 8 tables load as they are" in said


def test_procedure_is_printed_as_it_is_installed(patron: Patron) -> None:
    sql = patron("procedure").stdout
    assert sql.startswith("CREATE OR REPLACE PROCEDURE")
    assert document(patron("procedure", "--json")) == {
        "dialect": "postgres",
        "schema": "public",
        "procedure": sql,
    }


def test_dictionary_explains_tables_and_columns(patron: Patron) -> None:
    everything = document(patron("dictionary", "--json"))
    assert everything["table"] == "customer_360"
    assert everything["columns"][0]["column"] == "customer_id"
    one = document(patron("dictionary", "total_lifetime_value", "--json"))
    assert one.keys() == {"table", "column", "type", "meaning", "unit", "sources", "parameters", "steps"}
    assert one["sources"] == ["purchase_transactions.total_amount"]
    assert document(patron("dictionary", "customer_360.total_lifetime_value", "--json")) == one
    assert document(patron("dictionary", "product_catalog", "--json"))["kind"] == "contract table"
    assert "Made of" in patron("dictionary", "churn_risk_score").stdout
    assert "customer_info.registration_date" in patron("dictionary", "churn_risk_score").stdout
    assert "Made of" in patron("dictionary", columns=140).stdout
    assert "Did you mean 'churn_risk_score'?" in complaint(patron("dictionary", "churn_risk"))
    assert "Did you mean 'quantity'?" in complaint(patron("dictionary", "purchase_transactions.quantiy"))
    assert "no table 'product_vews'" in complaint(patron("dictionary", "product_vews.x"))


# -- export -------------------------------------------------------------------------------------------------


def test_export_writes_and_says_so(patron: Patron, shop: Path) -> None:
    result = document(patron("export", "customer_360", "--to", "out.csv", "--json"))
    assert result == {
        "table": "customer_360",
        "path": "out.csv",
        "rows": 200,
        "columns": 42,
        "size": Path("out.csv").stat().st_size,
    }
    assert "--overwrite" in complaint(patron("export", "customer_360", "--to", "out.csv"))
    said = patron("export", "customer_360", "--to", "out.csv", "--overwrite").stdout
    assert "200 rows of customer_360 are in out.csv" in said
    assert "Did you mean 'customer_360'?" in complaint(patron("export", "customer_36", "--to", "x.csv"))


def test_all_documents_are_json_that_any_parser_takes(patron: Patron, shop: Path) -> None:
    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    for words in (("status",), ("status", "--summary"), ("demo",), ("init",), ("build",), ("dictionary",)):
        json.loads(patron(*words, "--json").stdout, parse_constant=no_constant)
