"""How PostgreSQL picks the first row of each group, and which named queries it need not keep.

The model says `QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY purchases DESC, brand) = 1`. PostgreSQL
would number every row of every group; by DISTINCT ON it stops at the first. A named query that is read twice it would
write out and read back in one process; one that only leaves rows out costs less to read again.
"""

from __future__ import annotations

from sqlglot import exp


def in_own_words(query: exp.Query) -> exp.Query:
    """Return `query` with DISTINCT ON for picks and plain filters read in place; the query itself is changed."""
    for select in list(query.find_all(exp.Select)):
        if select.args.get("qualify"):
            _distinct_on(select)
    for cte in query.find_all(exp.CTE):
        if _only_filters(cte.this):
            cte.set("materialized", False)
    return query


def _distinct_on(select: exp.Select) -> None:
    window = select.args["qualify"].this.this
    groups = [column.copy() for column in window.args["partition_by"]]
    terms = [term.copy() for term in window.args["order"].expressions]
    select.set("qualify", None)
    select.set("distinct", exp.Distinct(on=exp.Tuple(expressions=groups)))
    select.set("order", exp.Order(expressions=[*(exp.Ordered(this=one.copy()) for one in groups), *terms]))


def _only_filters(query: exp.Expr) -> bool:
    made_of_many = (exp.AggFunc, exp.Window, exp.Join, exp.Subquery, exp.Exists)
    return (
        isinstance(query, exp.Select)
        and not any(query.args.get(part) for part in ("distinct", "group", "limit", "order"))
        and query.find(*made_of_many) is None
    )
