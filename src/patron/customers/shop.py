"""What came into the shop's database, what was refused, and what was built: the bookkeeping, the latest first."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from patron.contract.bookkeeping import BUILDS, LOADS, QUARANTINE
from patron.engines.base import Engine, Row

INSTANTS = ("started_at", "finished_at")
_REFUSED_ORDER = ("load_id", "table_name", "reason_code", "source_file", "source_line", "content")


def loads(engine: Engine, limit: int, before: int | None = None) -> list[Row]:
    """Return loads, the latest first, from below the number `before`."""
    return [_documents(row, "details") for row in _latest(engine, LOADS.name, "load_id", limit, before)]


def builds(engine: Engine, limit: int, before: int | None = None) -> list[Row]:
    """Return builds, the latest first, from below the number `before`."""
    return [_build(row) for row in _latest(engine, BUILDS.name, "build_id", limit, before)]


def build_numbered(engine: Engine, build_id: int) -> Row | None:
    """Return one build, or None where there is none of that number."""
    rows = engine.query("SELECT * FROM builds WHERE build_id = ?", [build_id])
    return _build(rows[0]) if rows else None


def refused(engine: Engine) -> list[Row]:
    """Return how many rows of each table are in the quarantine for each reason."""
    return engine.query(
        "SELECT table_name, reason_code, COUNT(*) AS rows FROM quarantine "
        "GROUP BY table_name, reason_code ORDER BY table_name, rows DESC, reason_code"
    )


def refused_rows(
    engine: Engine, limit: int, offset: int = 0, *, table: str | None = None, reason: str | None = None
) -> list[Row]:
    """Return refused rows of a table or reason, the latest load's first.

    They have no key, so their pages are counted: `offset` rows come before.
    """
    query = exp.select(*QUARANTINE.names).from_(QUARANTINE.name)
    values: list[Any] = []
    for column, value in (("table_name", table), ("reason_code", reason)):
        if value is not None:
            query = query.where(f"{column} = ${column}", dialect="duckdb")
            values.append(value)
    first, *others = _REFUSED_ORDER
    query = query.order_by(exp.Ordered(this=exp.column(first), desc=True), *map(exp.column, others))
    text, _ = engine.parameterised(query.limit(limit).offset(offset))
    return engine.query(text, values)


def status(engine: Engine) -> Row:
    """Return the build that is shown, when it was made, and how many customers changed since."""
    shown = engine.query(
        "SELECT builds.build_id, builds.as_of, builds.finished_at FROM builds "
        "JOIN current_build ON current_build.build_id = builds.build_id"
    )
    changed = engine.query("SELECT COUNT(DISTINCT customer_id) AS number FROM changed_customers")
    row = shown[0] if shown else {"build_id": None, "as_of": None, "finished_at": None}
    built_at = row["finished_at"]
    return {
        "build_id": row["build_id"],
        "as_of": row["as_of"],
        "built_at": built_at and _instant(built_at),
        "changed_customers": changed[0]["number"],
    }


def _latest(engine: Engine, table: str, key: str, limit: int, before: int | None) -> list[Row]:
    query = exp.select("*").from_(table).order_by(exp.Ordered(this=exp.column(key), desc=True)).limit(limit)
    if before is None:
        return engine.query(query.sql(engine.dialect))
    below = exp.LT(this=exp.column(key), expression=exp.Literal.number(before))
    return engine.query(query.where(below).sql(engine.dialect))


def _documents(row: Row, *names: str) -> Row:
    told = {**row, **{name: json.loads(row[name]) for name in names}}
    return {name: _instant(value) if name in INSTANTS else value for name, value in told.items()}


def _build(row: Row) -> Row:
    told = _documents(row, "settings", "steps", "reconciliation")
    figures = [
        {
            "figure": one["figure"],
            "in_sources": _number(one["in_sources"]),
            "in_result": _number(one["in_result"]),
            "agrees": _number(one["in_sources"]) == _number(one["in_result"]),
        }
        for one in told["reconciliation"]
    ]
    return {**told, "reconciliation": figures}


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _instant(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
