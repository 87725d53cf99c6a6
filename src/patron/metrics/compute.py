"""Computes figures: a metric, narrowed by filters and a period, of the latest build of one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from sqlglot import exp

from patron.errors import NoDatabase
from patron.metrics.filters import Filters, Period, condition
from patron.metrics.registry import Metric, Query, metric, registry

Row = dict[str, Any]
EVERYBODY, ALWAYS = Filters(), Period()
FIRST_DAY = date(1, 1, 1)


class Database(Protocol):
    """What figures need of an engine."""

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Return the rows of a query."""
        ...

    def parameterised(self, query: exp.Query) -> tuple[str, tuple[str, ...]]:
        """Return a query with `?` for each `$name`, and these names in the order in which values go there."""
        ...


@dataclass(frozen=True)
class Build:
    """The build that figures are of."""

    build_id: int
    as_of: date


@dataclass(frozen=True)
class Figure:
    """A metric's value for one build: `rows`, and further tables by name in `extra`.

    `filters` has what narrowed it, by name: customer filters, and `from` and `to` where it has a period.
    """

    metric: str
    title: str
    unit: str
    as_of: date
    build_id: int
    filters: dict[str, Any]
    rows: list[Row]
    extra: dict[str, list[Row]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as the API and `--json` give it, the extra tables beside the rows."""
        own = {
            name: getattr(self, name) for name in ("metric", "title", "unit", "as_of", "build_id", "filters")
        }
        return {**own, "rows": self.rows, **self.extra}


def current_build(database: Database) -> Build:
    """Return the build that figures are of; raises NoDatabase before the first one."""
    rows = database.query("SELECT build_id, as_of FROM current_build")
    if not rows:
        raise NoDatabase("There are no figures yet, because nothing is built; run `patron build` first.")
    return Build(rows[0]["build_id"], rows[0]["as_of"])


def compute(
    database: Database, name: str, filters: Filters = EVERYBODY, period: Period = ALWAYS, **options: Any
) -> Figure:
    """Return the figure called `name`, of the latest build.

    A metric that counts no facts takes no notice of `period`. Raises MetricError for a name or an option that
    there is not, NoDatabase when nothing is built.
    """
    one = metric(name)
    return _computed(database, one, filters, period, one.parsed(options), current_build(database))


def dashboard(database: Database, filters: Filters = EVERYBODY, period: Period = ALWAYS) -> dict[str, Figure]:
    """Return every figure by name, all of one build, with options as they are by default."""
    build = current_build(database)
    return {
        name: _computed(database, one, filters, period, one.parsed({}), build)
        for name, one in registry().items()
    }


def _computed(
    database: Database,
    one: Metric,
    filters: Filters,
    period: Period,
    options: Mapping[str, str | int],
    build: Build,
) -> Figure:
    values = {**filters.parameters(), **_days(period, build), **options}

    def rows(query: Query) -> list[Row]:
        sql, names = _statement(database, query, tuple(filters.given), options.get("by"))
        return database.query(sql, [values[name] for name in names])

    return Figure(
        one.name,
        one.title,
        one.unit,
        build.as_of,
        build.build_id,
        {**filters.given, **(period.given if one.has_period else {})},
        rows(one.query),
        {name: rows(query) for name, query in one.extras.items()},
    )


def _days(period: Period, build: Build) -> dict[str, date]:
    """Return the first and the last day that count; nothing after as_of does."""
    end = build.as_of if period.end is None else min(period.end, build.as_of)
    return {"from_day": period.start or FIRST_DAY, "to_day": end}


def _statement(
    database: Database, query: Query, narrowing: tuple[str, ...], by: str | int | None
) -> tuple[str, tuple[str, ...]]:
    tree = query.tree
    _narrow(tree, narrowing)
    if by is not None:
        for identifier in tree.find_all(exp.Identifier):
            if identifier.this == "customer_segment":
                identifier.set("this", by)
    return database.parameterised(tree)


def _narrow(tree: exp.Query, narrowing: tuple[str, ...]) -> None:
    """Let the name of customer_360 stand for its rows that the filters leave."""
    only = condition(narrowing)
    for table in list(tree.find_all(exp.Table)):
        if only is not None and table.name == "customer_360":
            chosen = exp.select("*").from_(table.copy()).where(only.copy())
            table.replace(chosen.subquery(table.alias_or_name))
