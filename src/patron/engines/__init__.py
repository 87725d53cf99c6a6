"""The engines that hold a shop's data and run the model. The URL chooses which."""

from __future__ import annotations

from patron.engines.address import address
from patron.engines.base import BuildRecord, Engine, OnProgress, Progress, Row
from patron.settings import Settings

__all__ = ["BuildRecord", "Engine", "OnProgress", "Progress", "Row", "connect"]


def connect(url: str, settings: Settings, *, create: bool = True, any_version: bool = False) -> Engine:
    """Open the database at `url`: a path or duckdb:///path, or postgresql://….

    With `create` a missing DuckDB file is made; without it is an error. Raises DatabaseError or DatabaseBusy when
    it cannot be opened, SettingsError when its ids are of another type than the settings say, and OtherVersion when
    its schema is of another version than this Patron works on, unless `any_version` is wanted.
    """
    where = address(url)
    engine = _opened(where.engine, where.target, settings, create=create)
    try:
        engine.check_id_type(where.shown)
        if not any_version:
            engine.check_version(where.shown)
    except BaseException:
        engine.close()
        raise
    return engine


def _opened(kind: str, target: str, settings: Settings, *, create: bool) -> Engine:
    if kind == "duckdb":
        from patron.engines.duckdb import DuckDBEngine

        return DuckDBEngine(target, settings, create=create)
    from patron.engines.postgres import PostgresEngine

    return PostgresEngine(target, settings)
