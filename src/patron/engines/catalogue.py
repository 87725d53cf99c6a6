"""Reads an existing database's catalogue, whichever engine it is on."""

from __future__ import annotations

from patron.contract.catalogue import Catalogue
from patron.errors import DatabaseError


def read_catalogue(url: str) -> Catalogue:
    """Return the tables of the database at `url`: a DuckDB path or duckdb:///path, or postgresql://….

    Nothing is written there. Raises DatabaseError or DatabaseBusy when it cannot be read.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme == "duckdb":
        from patron.engines.duckdb.catalogue import read_catalogue as read_duckdb

        return read_duckdb(rest if separator else url)
    if scheme in ("postgresql", "postgres"):
        from patron.engines.postgres.catalogue import read_catalogue as read_postgres

        return read_postgres(url)
    raise DatabaseError(
        f"Patron reads no catalogue of '{scheme}://'; use a path, duckdb:///path or postgresql://user@host/database."
    )
