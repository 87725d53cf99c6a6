"""Computes figures: a metric, narrowed by filters and a period, of the latest build of one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sqlglot import exp

from patron.errors import NoDatabase
from patron.metrics.filters import Filters, Period, condition
from patron.metrics.pruning import pruned
from patron.metrics.registry import DIALECT, PREVIOUS, VALUE, Metric, Query, metric, registry
from patron.metrics.window import Window, is_always, window, window_before, year_before

Row = dict[str, Any]
EVERYBODY, ALWAYS = Filters(), Period()
DRAWN, MARGIN = 2000, 1.2  # so many customers, of a few more than should do
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


class Memory(Protocol):
    """What is remembered of one build, as `patron.memory` makes it."""

    @property
    def build(self) -> Build:
        """The build."""
        ...

    def rows(
        self, sql: str, filters: Filters, options: Mapping[str, Any], days: Window, *, is_always: bool
    ) -> Sequence[Row] | None:
        """Return the rows of a query, narrowed, or None where they must be asked for."""
        ...


@dataclass(frozen=True)
class Figure:
    """A metric's value for one build: `rows`, and further tables by name in `extra`.

    `filters` has what narrowed it, by name: customer filters, and `from` and `to` where it `has_period`: where it
    counts facts, which days can narrow.
    """

    metric: str
    title: str
    unit: str
    has_period: bool
    as_of: date
    build_id: int
    filters: dict[str, Any]
    rows: Sequence[Row]
    extra: dict[str, Sequence[Row]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as the API and `--json` give it, the extra tables beside the rows."""
        named = ("metric", "title", "unit", "has_period", "as_of", "build_id", "filters")
        own = {name: getattr(self, name) for name in named}
        return {**own, "rows": self.rows, **self.extra}


@dataclass(frozen=True)
class Shape:
    """What decides how a statement is written: the columns that narrow, and what of a period is to be read."""

    narrowing: tuple[str, ...]
    is_always: bool
    has_parts: bool
    by: str | int | None


def current_build(database: Database) -> Build:
    """Return the build that figures are of; raises NoDatabase before the first one, and where it kept no figures."""
    rows = database.query(
        "SELECT build_id, as_of, EXISTS (SELECT 1 FROM points_in_time) AS has_figures FROM current_build"
    )
    if not rows:
        raise NoDatabase("There are no figures yet, because nothing is built; run `patron build` first.")
    if not rows[0]["has_figures"]:
        raise NoDatabase(
            "The latest build kept no figures, as the setting model.figures was false; set it to true in patron.toml "
            "and run `patron build`."
        )
    return Build(rows[0]["build_id"], rows[0]["as_of"])


class Forgotten(LookupError):
    """What memory alone does not know; it takes the database."""

    def __init__(self, what: str, *, of_days: bool = False) -> None:
        """Take what it is, and whether a memory of days would know it."""
        super().__init__(what)
        self.of_days = of_days


def compute(
    database: Database | None,
    name: str,
    filters: Filters = EVERYBODY,
    period: Period = ALWAYS,
    *,
    memory: Memory | None = None,
    **options: Any,
) -> Figure:
    """Return the figure called `name`, of the latest build.

    A metric that counts no facts takes no notice of `period`. What is in the `memory` of that build is not asked for
    again; without a database it is all there is, and Forgotten is raised where that does not do. Raises MetricError
    for a name or an option that there is not, NoDatabase when nothing is built.
    """
    one = metric(name)
    parsed = one.parsed(options)
    return _Reader(database, filters, period, memory).figure(one, parsed)


def dashboard(
    database: Database | None,
    filters: Filters = EVERYBODY,
    period: Period = ALWAYS,
    *,
    memory: Memory | None = None,
) -> dict[str, Figure]:
    """Return every figure by name, all of one build, with options as they are by default; `memory` as in `compute`."""
    reader = _Reader(database, filters, period, memory)
    reader.read_lines([one for one in registry().values() if one.is_line])
    return {name: reader.figure(one, one.parsed({})) for name, one in registry().items()}


class _Reader:
    """Reads figures of one build, all narrowed alike."""

    def __init__(
        self, database: Database | None, filters: Filters, period: Period, memory: Memory | None
    ) -> None:
        self.database, self.filters, self.period = database, filters, period
        self.build = _build_of(database, memory)
        self.memory = memory if memory is not None and memory.build == self.build else None
        self.now = window(period, self.build.as_of)
        self.before = window_before(self.now, self.build.as_of)
        self.is_always = is_always(period, self.build.as_of)
        self.lines: dict[str, Sequence[Row]] = {}

    def figure(self, one: Metric, options: Mapping[str, str | int]) -> Figure:
        """Return a metric's figure."""
        if one.is_line:
            rows, extra = self._of_line(one)
        else:
            rows = self._rows(one.query, options)
            if one.compared:
                before = self._rows(one.query, options, self.before)
                rows = [{**row, PREVIOUS: then[VALUE]} for row, then in zip(rows, before, strict=True)]
            extra = {name: self._extra(query, options, rows) for name, query in one.extras.items()}
        narrowed = {**self.filters.given, **(self.period.given if one.has_period else {})}
        build = self.build
        told = (one.name, one.title, one.unit, one.has_period)
        return Figure(*told, build.as_of, build.build_id, narrowed, rows, extra)

    def read_lines(self, metrics: Sequence[Metric]) -> None:
        """Read metrics that are known at points in time, all in one query."""
        rows = self._rows(lines(tuple(one.name for one in metrics)), {})
        self.lines = {one.name: [{**row, VALUE: row[one.name]} for row in rows] for one in metrics}

    def _of_line(self, one: Metric) -> tuple[Sequence[Row], dict[str, Sequence[Row]]]:
        if one.name not in self.lines:
            self.read_lines([one])
        line = self.lines[one.name]
        at = {row["point"]: row[VALUE] for row in line}
        as_of = self.build.as_of
        row = {VALUE: at[as_of], PREVIOUS: at[year_before(as_of)]}
        return [row], {
            "sparkline": [{name: row[name] for name in ("month", VALUE)} for row in line if row["in_line"]]
        }

    def _extra(self, query: Query, options: Mapping[str, Any], rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of a query that may be a draw of the customers that `rows` count."""
        if "draw_to" not in query.sql:
            return self._rows(query, options)
        if (remembered := self._remembered(query, options, self.now)) is not None:
            return remembered
        customers = sum(row["customers"] for row in rows)
        drawn = self._rows(query, {**options, "draw_to": draw_to(DRAWN * MARGIN / max(customers, 1))})
        if len(drawn) >= min(DRAWN, customers):
            return drawn
        return self._rows(query, {**options, "draw_to": draw_to(1.0)})

    def _remembered(self, query: Query, options: Mapping[str, Any], days: Window) -> Sequence[Row] | None:
        if self.memory is None:
            return None
        return self.memory.rows(query.sql, self.filters, options, days, is_always=self.is_always)

    def _rows(self, query: Query, options: Mapping[str, Any], days: Window | None = None) -> Sequence[Row]:
        """Return the rows of a query, of the period's days unless other ones are given."""
        days = days or self.now
        if (remembered := self._remembered(query, options, days)) is not None:
            return remembered
        if self.database is None:
            raise Forgotten(query.sql, of_days=not self.is_always)
        has_parts = days.has_parts and not self.is_always
        shape = Shape(tuple(self.filters.given), self.is_always, has_parts, options.get("by"))
        sql, names = _statement(self.database, query, shape)
        values = {**self.filters.parameters(), **days.parameters(), **options}
        return self.database.query(sql, [values[name] for name in names])


def _build_of(database: Database | None, memory: Memory | None) -> Build:
    if database is not None:
        return current_build(database)
    if memory is None:
        raise Forgotten("everything")
    return memory.build


def draw_to(share: float) -> str:
    """Return up to which hash a share of all customers is drawn; hashes are eight hexadecimal digits."""
    return f"{min(int(share * 16**8), 16**8 - 1):08x}"


@cache
def lines(names: tuple[str, ...]) -> Query:
    """Return the query of several metrics that are known at points in time: the first one's, with all values."""
    tree = metric(names[0]).query.tree
    tree.selects[-1].replace(_value(metric(names[0])))
    for name in names[1:]:
        tree.select(_value(metric(name)), copy=False)
    return Query(tree.sql(DIALECT), {})


def _value(one: Metric) -> exp.Expr:
    """Return the value of a metric that is known at points in time, called by the metric's name."""
    return exp.alias_(one.query.tree.selects[-1].unalias(), one.name)


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
    return pruned(tree)
