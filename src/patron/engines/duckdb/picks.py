"""How DuckDB picks the first row of each group: by aggregates joined back, at two thirds of a window's cost.

The model says `QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY purchases DESC, spend DESC, brand) = 1`.
DuckDB would sort all rows for it. Here the best value of each term is found by a MAX or MIN, and the rows that have
it go on to the next term.
"""

from __future__ import annotations

from functools import cache

from sqlglot import exp

from patron.model.render import inlined
from patron.model.steps import step_named


@cache
def sql_of(name: str) -> str:
    """Return the SQL of a step as DuckDB runs it: the file's own text, unless it picks first rows."""
    step = step_named(name)
    query = step.tree
    if not any(select.args.get("qualify") for select in query.find_all(exp.Select)):
        return step.sql
    return without_windows(query).sql("duckdb")


@cache
def declaration_of(name: str) -> str:
    """Return a query on the contract tables alone that has a step's columns."""
    return inlined(name).sql("duckdb")


def without_windows(query: exp.Query) -> exp.Query:
    """Return the query with each such QUALIFY replaced by aggregates; the query itself is changed.

    Terms are never None, and all of them together tell the rows of a group apart; the model sees to that.
    """
    for select in list(query.find_all(exp.Select)):
        if select.args.get("qualify"):
            _replace(select)
    return query


def _replace(select: exp.Select) -> None:
    window = select.args["qualify"].this.this
    group = [column.name for column in window.args["partition_by"]]
    terms = [(term.this.name, bool(term.args.get("desc"))) for term in window.args["order"].expressions]
    source = select.args["from_"].this.name
    ctes: list[tuple[str, exp.Select]] = []
    *first, last = terms
    for name, descending in first:
        best = f"{source}_best_{name}"
        ctes.append((best, _best(source, group, name, descending=descending)))
        left = f"{source}_with_{name}"
        ctes.append((left, exp.select("*").from_(source).join(best, using=[*group, name])))
        source = left
    name, descending = last
    best = f"{source}_best_{name}"
    ctes.append((best, _best(source, group, name, descending=descending)))
    select.set("qualify", None)
    if {column.name for one in select.selects for column in one.find_all(exp.Column)} <= {*group, name}:
        select.set("from_", exp.From(this=exp.to_table(best)))
    else:
        select.set("from_", exp.From(this=exp.to_table(source)))
        select.join(best, using=[*group, name], copy=False)
    _add(select, ctes)


def _best(source: str, group: list[str], name: str, *, descending: bool) -> exp.Select:
    of = (exp.Max if descending else exp.Min)(this=exp.column(name))
    return exp.select(*group, exp.alias_(of, name)).from_(source).group_by(*group)


def _add(select: exp.Select, ctes: list[tuple[str, exp.Select]]) -> None:
    """Put common table expressions where the select's source is known: before it, in the same WITH."""
    made = [exp.CTE(this=one, alias=exp.TableAlias(this=exp.to_identifier(name))) for name, one in ctes]
    own = select.parent if isinstance(select.parent, exp.CTE) else None
    if own is None:
        known = select.args.get("with_")
        select.set("with_", exp.With(expressions=[*(known.expressions if known else ()), *made]))
        return
    everything = own.parent.expressions  # type: ignore[union-attr]
    place = next(number for number, one in enumerate(everything) if one is own)
    own.parent.set("expressions", [*everything[:place], *made, *everything[place:]])  # type: ignore[union-attr]
