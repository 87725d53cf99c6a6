"""What `patron procedure` prints is all that a PostgreSQL database needs, and runs there as it is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import psycopg
import pytest

from patron.engines import connect
from patron.engines.postgres import PostgresEngine
from patron.settings import Settings
from tests.cli.conftest import Patron, document
from tests.shops import TODAY, shop
from tests.support.databases import fill, requested_engines, rows

SERVERS = [name for name in requested_engines() if name != "duckdb"]
ON_SERVERS = pytest.mark.parametrize("kind", SERVERS)
SHOP = shop(purchases=[{"total_amount": "7.50"}])


def by_driver(url: str, script: str) -> None:
    with psycopg.connect(url, autocommit=True) as client:
        client.execute(script.encode())


def by_psql(url: str, script: str) -> None:
    words = [str(shutil.which("psql")), "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", url]
    done = subprocess.run(words, input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


CLIENTS = [by_driver, *([by_psql] if shutil.which("psql") else [])]


@ON_SERVERS
@pytest.mark.parametrize("schema", ["public", "Our shop's"])
@pytest.mark.parametrize("client", CLIENTS)
def test_the_whole_installation_runs_anywhere(
    empty_url: str, patron: Patron, schema: str, client: Callable[[str, str], None]
) -> None:
    printed = document(patron("procedure", "--all", "--schema", schema, "--json"))
    assert printed["schema"] == schema
    client(empty_url, printed["installation"])
    with connect(empty_url, Settings()) as engine:
        assert isinstance(engine, PostgresEngine)
        if schema != "public":
            assert engine.contents() == {}
            engine.query("SELECT SET_CONFIG('search_path', ?, FALSE)", ['"Our shop\'s"'])
            engine.schema = schema
        before = engine.contents()
        fill(engine, SHOP)
        client(empty_url, f'CALL "{schema}".refresh_customer_360(as_of => DATE $${TODAY}$$);')
        assert rows(engine, "SELECT customer_id, total_purchases FROM customer_360") == [
            {"customer_id": 1, "total_purchases": 1}
        ]
        assert engine.installation.has_procedure()
        engine.init()
        assert engine.contents() == before
        assert engine.build(TODAY).kind == "incremental"


@ON_SERVERS
def test_the_schema_is_that_of_the_database(empty_url: str, patron: Patron) -> None:
    by_driver(empty_url, "CREATE SCHEMA elsewhere")
    url = f"{empty_url}{'&' if '?' in empty_url else '?'}options=-csearch_path%3Delsewhere"
    printed = document(patron("procedure", "--json", "--database", url))
    assert printed["schema"] == "elsewhere"
    assert 'CREATE OR REPLACE PROCEDURE "elsewhere".refresh_customer_360(' in printed["procedure"]


def test_without_a_server_it_is_public(patron: Patron) -> None:
    assert document(patron("procedure", "--json"))["schema"] == "public"
