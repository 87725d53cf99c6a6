"""Computes figures: a metric, narrowed by filters and a period, of the latest build of one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sqlglot import exp

from patron.errors import NoDatabase
from patron.metrics.filters import Filters, Period, condition
from patron.metrics.registry import Metric, Query, metric, registry
from patron.metrics.window import is_always, window, window_before

Row = dict[str, Any]
EVERYBODY, ALWAYS = Filters(), Period()
PREVIOUS = "previous_"
Statement = tuple[str, tuple[str, ...]]


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


@dataclass(frozen=True)
class Shape:
    """What decides how a statement is written: the columns that narrow, and what of a period is to be read."""

    narrowing: tuple[str, ...]
    is_always: bool
    has_parts: bool
    by: str | int | None


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
    now = window(period, build.as_of)
    before = window_before(now, build.as_of)
    values = {
        **filters.parameters(),
        **now.parameters(),
        **before.parameters(PREVIOUS),
        **options,
    }

    def rows(query: Query) -> list[Row]:
        always = is_always(period, build.as_of)
        has_parts = not always and (now.has_parts or (PREVIOUS in query.sql and before.has_parts))
        shape = Shape(tuple(filters.given), always, has_parts, options.get("by"))
        sql, names = _statement(database, query, shape)
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


# A statement is written once for each database and shape; only its values differ from then on.
_WRITTEN: WeakKeyDictionary[Database, dict[tuple[str, Shape], Statement]] = WeakKeyDictionary()


def _statement(database: Database, query: Query, shape: Shape) -> Statement:
    written = _WRITTEN.setdefault(database, {})
    if (query.sql, shape) not in written:
        written[query.sql, shape] = database.parameterised(shaped(query.tree, shape))
    return written[query.sql, shape]


def shaped(tree: exp.Query, shape: Shape) -> exp.Query:
    """Return a query for one shape: slices are those that the filters leave, and what is known of a period is said."""
    only = condition(shape.narrowing)
    known = {"is_always": shape.is_always, "has_parts": shape.has_parts}
    for node in list(tree.walk()):
        if isinstance(node, exp.Table) and node.name == "slices" and only is not None:
            chosen = exp.select("*").from_(node.copy()).where(only.copy())
            node.replace(chosen.subquery(node.alias_or_name))
        elif isinstance(node, exp.Placeholder) and str(node.this) in known:
            node.replace(exp.convert(known[str(node.this)]))
        elif isinstance(node, exp.Identifier) and node.this == "customer_segment" and shape.by:
            node.set("this", str(shape.by))
    return tree
