"""What the URL of a Spark Connect server may say, and what is told when something is wrong there."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from patron.engines import connect
from patron.engines.address import address
from patron.engines.base import Progress
from patron.engines.serving import serve
from patron.engines.spark import SparkEngine, session
from patron.engines.spark.session import place, told
from patron.errors import BuildError, DatabaseError, NoDatabase, SettingsError, SourceError
from patron.settings import Settings
from tests.shops import TODAY, shop
from tests.support.databases import fill, rows
from tests.support.sparks import SailProcess, free_port

HIDDEN = "5ecret"


def test_a_url_says_where_the_server_is_and_where_the_tables_are() -> None:
    url = f"sc://host:15002/;use_ssl=true;token={HIDDEN}%3D;tables=s3a://bucket/shop/;schema=main.shop"
    where = place(url)
    assert where.server == f"sc://host:15002/;use_ssl=true;token={HIDDEN}%3D"
    assert (where.tables, where.schema, where.format) == ("s3a://bucket/shop", "main.shop", "parquet")
    assert address(url).has_secret
    assert HIDDEN not in address(url).shown + where.shown


@pytest.mark.parametrize(
    "url",
    [
        f"sc://host/;token={HIDDEN}",
        f"sc://ann:{HIDDEN}@host/;tables=/lake",
        f"sc://host:none/;tables=/lake;token={HIDDEN}",
        f"sc://host/;tables=/lake;{HIDDEN}",
        f"sc://host/;tables=/lake?token={HIDDEN}",
        f"sc:///;tables=/lake;token={HIDDEN}",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_its_token(url: str) -> None:
    with pytest.raises(DatabaseError, match="tables=") as said:
        address(url)
    assert HIDDEN not in str(said.value)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(DatabaseError, match="choose parquet, delta, iceberg"):
        place("sc://host/;tables=/lake;format=csv")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("UNAUTHENTICATED: no", "does not accept the token"),
        ("[INSUFFICIENT_PERMISSIONS] SELECT on t", "no right to do so"),
        ("[TABLE_OR_VIEW_NOT_FOUND] The table `a`", "run `patron init` first"),
        ("java.io.IOException: Permission denied", "grant it the right"),
        ("[SCHEMA_NOT_FOUND] The schema `a`", "or put the right place into the URL"),
        ("S3: AccessDenied: Access Denied", "may not read or write /lake"),
        ("S3Exception: null (Service: S3, Status Code: 403, Request ID: 1)", "grant it the right"),
        ('Operation failed: "This request is not authorized", 403, HEAD, http://a', "grant it the right"),
        (
            "[FAILED_READ_FILE.FILE_NOT_EXIST] Reading file:/lake/made/l/x.parquet. It is not there.",
            "bring them back",
        ),
        ("StatusCode.UNAVAILABLE: closed", "connection to it was lost"),
        ("StatusCode.UNAVAILABLE: ipv4:127.0.0.1:40301: Connection refused", "connection to it was lost"),
        ("StatusCode.UNAVAILABLE: Tls handshake failed", "cannot be reached by TLS"),
        ("[DIVIDE_BY_ZERO] Division by zero.\nJVM stacktrace:\nat x", "could not do this: [DIVIDE_BY_ZERO]"),
    ],
)
def test_what_the_server_says_becomes_one_sentence(error: str, sentence: str) -> None:
    said = str(told(RuntimeError(error), place("sc://host/;tables=/lake")))
    assert sentence in said
    assert "\n" not in said
    assert "sc://host/;tables=/lake" in said


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("java.io.IOException: Permission denied", "Permission denied; grant it the right to."),
        (
            "[FAILED_READ_FILE] no s3a://KEY:5ecret@shop/x.csv.",
            "by the cluster: [FAILED_READ_FILE] no s3a://KEY@shop",
        ),
    ],
)
def test_what_is_told_of_files_that_are_loaded_names_them_and_not_the_lake(error: str, sentence: str) -> None:
    said = told(RuntimeError(error), place("sc://host/;tables=/lake"), "s3a://shop/x.csv")
    assert isinstance(said, SourceError)
    assert str(said).startswith("s3a://shop/x.csv cannot be read by the cluster")
    assert sentence in str(said)
    assert "/lake" not in str(said)
    assert HIDDEN not in str(said)


def test_a_place_that_has_no_lake_is_not_built_in(sail_url: str) -> None:
    with connect(sail_url, Settings()) as engine, pytest.raises(NoDatabase, match="patron init"):
        engine.build(TODAY)


def test_a_server_that_is_not_there_is_told_of_at_once() -> None:
    with pytest.raises(DatabaseError, match="cannot be reached"):
        connect(f"sc://127.0.0.1:{free_port()}/;tables=/lake", Settings())


def test_a_server_that_falls_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ASKED_EVERY", 1.0)
    monkeypatch.setattr(session, "ANSWERED_WITHIN", 5.0)
    monkeypatch.setattr(session, "TRIES", 0)
    server = SailProcess()
    try:
        with connect(f"sc://127.0.0.1:{server.port}/;tables={tmp_path / 'lake'}", Settings()) as engine:
            engine.init()
            server.process.send_signal(signal.SIGSTOP)
            with pytest.raises(DatabaseError, match="the connection to it was lost"):
                engine.query("SELECT COUNT(*) FROM customer_info")
            server.process.send_signal(signal.SIGCONT)
    finally:
        server.process.send_signal(signal.SIGCONT)
        server.stop()


def test_a_lake_without_tables_asks_for_init(sail_url: str) -> None:
    with connect(sail_url, Settings()) as engine, pytest.raises(NoDatabase, match="patron init"):
        rows(engine, "SELECT * FROM customer_info")


def test_ids_are_of_the_type_of_the_first_init(sail: SparkEngine, sail_url: str) -> None:
    assert sail.id_type() == "bigint"
    with pytest.raises(SettingsError, match='id_type = "bigint"'):
        connect(sail_url, Settings(id_type="text"))


def test_a_lake_is_not_served_from(sail: SparkEngine, sail_url: str) -> None:
    with pytest.raises(DatabaseError, match="patron publish"):
        serve(sail_url, Settings())


def test_a_server_killed_in_a_build_leaves_the_table_of_before(tmp_path: Path) -> None:
    first = SailProcess()
    try:
        engine = connect(f"sc://127.0.0.1:{first.port}/;tables={tmp_path / 'lake'}", Settings())
        engine.init()
        fill(engine, shop(purchases=[{}]))
        engine.build(TODAY)
        before = rows(engine, "SELECT * FROM customer_360")
        fill(engine, shop(customers=[{"customer_id": 2}]))

        def kill(progress: Progress) -> None:
            if progress.stage == "slices":
                first.stop()

        with pytest.raises(BuildError, match=r"failed in the step \w+ and customer_360 is as it was"):
            engine.build(TODAY, progress=kill)
    finally:
        first.stop()
    second = SailProcess()
    try:
        with connect(f"sc://127.0.0.1:{second.port}/;tables={tmp_path / 'lake'}", Settings()) as engine:
            assert rows(engine, "SELECT * FROM customer_360") == before
            assert engine.build(TODAY).customers == 2
    finally:
        second.stop()
