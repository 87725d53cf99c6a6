"""The engines that hold a shop's data and run the model. The URL chooses which."""

from __future__ import annotations

from patron.engines.base import BuildRecord, Engine, OnProgress, Progress, Row
from patron.errors import DatabaseError
from patron.settings import Settings

__all__ = ["BuildRecord", "Engine", "OnProgress", "Progress", "Row", "connect"]


def connect(url: str, settings: Settings, *, create: bool = True) -> Engine:
    """Open the database at `url`: a path or duckdb:///path, or postgresql://….

    With `create` a missing DuckDB file is made; without it is an error. Raises DatabaseError or DatabaseBusy.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme == "duckdb":
        from patron.engines.duckdb import DuckDBEngine

        return DuckDBEngine(rest if separator else url, settings, create=create)
    if scheme in ("postgresql", "postgres"):
        from patron.engines.postgres import PostgresEngine

        return PostgresEngine(url, settings)
    raise DatabaseError(
        f"Patron does not know the kind of database '{scheme}://'; "
        "use a path, duckdb:///path or postgresql://user@host/database."
    )
