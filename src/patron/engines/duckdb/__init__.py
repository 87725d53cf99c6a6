"""DuckDB: one file, no set-up."""

from patron.engines.duckdb.engine import DuckDBEngine

__all__ = ["DuckDBEngine"]
