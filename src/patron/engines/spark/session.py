"""Sessions on a Spark Connect server, and its errors as sentences."""

from __future__ import annotations

import logging
import os
import re
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from patron.engines.address import address, cluster_options, public
from patron.errors import DatabaseError, NoDatabase, PatronError, SettingsError, SourceError

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

# What Patron itself reads from the URL; everything else is for Spark Connect.
OWN = ("tables", "schema", "format")
FORMATS = ("parquet", "delta", "iceberg")
# A date is the same day for every client, and a sum that overflows is an error.
SESSION = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
FOLDER = "made"  # of all that builds and loads write, under the tables
PORT, SECONDS, TRIES = 15002, 10, 2  # tries after a lost connection, some seconds in all
# A connection on which nothing comes is asked whether it lives: a statement may take hours, a network may go silent.
# Servers made with Java hang up on who asks more often than every five minutes.
ASKED_EVERY, ANSWERED_WITHIN = 330.0, 30.0  # seconds
NOT_THERE = (
    *("TABLE_OR_VIEW_NOT_FOUND", "PATH_NOT_FOUND", "SCHEMA_NOT_FOUND", "Table not found"),
    *("DELTA_PATH_DOES_NOT_EXIST", "DELTA_TABLE_NOT_FOUND", "DELTA_MISSING_DELTA_TABLE"),
    *("No commit files found in _delta_log", "No metadata files found in table location"),  # Sail's words
)
NO_TOKEN = re.compile(r"UNAUTHENTICATED|Unauthenticated|Invalid token|\b401\b.{0,3}Unauthorized")
NO_RIGHT = re.compile(r"INSUFFICIENT_PERMISSIONS|PERMISSION_DENIED")
# In the words of file systems and object stores.
NO_RIGHT_TO_FILES = re.compile(
    r"Permission denied|Mkdirs failed|AccessDenied|AccessControlException|\bForbidden\b"
    r"|(?i:status code:? 403\b|not authorized)|, 403, "
)
LOST = re.compile(r"StatusCode\.(UNAVAILABLE|CANCELLED)|SESSION_CLOSED|SESSION_NOT_FOUND|SESSION_CHANGED")
NO_TLS = re.compile(r"handshake|SSL_ERROR|CERTIFICATE_VERIFY_FAILED", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """What the URL of a Spark Connect server says.

    `server` is what Spark Connect itself reads. The tables stand under `tables`, one folder each, as files of
    `format`; with a `schema` (or catalog.schema) those of the contract are found there instead.
    """

    server: str
    shown: str
    tables: str
    format: str = "parquet"
    schema: str | None = None


def place(url: str) -> Place:
    """Return what `url` says; raises DatabaseError when it cannot be read or names an unknown format."""
    options = cluster_options(url)
    parts = urlsplit(url)
    theirs = "".join(f";{name}={quote(value)}" for name, value in options.items() if name not in OWN)
    kind = options.get("format", "parquet")
    if kind not in FORMATS:
        raise DatabaseError(f"Patron reads no tables of the format '{kind}'; choose {', '.join(FORMATS)}.")
    return Place(
        f"sc://{parts.netloc}/{theirs}",
        address(url).shown,
        options["tables"].rstrip("/"),
        kind,
        options.get("schema"),
    )


def open_session(where: Place) -> SparkSession:
    """Return a session of its own: its temporary views are seen by nobody else.

    Raises SettingsError where Spark's client is not installed, DatabaseError when the server cannot be reached.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what it would print is told in a sentence
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyspark warns of its own parts
            from pyspark.sql.connect.client.core import DefaultChannelBuilder
            from pyspark.sql.connect.client.retries import DefaultPolicy
            from pyspark.sql.connect.session import SparkSession
        warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")  # an error says so too
        # It would print each failed query with the server's stack; Patron tells of it in a sentence.
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    except ImportError as error:
        raise SettingsError(
            "Spark's client is not installed; install it with: pip install 'patron[spark]'."
        ) from error
    _reach(where)
    with telling(where):
        session = SparkSession.builder.channelBuilder(DefaultChannelBuilder(where.server, _alive())).create()
        session.client.set_retry_policies([DefaultPolicy(max_retries=TRIES)])
        for name, value in SESSION.items():
            session.conf.set(name, value)
        return session


def _alive() -> list[tuple[str, int]]:
    return [
        ("grpc.keepalive_time_ms", round(ASKED_EVERY * 1000)),
        ("grpc.http2.ping_timeout_ms", round(ANSWERED_WITHIN * 1000)),
        ("grpc.http2.max_pings_without_data", 0),  # as many as it takes
    ]


def _reach(where: Place) -> None:
    """Raise DatabaseError at once where nobody listens: Spark's client would go on trying for ten minutes."""
    parts = urlsplit(where.server)
    try:
        socket.create_connection((str(parts.hostname), parts.port or PORT), timeout=SECONDS).close()
    except OSError as error:
        raise DatabaseError(
            f"Spark at {where.shown} cannot be reached: {error.strerror or error}; see that the server runs and that "
            "host and port are right."
        ) from error


@contextmanager
def telling(where: Place, reading: str | None = None) -> Iterator[None]:
    """Turn the errors of Spark and of the connection to it into sentences.

    `reading` shows the shop's files that are read, where these are not the tables.
    """
    from grpc import RpcError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, RpcError) as error:
        raise told(error, where, reading) from error


def told(error: Exception, where: Place, reading: str | None = None) -> PatronError:
    """Return an error of Spark as one sentence with the remedy, as `telling` raises it."""
    text, said = str(error), public(reason(error))
    at = f"Spark at {where.shown}"
    if LOST.search(text):  # before all else, for it may name ports such as 40301
        return _lost(at, said)
    if NO_TOKEN.search(text):
        return DatabaseError(f"{at} does not accept the token; put a valid one into the URL (;token=…).")
    is_missing = any(word in text for word in NOT_THERE)
    if (is_missing or "FILE_NOT_EXIST" in text) and f"{where.tables}/{FOLDER}/" in said:
        return DatabaseError(
            f"{where.shown} lacks files that a build or a load wrote ({said}); bring them back, as from former "
            "versions that the store keeps."
        )
    if is_missing:
        return _not_there(where, said)
    if reading:
        remedy = "; grant it the right to" if NO_RIGHT_TO_FILES.search(text) or NO_RIGHT.search(text) else ""
        return SourceError(f"{reading} cannot be read by the cluster: {said}{remedy}.")
    if NO_RIGHT.search(text):
        return DatabaseError(f"{at} gives this user no right to do so: {said}; ask for the right.")
    if NO_RIGHT_TO_FILES.search(text):
        return DatabaseError(f"{at} may not read or write {where.tables}: {said}; grant it the right.")
    return DatabaseError(f"{at} could not do this: {said}.")


def _lost(at: str, said: str) -> DatabaseError:
    if NO_TLS.search(said):
        return DatabaseError(
            f"{at} cannot be reached by TLS, which a token and ;use_ssl=true ask for: {said}; see that the server "
            "speaks it and that its certificate is one that this machine trusts."
        )
    return DatabaseError(
        f"{at} cannot be reached, or the connection to it was lost: {said}; "
        "see that the server runs and that host and port are right, then try again."
    )


def _not_there(where: Place, said: str) -> DatabaseError:
    if where.schema:
        return NoDatabase(
            f"{where.shown} lacks something that Patron needs ({said}); see that {where.schema} is right and has all "
            "tables of `patron ddl --dialect spark`, and run `patron init`."
        )
    return NoDatabase(
        f"{where.shown} lacks something that Patron needs; run `patron init` first, or put the right place into the "
        f"URL ({said})."
    )


def reason(error: Exception) -> str:
    """Return what Spark says of an error, in one line of at most a few hundred letters."""
    details = getattr(error, "details", None)
    text = str(details() if callable(details) else error)
    said = re.search(r'details = "(.*)"', text)
    text = re.sub(r".*last error: (UNKNOWN|UNAVAILABLE): (ipv[46]:[^ ]*: )?", "", said[1]) if said else text
    first = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    first = re.sub(r"^Job aborted due to stage failure: .*?(?=[\w.]+Exception: )", "", first)
    first = re.sub(r"^\(?[\w.]+(Exception|Error)\)?:\s*", "", first)
    return (first if len(first) <= 300 else f"{first[:299]}…").rstrip(".")
