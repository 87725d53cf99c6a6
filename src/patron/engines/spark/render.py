"""The model's steps in Spark's words: all that Spark needs said differently stands here.

SQLGlot translates the dialect. Beside that, discrete percentiles are counted out, since Spark's own are for numbers
only and those of other engines that speak Spark Connect are approximate.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sqlglot import ErrorLevel, exp

DIALECT = "spark"
# The one letter whose lower case is two letters here and one, a plain i, in DuckDB.
FOLDED = ("\u0130", "i")


def rendered(query: exp.Query, values: Mapping[str, Any] | None = None) -> str:
    """Return `query` for Spark, each `$name` as the literal of its value; the query itself is changed."""
    _count_out_percentiles(query)
    for select in query.find_all(exp.Select):
        _name_joined_once(select)
    for node in list(query.find_all(exp.EQ)):
        if isinstance(node.expression, exp.Any):
            node.replace(_in_list(node, values))
    for lower in list(query.find_all(exp.Lower)):
        lower.set("this", exp.func("REPLACE", lower.this, *(exp.Literal.string(one) for one in FOLDED)))
    for trunc in list(query.find_all(exp.DateTrunc, exp.TimestampTrunc)):
        if trunc.text("unit").upper() == "MONTH":
            trunc.replace(_month(trunc.this))
    for sign in list(query.find_all(exp.Sign)):
        sign.replace(_whole_sign(sign.this))
    given = query.transform(lambda node: _literal(node, values))
    given.set("order", None)  # a table has no order here, and sorting costs a shuffle
    return given.sql(DIALECT, unsupported_level=ErrorLevel.RAISE, comments=False)


def _name_joined_once(select: exp.Select) -> None:
    """Name what tables are joined USING without a table: not every engine knows it by its first table's name too."""
    joined = {
        column.name for join in select.args.get("joins") or () for column in join.args.get("using") or ()
    }
    if joined:
        for projection in select.selects:
            for column in projection.find_all(exp.Column):
                if column.name in joined:
                    column.set("table", None)


def _month(day: exp.Expr) -> exp.Expr:
    """Return the first day of a day's month, found among days: Sail's way by instants knows only three centuries."""
    date = exp.cast(day.copy(), "date")
    return exp.Anonymous(this="DATE_SUB", expressions=[date, exp.Day(this=date.copy()) - 1])


def _whole_sign(value: exp.Expr) -> exp.Expr:
    """Return SIGN as a whole number: Spark's is a floating-point one, which makes one of all that it meets."""
    zero, one = exp.Literal.number(0), exp.Literal.number(1)
    return (
        exp.Case()
        .when(exp.GT(this=value.copy(), expression=zero.copy()), one)
        .when(exp.LT(this=value.copy(), expression=zero.copy()), exp.Neg(this=one.copy()))
        .else_(zero)
    )


def _literal(node: exp.Expr, values: Mapping[str, Any] | None) -> exp.Expr:
    if values is None or not isinstance(node, exp.Placeholder):
        return node
    return exp.convert(values[str(node.this)])


def _in_list(node: exp.EQ, values: Mapping[str, Any] | None) -> exp.Expr:
    """Return `x = ANY ($words)` as `x IN (…)`."""
    placeholder = node.find(exp.Placeholder)
    if placeholder is None or values is None:
        return node
    words = values[str(placeholder.this)]
    return exp.In(this=node.this, expressions=[exp.convert(word) for word in words]) if words else exp.false()


# -- percentiles ----------------------------------------------------------------------------------------------


def _count_out_percentiles(query: exp.Query) -> None:
    """Replace each SELECT of discrete percentiles by queries that count them out.

    The percentile at p is the least value that is not below p of all values: of each distinct value it is counted
    how many are not above it, and the first with at least p of all is taken.
    """
    for select in list(query.find_all(exp.Select)):
        found = [one for one in select.selects if one.find(exp.WithinGroup)]
        if found:
            _replace(select, found)


def _replace(select: exp.Select, found: list[exp.Expr]) -> None:
    sources = []
    for projection in found:
        within = next(projection.find_all(exp.WithinGroup))
        shares = [Fraction(str(share.this)) for share in within.this.this.expressions]
        value = within.expression.expressions[0].this
        sources.append(_percentiles(select, value, shares, projection.alias))
    names = [projection.alias for projection in found]
    joined = exp.select(*names).from_(sources[0].subquery(f"counted_{names[0]}"))
    for name, source in zip(names[1:], sources[1:], strict=True):
        joined = joined.join(source.subquery(f"counted_{name}"), join_type="cross")
    select.replace(joined)


def _percentiles(select: exp.Select, value: exp.Expr, shares: list[Fraction], alias: str) -> exp.Select:
    counted = (
        exp.select(exp.alias_(value.copy(), "value"), exp.alias_(exp.Count(this=exp.Star()), "number"))
        .from_(select.args["from_"].this.copy())
        .where(select.args["where"].this.copy(), value.copy().is_(exp.null()).not_())
        .group_by(value.copy())
    )
    whole = exp.Window(this=exp.Sum(this=exp.column("number")))
    upto = exp.Window(
        this=exp.Sum(this=exp.column("number")),
        order=exp.Order(expressions=[exp.Ordered(this=exp.column("value"), nulls_first=True)]),
    )
    ranked = exp.select("value", exp.alias_(upto, "upto"), exp.alias_(whole, "total")).from_(
        counted.subquery("counted")
    )
    firsts = [
        exp.Min(
            this=exp.Case().when(
                exp.column("upto") * share.denominator >= exp.column("total") * share.numerator,
                exp.column("value"),
            )
        )
        for share in shares
    ]
    return exp.select(exp.alias_(exp.Array(expressions=firsts), alias)).from_(ranked.subquery("ranked"))
