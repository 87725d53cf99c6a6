"""What each metric's `.sql` files say of themselves: `NAME.sql` its rows, `NAME.EXTRA.sql` what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import sqlglot
from sqlglot import exp

from patron.errors import MetricError, did_you_mean

DIALECT = "duckdb"
_SAID = ("Title:", "Unit:", "Period:", "Compared:", "Known at:")
VALUE, PREVIOUS = "value", "previous_value"


@dataclass(frozen=True)
class Option:
    """A choice that a metric gives: one of `values`, or a whole number from `minimum` to `maximum`."""

    name: str
    meaning: str
    default: str | int
    values: tuple[str, ...] = ()
    minimum: int = 1
    maximum: int = 1

    def parsed(self, value: Any) -> str | int:
        """Return a value that was given for it; raises MetricError where it cannot be one."""
        if self.values:
            if value not in self.values:
                raise MetricError(
                    f"'{self.name}' cannot be '{value}'.{did_you_mean(str(value), self.values)} "
                    f"It is one of: {', '.join(self.values)}."
                )
            return str(value)
        try:
            number = int(value)
        except (TypeError, ValueError):
            number = self.minimum - 1
        if not self.minimum <= number <= self.maximum:
            raise MetricError(
                f"'{self.name}' cannot be '{value}'; it is a whole number from {self.minimum} to {self.maximum}."
            )
        return number


@dataclass(frozen=True)
class Query:
    """One query of a metric: the file as an analyst reads it, and each of its columns with its meaning."""

    sql: str
    columns: dict[str, str]

    @property
    def tree(self) -> exp.Query:
        """A fresh syntax tree of the query, to be changed at will."""
        return _parsed(self.sql).copy()


@dataclass(frozen=True)
class Metric:
    """One metric: what it is called, what it counts, what it means, and its queries.

    `unit` is customers, money, rate (0 to 1), points or answers. `columns` maps each column of its rows to its
    meaning; `extras` are the further tables that stand beside the rows, by name. Where `has_period`, it counts
    facts and can be narrowed to a period. What is `compared` has a `previous_value` beside its value, that of the same
    days a year before, and says so. Where it `is_line`, its query has a row for each point in time, of which
    as_of and a year before make its one row, and all together its sparkline.
    """

    name: str
    title: str
    unit: str
    meaning: str
    query: Query
    extras: dict[str, Query] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    has_period: bool = False
    compared: str = ""
    is_line: bool = False

    @property
    def columns(self) -> dict[str, str]:
        """Each column of its rows, with its meaning."""
        if self.is_line:
            return {VALUE: self.query.columns[VALUE], PREVIOUS: "The same, as known a year earlier."}
        if self.compared:
            return {**self.query.columns, PREVIOUS: self.compared}
        return self.query.columns

    @property
    def extra_columns(self) -> dict[str, dict[str, str]]:
        """Each column of the tables beside its rows, with its meaning, by the table's name."""
        if self.is_line:
            value = "As known at the end of the month, or at as_of in the last."
            return {"sparkline": {"month": "The month's first day.", VALUE: value}}
        return {name: query.columns for name, query in self.extras.items()}

    def parsed(self, options: Mapping[str, Any]) -> dict[str, str | int]:
        """Return the value of each of its options; raises MetricError for one that it has not or cannot be."""
        known = {one.name: one for one in self.options}
        for name in options:
            if name not in known:
                has = f"it has: {', '.join(known)}" if known else "it has none"
                raise MetricError(
                    f"The metric {self.name} has no option '{name}'.{did_you_mean(name, known)} Of options {has}."
                )
        return {
            name: one.default if options.get(name) is None else one.parsed(options[name])
            for name, one in known.items()
        }


OPTIONS: dict[str, tuple[Option, ...]] = {
    "segment_distribution": (
        Option(
            "by",
            "Which segments: those by value, or those by recency and frequency.",
            "customer_segment",
            ("customer_segment", "rfm_segment"),
        ),
    ),
    "top_customers": (Option("limit", "How many customers.", 5, minimum=1, maximum=100),),
}

# The order in which a dashboard shows them.
ORDER = (
    "total_customers",
    "total_lifetime_value",
    "average_order_value",
    "retention_rate",
    "repeat_purchase_rate",
    "segment_distribution",
    "monthly_revenue",
    "top_customers",
    "category_performance",
    "satisfaction",
    "churn_risk",
    "rfm",
)


@cache
def registry() -> dict[str, Metric]:
    """Return all metrics by name, in the order in which a dashboard shows them."""
    found = {
        path.name.removesuffix(".sql"): path.read_text("utf-8")
        for path in files(__package__).iterdir()
        if path.name.endswith(".sql")
    }
    metrics = [_read(name, found) for name in found if "." not in name]
    return {one.name: one for one in sorted(metrics, key=lambda one: ORDER.index(one.name))}


def metric(name: str) -> Metric:
    """Return the metric called `name`; raises MetricError with a suggestion when there is none."""
    if name not in registry():
        raise MetricError(
            f"There is no metric '{name}'.{did_you_mean(name, registry())} There are: {', '.join(registry())}."
        )
    return registry()[name]


def _read(name: str, found: dict[str, str]) -> Metric:
    header = [line.removeprefix("--").strip() for line in found[name].splitlines() if line.startswith("--")]
    said = {key: line.removeprefix(key).strip() for line in header for key in _SAID if line.startswith(key)}
    meaning = " ".join(line for line in header if not line.startswith(_SAID))
    if not meaning or not {"Title:", "Unit:"} <= said.keys():
        raise MetricError(
            f"Metric {name} must open with lines '-- Title: …' and '-- Unit: …' and its meaning."
        )
    extras = {
        other.removeprefix(f"{name}."): _query(other, found[other])
        for other in sorted(found)
        if other.startswith(f"{name}.")
    }
    return Metric(
        name,
        said["Title:"],
        said["Unit:"],
        meaning,
        _query(name, found[name]),
        extras,
        OPTIONS.get(name, ()),
        has_period="Period:" in said,
        compared=said.get("Compared:", ""),
        is_line="Known at:" in said,
    )


def _query(name: str, sql: str) -> Query:
    columns = {}
    for column in _parse(name, sql).selects:
        said = [comment.strip() for node in column.walk() for comment in node.comments or ()]
        if not said:
            raise MetricError(
                f"Column {column.alias_or_name} of metric {name} has no comment with its meaning."
            )
        columns[column.alias_or_name] = " ".join(said)
    return Query(sql, columns)


@cache
def _parsed(sql: str) -> exp.Query:
    return _parse("query", sql)


def _parse(name: str, sql: str) -> exp.Query:
    try:
        tree = sqlglot.parse_one(sql, read=DIALECT)
    except sqlglot.errors.ParseError as error:
        raise MetricError(f"Metric {name} is not valid SQL: {error}.") from error
    if not isinstance(tree, exp.Query):
        raise MetricError(f"Metric {name} must be one SELECT.")
    return tree
