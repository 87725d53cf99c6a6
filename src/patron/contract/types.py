"""What an existing column's type is, in words that no engine owns."""

from __future__ import annotations

from enum import StrEnum

from sqlglot import exp
from sqlglot.errors import SqlglotError


class Family(StrEnum):
    """Types whose values are of one kind."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    UUID = "uuid"
    DATE = "date"
    TIMESTAMP = "timestamp"
    INSTANT = "instant"  # with time zone
    BOOLEAN = "boolean"
    BINARY = "binary"
    OTHER = "other"


# Each type as every dialect can write it, in DuckDB's words. A type that is not here, such as an array or an
# address, has no counterpart everywhere.
_PORTABLE: dict[exp.DType, tuple[Family, str]] = {
    exp.DType.TINYINT: (Family.INTEGER, "SMALLINT"),
    exp.DType.UTINYINT: (Family.INTEGER, "SMALLINT"),
    exp.DType.SMALLINT: (Family.INTEGER, "SMALLINT"),
    exp.DType.USMALLINT: (Family.INTEGER, "INTEGER"),
    exp.DType.INT: (Family.INTEGER, "INTEGER"),
    exp.DType.UINT: (Family.INTEGER, "BIGINT"),
    exp.DType.BIGINT: (Family.INTEGER, "BIGINT"),
    exp.DType.UBIGINT: (Family.INTEGER, "DECIMAL(20, 0)"),
    exp.DType.INT128: (Family.INTEGER, "DECIMAL(38, 0)"),
    exp.DType.UINT128: (Family.INTEGER, "DECIMAL(38, 0)"),
    exp.DType.DECIMAL: (Family.DECIMAL, "DECIMAL(38, 9)"),
    exp.DType.FLOAT: (Family.FLOAT, "REAL"),
    exp.DType.DOUBLE: (Family.FLOAT, "DOUBLE"),
    exp.DType.TEXT: (Family.TEXT, "TEXT"),
    exp.DType.VARCHAR: (Family.TEXT, "TEXT"),
    exp.DType.CHAR: (Family.TEXT, "TEXT"),
    exp.DType.BPCHAR: (Family.TEXT, "TEXT"),
    exp.DType.NAME: (Family.TEXT, "TEXT"),
    exp.DType.ENUM: (Family.TEXT, "TEXT"),
    exp.DType.UUID: (Family.UUID, "TEXT"),
    exp.DType.DATE: (Family.DATE, "DATE"),
    exp.DType.TIMESTAMP: (Family.TIMESTAMP, "TIMESTAMP"),
    exp.DType.TIMESTAMPNTZ: (Family.TIMESTAMP, "TIMESTAMP"),
    exp.DType.TIMESTAMP_S: (Family.TIMESTAMP, "TIMESTAMP"),
    exp.DType.TIMESTAMP_MS: (Family.TIMESTAMP, "TIMESTAMP"),
    exp.DType.TIMESTAMP_NS: (Family.TIMESTAMP, "TIMESTAMP"),
    exp.DType.TIMESTAMPTZ: (Family.INSTANT, "TIMESTAMPTZ"),
    exp.DType.BOOLEAN: (Family.BOOLEAN, "BOOLEAN"),
    exp.DType.VARBINARY: (Family.BINARY, "BLOB"),
}


def parse_type(text: str, dialect: str) -> exp.DataType | None:
    """Return the type that `text` names in `dialect`, or None for one that SQLGlot does not know."""
    try:
        return exp.DataType.build(text, dialect=dialect, udt=True)
    except SqlglotError:
        return None


def family(kind: exp.DataType | None) -> Family:
    """Return the family of a type; OTHER for what the contract has no use for."""
    known = _PORTABLE.get(kind.this) if kind is not None else None
    return known[0] if known else Family.OTHER


def portable(kind: exp.DataType | None) -> exp.DataType | None:
    """Return a type that every dialect has and that holds the same values; None where there is none.

    A decimal keeps its precision and scale; text loses its length, for dialects count it in different units.
    """
    if kind is None or kind.this not in _PORTABLE:
        return None
    if kind.is_type(exp.DType.DECIMAL) and kind.expressions:
        return kind.copy()
    return exp.DataType.build(_PORTABLE[kind.this][1], dialect="duckdb")
