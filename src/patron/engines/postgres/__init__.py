"""PostgreSQL: the build lives in the database as a stored procedure."""

from patron.engines.postgres.engine import PostgresEngine

__all__ = ["PostgresEngine"]
