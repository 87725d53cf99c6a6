"""Reads an existing database's catalogue, whichever engine it is on."""

from __future__ import annotations

from patron.contract.catalogue import Catalogue
from patron.engines.address import address


def read_catalogue(url: str) -> Catalogue:
    """Return the tables of the database at `url`: a DuckDB path or duckdb:///path, or postgresql://….

    Nothing is written there. Raises DatabaseError or DatabaseBusy when it cannot be read.
    """
    where = address(url)
    if where.engine == "duckdb":
        from patron.engines.duckdb.catalogue import read_catalogue as read_duckdb

        return read_duckdb(where.target)
    from patron.engines.postgres.catalogue import read_catalogue as read_postgres

    return read_postgres(where.target)
