"""Rounds decimals quickly: those beyond 18 digits DuckDB divides by long division, which costs more than to read them.

Numbers made of text have room for 28 digits or more, and few need it. So what fits into 18 digits is rounded there,
and only the rest as it is; the value and its type are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
DIGITS = 18  # that a decimal of one machine word has
MOST_PLACES = 12  # more would leave no room for an amount


def quickly_rounded(tree: exp.Expr, kind_of: Callable[[exp.Expr], str]) -> exp.Expr:
    """Return an expression that rounds as `tree` does; `kind_of` tells the DuckDB type of a part of it."""
    return tree.transform(lambda node: _quick(node, kind_of) if isinstance(node, exp.Round) else node)


def _quick(node: exp.Round, kind_of: Callable[[exp.Expr], str]) -> exp.Expr:
    places = node.args.get("decimals")
    if not isinstance(places, exp.Literal) or not places.is_int:
        return node
    found = _DECIMAL.fullmatch(kind_of(node.this))
    if found is None or int(found[1]) <= DIGITS or not int(places.name) < int(found[2]) <= MOST_PLACES:
        return node
    narrow = exp.TryCast(this=node.this.copy(), to=exp.DataType.build(f"DECIMAL({DIGITS}, {found[2]})"))
    return exp.Coalesce(this=exp.Round(this=narrow, decimals=places.copy()), expressions=[node.copy()])
