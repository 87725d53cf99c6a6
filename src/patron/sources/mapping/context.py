"""What a column of text is taken for: a number where one reckons with it, a day where one counts days.

Files of text have no types, so `quantity * unit_price` has to make numbers of both, as the source writes
them. What an operator or a function needs is handed down the expression until it meets text. What cannot be
taken for it is never None in silence: `Typed.faults` asks for it, row by row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import sqlglot
from sqlglot import exp

from patron.sources.mapping.writing import Writing


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Sort(Enum):
    """What a value is."""

    TEXT = "text"
    NUMBER = "a number"
    DAY = "a date"


_NUMBERS = _words("Add Sub Mul Div IntDiv Mod Neg Abs Round Floor Ceil Sign Sqrt Pow Ln Log Exp Trunc")
_DAYS = _words(
    "Year Month Day Quarter Week DayOfWeek DayOfMonth DayOfYear Hour Minute Second Extract DateTrunc "
    "TimestampTrunc DateDiff TimestampDiff DateAdd DateSub LastDay TimeToStr TimeToUnix AtTimeZone"
)
_MADE_DAYS = _words(
    "DateTrunc TimestampTrunc DateAdd DateSub LastDay StrToTime StrToDate DateFromParts UnixToTime AtTimeZone"
)
_MADE_NUMBERS = _words(
    "Length StrPosition Year Month Day Quarter Week DayOfWeek DayOfMonth DayOfYear Hour Minute "
    "Second Extract DateDiff TimestampDiff TimeToUnix"
)
_ALIKE = ("Coalesce", "Nullif", "Greatest", "Least", "Case", "If", "Paren")
_COMPARED = ("EQ", "NEQ", "GT", "GTE", "LT", "LTE", "Between", "In", "NullSafeEQ", "NullSafeNEQ")
_MANY = 2  # columns multiplied, up to which a decimal has room for many digits


@dataclass(frozen=True)
class Fault:
    """Text that is not what it has to be: when, and of which column (None for a computed text)."""

    condition: str
    sort: Sort
    column: str | None
    shown: str


@dataclass
class Typed:
    """An expression as it runs, and what can be wrong with a row for it."""

    tree: exp.Expr
    faults: list[Fault] = field(default_factory=list)


class Typing:
    """Types expressions over columns of which `texts` are text and `clocks` are times in a known zone."""

    def __init__(self, types: dict[str, str], writing: Writing) -> None:
        self.types = types
        self.writing = writing

    def typed(self, tree: exp.Expr, wanted: Sort | None) -> Typed:
        """Return the expression with its columns as what it needs them for."""
        factors = len({column.name for column in tree.find_all(exp.Column)})
        typed = Typed(tree, [])
        typed.tree = self._down(tree, wanted, typed, 9 if factors <= _MANY else 6)
        return typed

    def sort(self, node: exp.Expr) -> Sort | None:
        """Return what a node's value is; None where it cannot be told."""
        kind = type(node).__name__
        if isinstance(node, exp.Literal):
            return Sort.TEXT if node.is_string else Sort.NUMBER
        if isinstance(node, exp.Column):
            return self._sort_of_column(node.name)
        if isinstance(node, exp.Cast):
            return _sort_of_type(node.to)
        if isinstance(node, exp.Interval):
            return Sort.DAY
        if kind in _MADE_DAYS or (isinstance(node, exp.Anonymous) and "strptime" in node.name.lower()):
            return Sort.DAY
        if kind in ("Add", "Sub"):
            return self._sort_of_sum(node)
        if kind in _NUMBERS or kind in _MADE_NUMBERS:
            return Sort.NUMBER
        if kind in _ALIKE:
            sorts = [self.sort(one) for one in _alike(node)]
            return next((one for one in (Sort.DAY, Sort.NUMBER) if one in sorts), sorts[0] if sorts else None)
        return Sort.TEXT if isinstance(node, exp.Func | exp.DPipe | exp.Bracket) else None

    def _sort_of_column(self, name: str) -> Sort | None:
        kind = self.types[name]
        if kind in ("VARCHAR", "BLOB"):
            return Sort.TEXT
        return Sort.DAY if kind.startswith(("DATE", "TIMESTAMP")) else Sort.NUMBER

    def _sort_of_sum(self, node: exp.Expr) -> Sort:
        """A day and an interval make a day, two days a number."""
        sorts = [self.sort(node.this), self.sort(node.expression)]
        days = sorts.count(Sort.DAY)
        if isinstance(node, exp.Sub) and days == 2 and not node.find(exp.Interval):
            return Sort.NUMBER
        return Sort.DAY if days else Sort.NUMBER

    # -- handing down what is needed --------------------------------------------------------------------

    def _down(self, node: exp.Expr, wanted: Sort | None, typed: Typed, scale: int) -> exp.Expr:
        kind = type(node).__name__
        if kind in _ALIKE:
            return self._alike(node, wanted, typed, scale)
        if isinstance(node, exp.Column):
            return self._column(node, wanted, typed, scale)
        if isinstance(node, exp.Cast) and (to := _sort_of_type(node.to)) in (Sort.NUMBER, Sort.DAY):
            node.set("this", self._down(node.this, to, typed, scale))
            return node
        needs = self._needs(node)
        for child in list(node.iter_expressions()):
            child.replace(self._down(child, needs, typed, scale))
        if wanted in (Sort.NUMBER, Sort.DAY) and self._computes_text(node):
            return self._taken_for(node, node.sql("duckdb"), None, wanted, typed, scale)
        return node

    def _computes_text(self, node: exp.Expr) -> bool:
        return not isinstance(node, exp.Literal) and self.sort(node) is Sort.TEXT

    def _needs(self, node: exp.Expr) -> Sort | None:
        kind = type(node).__name__
        if kind in ("Add", "Sub"):
            sorts = [self.sort(one) for one in (node.this, node.expression)]
            return Sort.DAY if Sort.DAY in sorts else Sort.NUMBER
        if kind in _NUMBERS:
            return Sort.NUMBER
        if kind in _DAYS:
            return Sort.DAY
        if kind in _COMPARED:
            sorts = [self.sort(one) for one in node.iter_expressions()]
            return next((one for one in (Sort.DAY, Sort.NUMBER) if one in sorts), None)
        return None

    def _alike(self, node: exp.Expr, wanted: Sort | None, typed: Typed, scale: int) -> exp.Expr:
        """Values of which one is taken: all must be of one sort; conditions are not among them."""
        needed = wanted
        if needed in (None, Sort.TEXT) and self.sort(node) in (Sort.NUMBER, Sort.DAY):
            needed = self.sort(node)
        values = _alike(node)
        for child in [one for one in node.iter_expressions() if all(one is not value for value in values)]:
            if not isinstance(child, exp.If):
                child.replace(self._down(child, None, typed, scale))
        for value in values:
            value.replace(self._down(value, needed, typed, scale))
        for branch in node.args.get("ifs") or []:
            branch.this.replace(self._down(branch.this, None, typed, scale))
        return node

    def _column(self, node: exp.Column, wanted: Sort | None, typed: Typed, scale: int) -> exp.Expr:
        kind = self.types[node.name]
        raw = self.writing.cell(exp.to_identifier(node.name, quoted=True).sql("duckdb"), kind)
        if kind == "BLOB":
            text = node.sql("duckdb")
            condition = f"{text} IS NOT NULL AND TRY(DECODE({text})) IS NULL"
            typed.faults.append(Fault(condition, Sort.TEXT, node.name, node.name))
        if kind in ("VARCHAR", "BLOB") and wanted in (Sort.NUMBER, Sort.DAY):
            return self._taken_for(node, raw, node.name, wanted, typed, scale)
        return _sql(raw)

    def _taken_for(
        self, node: exp.Expr, text: str, column: str | None, wanted: Sort, typed: Typed, scale: int
    ) -> exp.Expr:
        made = self.writing.number(text, scale) if wanted is Sort.NUMBER else self.writing.day(text)
        condition = f"TRIM({text}) <> '' AND {made} IS NULL"
        typed.faults.append(Fault(condition, wanted, column, column or node.sql("duckdb")))
        return _sql(made)


def _alike(node: exp.Expr) -> list[exp.Expr]:
    """Return the values among which a node chooses."""
    if isinstance(node, exp.Case):
        values = [branch.args["true"] for branch in node.args["ifs"]]
        return [*values, *([node.args["default"]] if node.args.get("default") else [])]
    if isinstance(node, exp.If):
        return [one for one in (node.args.get("true"), node.args.get("false")) if one is not None]
    return list(node.iter_expressions())


def _sort_of_type(kind: exp.DataType) -> Sort:
    if kind.this in exp.DataType.NUMERIC_TYPES:
        return Sort.NUMBER
    return Sort.DAY if kind.this in exp.DataType.TEMPORAL_TYPES else Sort.TEXT


def _sql(text: str) -> exp.Expr:
    """Return our own SQL as a node that is written just as it is."""
    return sqlglot.parse_one(text, dialect="duckdb")
