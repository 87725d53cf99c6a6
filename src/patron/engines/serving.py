"""A database that a server holds open: many readers, each in a snapshot of its own, and one build at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Self

from sqlglot import exp

from patron.engines.address import Address, address
from patron.engines.base import NOT_A_FILE, BuildRecord, Engine, OnProgress
from patron.errors import BackupError, DatabaseError
from patron.settings import Settings


class Serving(ABC):
    """Lends engines that only read; open it with `serve`, close it or use it in `with`."""

    settings: Settings

    def __enter__(self) -> Self:
        """Use it in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it at the end of the block."""
        self.close()

    @abstractmethod
    def reading(self, seconds: float) -> AbstractContextManager[Engine]:
        """Lend an engine that can only read, in one snapshot, for the time of the block and of one thread.

        Raises QueryTimeout in the block once it has taken longer than `seconds`, DatabaseError when the database
        cannot be reached.
        """

    @abstractmethod
    def build(self, as_of: date, *, full: bool, progress: OnProgress) -> BuildRecord:
        """Build customer_360 while readers go on; raises what `Engine.build` raises."""

    @abstractmethod
    def kept(self, table: str) -> str | None:
        """Return the mark under which a table was kept, or None where there is none."""

    @abstractmethod
    def keep(self, table: str, query: exp.Query, order: Sequence[str], mark: str) -> None:
        """Keep a query's rows as a table in this order and swap it in at once.

        It is quick to look up by the first column, and for what is found by the others whether it has such a first one.

        It is no part of the shop's data: it can be made again at any time. `mark` says what it was made from.
        """

    @property
    def changes(self) -> int | None:
        """A number that is another one as soon as contract tables change; None where others may write to them."""
        return None

    @property
    def folder(self) -> Path | None:
        """Where copies may lie of what is slow to look up; None where nothing is."""
        return None

    def copy(self, to: Path) -> None:
        """Write the database to a new file as it is at one moment; raises BackupError where it is no file."""
        raise BackupError(NOT_A_FILE)

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""


def serve(url: str, settings: Settings) -> Serving:
    """Hold the database at `url` open for a server.

    Raises DatabaseError, DatabaseBusy or NoDatabase when it cannot be opened, SettingsError when its ids are of
    another type than the settings say, OtherVersion when another version of Patron made it.
    """
    where = address(url)
    serving = _opened(where, settings)
    try:
        with serving.reading(settings.server.query_seconds) as engine:
            engine.check_id_type(where.shown)
            engine.check_version(where.shown)
            engine.check_derived(where.shown)
    except BaseException:
        serving.close()
        raise
    return serving


def not_served(shown: str) -> DatabaseError:
    """Return the error of asking a lake, which is `shown` so, for figures."""
    return DatabaseError(
        f"{shown} is where customer_360 is built, and too slow to ask for figures; bring it to a file or a PostgreSQL "
        "database with `patron publish --to`, and name that with --database."
    )


def _opened(where: Address, settings: Settings) -> Serving:
    if where.engine == "duckdb":
        from patron.engines.duckdb.serving import DuckDBServing

        return DuckDBServing(where.target, settings)
    if where.engine == "spark":
        raise not_served(where.shown)
    from patron.engines.postgres.serving import PostgresServing

    return PostgresServing(where.target, settings)
