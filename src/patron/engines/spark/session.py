"""Sessions on a Spark Connect server, and its errors as sentences."""

from __future__ import annotations

import logging
import re
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from patron.engines.address import address, cluster_options
from patron.errors import DatabaseError, NoDatabase, SettingsError

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

# What Patron itself reads from the URL; everything else is for Spark Connect.
OWN = ("tables", "schema", "format")
FORMATS = ("parquet", "delta", "iceberg")
# A date is the same day for every client, and a sum that overflows is an error.
SESSION = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
PORT, SECONDS, TRIES = 15002, 10, 2  # tries after a lost connection, some seconds in all
NOT_THERE = (
    *("TABLE_OR_VIEW_NOT_FOUND", "PATH_NOT_FOUND", "SCHEMA_NOT_FOUND", "Table not found"),
    *("DELTA_PATH_DOES_NOT_EXIST", "DELTA_TABLE_NOT_FOUND", "DELTA_MISSING_DELTA_TABLE"),
    *("No commit files found in _delta_log", "No metadata files found in table location"),  # Sail's words
)
NO_RIGHT = ("INSUFFICIENT_PERMISSIONS", "PERMISSION_DENIED", "AccessDenied", "AccessControlException")
NO_RIGHT_TO_FILES = ("Permission denied", "403")


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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyspark warns of its own parts
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
        session = SparkSession.builder.remote(where.server).create()
        session.client.set_retry_policies([DefaultPolicy(max_retries=TRIES)])
        for name, value in SESSION.items():
            session.conf.set(name, value)
        return session


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
def telling(where: Place) -> Iterator[None]:
    """Turn the errors of Spark and of the connection to it into sentences."""
    from grpc import RpcError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, RpcError) as error:
        raise told(error, where) from error


def told(error: Exception, where: Place) -> DatabaseError:
    """Return an error of Spark as one sentence with the remedy."""
    text = str(error)
    at = f"Spark at {where.shown}"
    if any(word in text for word in ("UNAUTHENTICATED", "Unauthenticated", "Invalid token", "401")):
        return DatabaseError(f"{at} does not accept the token; put a valid one into the URL (;token=…).")
    if any(word in text for word in NO_RIGHT):
        return DatabaseError(f"{at} gives this user no right to do so: {reason(error)}; ask for the right.")
    if any(word in text for word in NOT_THERE):
        return NoDatabase(
            f"{where.shown} lacks something that Patron needs; run `patron init` first ({reason(error)})."
        )
    if any(word in text for word in NO_RIGHT_TO_FILES):
        return DatabaseError(
            f"{at} may not read or write {where.tables}: {reason(error)}; grant it the right."
        )
    if any(word in text for word in ("UNAVAILABLE", "SESSION_CLOSED", "SESSION_NOT_FOUND", "CANCELLED")):
        return DatabaseError(
            f"{at} cannot be reached, or the connection to it was lost: {reason(error)}; "
            "see that the server runs and that host and port are right, then try again."
        )
    return DatabaseError(f"{at} could not do this: {reason(error)}.")


def reason(error: Exception) -> str:
    """Return what Spark says of an error, in one line of at most a few hundred letters."""
    details = getattr(error, "details", None)
    text = str(details() if callable(details) else error)
    said = re.search(r'details = "(.*)"', text)
    text = said[1] if said else text
    first = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    first = re.sub(r"^\(?[\w.]+(Exception|Error)\)?:\s*", "", first)
    return (first if len(first) <= 300 else f"{first[:299]}…").rstrip(".")
