"""What figures can be narrowed to: the values that customers of the latest build have in each filter's column."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from patron.metrics.compute import Build, Database, current_build
from patron.metrics.filters import FILTERS, UNKNOWN
from patron.metrics.registry import DIALECT


def choices(database: Database) -> tuple[Build, dict[str, list[dict[str, Any]]]]:
    """Return the build, and for each filter its values with their number of customers, most customers first.

    Raises NoDatabase when nothing is built.
    """
    build = current_build(database)
    return build, {name: database.query(database.parameterised(_values(name))[0]) for name in FILTERS}


def _values(column: str) -> exp.Query:
    value = exp.Coalesce(this=exp.cast(exp.column(column), "TEXT"), expressions=[exp.Literal.string(UNKNOWN)])
    customers = exp.cast(exp.Sum(this=exp.column("customers")), "BIGINT")
    return (
        exp.select(value.as_("value"), customers.as_("customers"))
        .from_("slices")
        .group_by(value.copy())
        .order_by("customers DESC", "value", dialect=DIALECT)
    )
