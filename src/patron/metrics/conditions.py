"""Conditions on days that are known only when somebody asks, taken out of a query to be checked on its rows later.

Example:
    >>> conditions = Conditions({"from_day"})
    >>> branch = parse_one("SELECT n FROM t WHERE a = 1 AND sold_on >= $from_day")
    >>> conditions.take_from(branch); branch.sql(), conditions.days
    ('SELECT n FROM t WHERE a = 1', [sold_on])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from datetime import date
from functools import reduce
from typing import Any

import numpy as np
from sqlglot import exp

Numbers = np.ndarray[Any, Any]  # whole ones, of whatever width holds them
# For the columns of days by their place, and the days asked for, all as numbers: which rows count.
Condition = Callable[[Mapping[int, Numbers], Mapping[str, int]], Numbers]
EPOCH = date(1970, 1, 1).toordinal()


class OtherForm(Exception):
    """A query, or a part of one, that cannot be split."""


def number_of(day: date) -> int:
    """Return a day as a number, as Arrow and NumPy count them."""
    return day.toordinal() - EPOCH


def depends_on(node: exp.Expr, asked: Set[str]) -> bool:
    """Whether an expression has one of these parameters."""
    return any(str(one.this) in asked for one in node.find_all(exp.Placeholder))


class Conditions:
    """What is taken out of a query's WHERE, and the expressions of `days` that it is on."""

    def __init__(self, asked: Set[str]) -> None:
        """Take the names of the parameters that are known only when somebody asks."""
        self.asked = asked
        self.days: list[exp.Expr] = []
        self._taken: list[tuple[Condition, set[int]]] = []  # each with the places of the days that it reads

    @property
    def main(self) -> int:
        """The place of the day that most conditions are on alone: who has rows in its order finds them soonest."""
        alone = [min(read) for _, read in self._taken if len(read) == 1]
        return max(range(len(self.days)), key=alone.count, default=0)

    @property
    def of_main(self) -> list[Condition]:
        """The conditions on that day alone."""
        return [one for one, read in self._taken if read <= {self.main}]

    @property
    def of_others(self) -> list[Condition]:
        """All other ones."""
        return [one for one, read in self._taken if not read <= {self.main}]

    @property
    def read_by_others(self) -> set[int]:
        """The places of the days that these read."""
        return {place for _, read in self._taken if not read <= {self.main} for place in read}

    def take_from(self, query: exp.Select) -> None:
        """Take the conditions with such parameters out of a query; raises OtherForm for any that is none on days."""
        for term in taken(query, self.asked):
            read: set[int] = set()
            self._taken.append((self._compiled(term, read), read))

    def _compiled(self, node: exp.Expr, read: set[int]) -> Condition:
        """Return a term as a function, and note the places of the days that it reads."""
        if isinstance(node, exp.Paren) or (isinstance(node, exp.Cast) and depends_on(node, self.asked)):
            return self._compiled(node.this, read)
        if type(node) in _OPERATORS:
            operands = [node.this, *(node.expressions or [node.expression])]
            operator = _OPERATORS[type(node)]
            of = [self._compiled(one, read) for one in operands]
            return lambda days, asked: reduce(operator, (one(days, asked) for one in of))
        if isinstance(node, exp.Placeholder) and str(node.this) in self.asked:
            name = str(node.this)
            return lambda days, asked: np.asarray(asked[name])
        if depends_on(node, self.asked):
            raise OtherForm
        if node not in self.days:
            self.days.append(node)
        place = self.days.index(node)
        read.add(place)
        return lambda days, asked: days[place]


def taken(query: exp.Select, asked: Set[str]) -> list[exp.Expr]:
    """Take the terms of a query's WHERE that have one of these parameters out of it, and return them."""
    where = query.args.get("where")
    if where is None:
        return []
    terms = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    out = [one for one in terms if depends_on(one, asked)]
    rest = [one for one in terms if not depends_on(one, asked)]
    query.set("where", exp.Where(this=exp.and_(*rest)) if rest else None)
    return out


_OPERATORS: dict[type[exp.Expr], Callable[[Any, Any], Any]] = {
    exp.And: np.logical_and,
    exp.Or: np.logical_or,
    exp.EQ: np.equal,
    exp.LT: np.less,
    exp.LTE: np.less_equal,
    exp.GT: np.greater,
    exp.GTE: np.greater_equal,
    exp.Greatest: np.maximum,
    exp.Least: np.minimum,
}
