"""Splits a metric's query in two: sums by slice, which do not depend on filters, and what is made of them.

A filter leaves some slices whole and drops the others, so whatever sums over slices can be summed by slice once for
each build, and from then on added up for any filter without asking the database. Periods are alike: rows are summed by
the days that conditions are on, and those that count are chosen when somebody asks. All of it comes from the metric's
own SQL, which stays its one definition; a query of another form is not split.

Example:
    >>> split(parse_one("SELECT churn_risk_score, SUM(customers) AS customers FROM slices GROUP BY churn_risk_score"))
    Sums(parts=(Part(query=SELECT slices.slice_id, churn_risk_score AS key_0, SUM(customers) AS sum_0 FROM slices
    GROUP BY churn_risk_score, slices.slice_id, ...),), ...)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlglot import exp

from patron.metrics.conditions import Condition, Conditions, OtherForm, depends_on, taken
from patron.metrics.pruning import named_as

SLICE = "slice_id"
NARROWED = ("slices", "chosen")  # the table, or the CTE of rows that have a slice; one of them is in FROM
Column = list[Any]


@dataclass(frozen=True)
class Columns:
    """The sums of some slices: for each row of the result its keys, and its sums in the order of `Sums`.

    `asked` are the days that were asked for, by the parameter's name.
    """

    keys: Sequence[Column]
    sums: Sequence[Column]
    length: int
    asked: Mapping[str, date] = field(default_factory=dict)


Formula = Callable[[Columns], Column]


@dataclass(frozen=True)
class Part:
    """A query that adds up, by slice, by key and by the days that conditions are on.

    It has the columns slice_id, key_0 to key_n, sum_0 to sum_n, and day_0 to day_n, `days` of them. `of_main` are the
    conditions on the day at the place `main` alone, `of_others` all others, which read the days `read_by_others`.
    """

    query: exp.Select
    days: int
    main: int
    of_main: Sequence[Condition]
    of_others: Sequence[Condition]
    read_by_others: Set[int]


@dataclass(frozen=True)
class Sums:
    """The parts of which a query's sums are, and the formula of each of its columns.

    `wanted` says which rows of the result are there, None being all. `keeps_keys` says that the result has a row
    for each key even where no slice is left, `is_one` that it is one row, whatever is left.
    """

    parts: Sequence[Part]
    columns: dict[str, Formula]
    order: tuple[tuple[Formula, bool], ...]
    wanted: Formula | None
    keys: int
    sums: int
    keeps_keys: bool
    is_one: bool


@dataclass(frozen=True)
class Picks:
    """A query that picks the first rows in an order: all rows in that order with their slice, and how many."""

    query: exp.Select
    columns: tuple[str, ...]
    limit: exp.Expr


def split(tree: exp.Query, asked: Set[str] = frozenset()) -> Sums | Picks | None:
    """Return the two halves of a query, or None where it has another form.

    The parameters in `asked` are days, and left open.
    """
    if not isinstance(tree, exp.Select) or (source := _source(tree)) is None:
        return None
    try:
        return _Split(tree, source, asked).sums() if tree.find(exp.AggFunc) else _picks(tree, source)
    except OtherForm:
        return None


def _source(tree: exp.Select) -> str | None:
    """Return by which name the FROM of a query knows the rows that filters narrow."""
    joins = tree.args.get("joins") or []
    tables = [one.this for one in (tree.args["from_"], *joins)]
    return next((one.alias_or_name for one in tables if one.alias_or_name in NARROWED), None)


def _picks(tree: exp.Select, source: str) -> Picks:
    limit = tree.args.get("limit")
    if limit is None or not tree.args.get("order"):
        raise OtherForm
    query = tree.copy()
    query.set("limit", None)
    names = tuple(tree.named_selects)
    query.select(exp.column(SLICE, source), copy=False)
    return Picks(query, names, limit.expression.copy())


@dataclass
class _Split:
    """Collects the keys and the sums of one query while its columns are turned into formulas."""

    tree: exp.Select
    source: str
    asked: Set[str]
    keys: list[exp.Expr] = field(default_factory=list)
    aggregates: list[exp.Expr] = field(default_factory=list)

    def sums(self) -> Sums:
        """Return the query as sums by slice."""
        tree = self.tree = self.tree.copy()
        if any(tree.args.get(part) for part in ("having", "qualify", "distinct", "limit")):
            raise OtherForm
        columns = {one.alias_or_name: self._formula(one.unalias()) for one in tree.selects}
        order = tuple(
            (self._ordering(one.this, columns), bool(one.args.get("desc")))
            for one in (tree.args["order"].expressions if tree.args.get("order") else ())
        )
        wanted = [self._formula(one) for one in taken(tree, self.asked)]
        if wanted and not tree.args.get("group"):
            raise OtherForm
        joins = tree.args.get("joins") or []
        return Sums(
            tuple(self._parts()),
            columns,
            order,
            _all_of(wanted) if wanted else None,
            len(self.keys),
            len(self.aggregates),
            keeps_keys=any(one.side == "LEFT" and one.this.alias_or_name == self.source for one in joins),
            is_one=not tree.args.get("group"),
        )

    def _parts(self) -> Iterator[Part]:
        """Return a part for each branch of the rows that are narrowed, for each has conditions of its own."""
        rows = next((one for one in self.tree.ctes if one.alias == self.source), None)
        if rows is None:
            yield self._part(self.tree.copy(), Conditions(self.asked))
            return
        for branch in _branches(rows.this):
            conditions = Conditions(self.asked)
            one = branch.copy()
            conditions.take_from(one)
            named_as(one, rows.this)
            if conditions.days and any(one.args.get(word) for word in ("group", "distinct")):
                raise OtherForm
            for place, day in enumerate(conditions.days):
                one.select(exp.alias_(day.copy(), f"day_{place}"), copy=False)
            whole = self.tree.copy()
            next(cte for cte in whole.ctes if cte.alias == self.source).set("this", one)
            yield self._part(whole, conditions)

    def _part(self, query: exp.Select, conditions: Conditions) -> Part:
        days = [exp.column(f"day_{place}", self.source) for place in range(len(conditions.days))]
        query.set("order", None)
        query.set(
            "expressions",
            [
                exp.column(SLICE, self.source),
                *(exp.alias_(one.copy(), f"key_{place}") for place, one in enumerate(self.keys)),
                *(exp.alias_(one.copy(), f"sum_{place}") for place, one in enumerate(self.aggregates)),
                *days,
            ],
        )
        query.group_by(exp.column(SLICE, self.source), *(one.copy() for one in days), copy=False)
        if depends_on(query, self.asked):
            raise OtherForm
        return Part(
            query,
            len(days),
            conditions.main,
            conditions.of_main,
            conditions.of_others,
            conditions.read_by_others,
        )

    def _ordering(self, term: exp.Expr, columns: dict[str, Formula]) -> Formula:
        if isinstance(term, exp.Column) and not term.table and term.name in columns:
            return columns[term.name]
        return self._formula(term)

    def _formula(self, node: exp.Expr) -> Formula:
        """Return how a column is made of keys and sums; raises OtherForm."""
        if isinstance(node, exp.Window):
            return self._total(node)
        if isinstance(node, exp.Filter | exp.AggFunc):
            return self._sum(node)
        if isinstance(node, exp.Literal | exp.Null):
            return _constant(node)
        if isinstance(node, exp.Placeholder) and str(node.this) in self.asked:
            return _day(str(node.this))
        if not node.find(exp.AggFunc) and not depends_on(node, self.asked):
            return self._key(node)
        if type(node) in _OPERATIONS:
            of = [self._formula(one) for one in _operands(node)]
            apply = _OPERATIONS[type(node)](node)
            return lambda columns: [
                apply(*values) for values in zip(*(one(columns) for one in of), strict=True)
            ]
        raise OtherForm

    def _total(self, window: exp.Window) -> Formula:
        """Return the sum over all rows."""
        narrowed = any(window.args.get(part) for part in ("partition_by", "order", "spec"))
        if narrowed or not isinstance(window.this, exp.Sum):
            raise OtherForm
        inner = self._formula(window.this.this)

        def total(columns: Columns) -> Column:
            values = [value for value in inner(columns) if value is not None]
            return [sum(values) if values else None] * columns.length

        return total

    def _sum(self, node: exp.Expr) -> Formula:
        function = node.this if isinstance(node, exp.Filter) else node
        if not isinstance(function, exp.Sum) or isinstance(function.this, exp.Distinct):
            raise OtherForm
        place = _place(self.aggregates, node)
        return lambda columns: columns.sums[place]

    def _key(self, node: exp.Expr) -> Formula:
        place = _place(self.keys, node)
        return lambda columns: columns.keys[place]


def _place(known: list[exp.Expr], node: exp.Expr) -> int:
    if node not in known:
        known.append(node)
    return known.index(node)


def _constant(node: exp.Expr) -> Formula:
    value = node.to_py()
    return lambda columns: [value] * columns.length


def _day(name: str) -> Formula:
    return lambda columns: [columns.asked[name]] * columns.length


def _all_of(formulas: Sequence[Formula]) -> Formula:
    return lambda columns: [all(row) for row in zip(*(one(columns) for one in formulas), strict=True)]


def _branches(rows: exp.Query) -> Iterator[exp.Select]:
    """Return the branches of UNION ALL."""
    if isinstance(rows, exp.Union) and not rows.args.get("distinct"):
        yield from _branches(rows.left)
        yield from _branches(rows.right)
    elif isinstance(rows, exp.Select):
        yield rows
    else:
        raise OtherForm


def _operands(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Cast | exp.Paren):
        return [node.this]
    return [node.this, *(node.expressions or [node.expression])]


def _cast(node: exp.Expr) -> Callable[[Any], Any]:
    kind = node.args["to"].this
    if kind not in _TYPES:
        raise OtherForm
    convert = _TYPES[kind]
    return lambda value: None if value is None else convert(value)


def _divided(_: exp.Expr) -> Callable[[Any, Any], float | None]:
    return lambda one, by: None if one is None or by is None else float(one) / float(by)


def _coalesced(_: exp.Expr) -> Callable[..., Any]:
    return lambda *values: next((value for value in values if value is not None), None)


_TYPES: dict[exp.DType, Callable[[Any], Any]] = {
    exp.DataType.Type.BIGINT: int,
    exp.DataType.Type.DATE: lambda day: day,  # of days
    exp.DataType.Type.DOUBLE: float,
    exp.DataType.Type.DECIMAL: Decimal,  # of sums of cents, which have no further digits
}
_OPERATIONS: dict[type[exp.Expr], Callable[[exp.Expr], Callable[..., Any]]] = {
    exp.Cast: _cast,
    exp.Coalesce: _coalesced,
    exp.Div: _divided,
    exp.Nullif: lambda _: lambda one, other: None if one == other else one,
    exp.Paren: lambda _: lambda value: value,
    exp.Or: lambda _: lambda one, other: one or other,
    exp.LT: lambda _: lambda one, other: one < other,
    exp.LTE: lambda _: lambda one, other: one <= other,
    exp.GT: lambda _: lambda one, other: one > other,
    exp.GTE: lambda _: lambda one, other: one >= other,
}
