"""Takes out of a query what a constant condition leaves empty: a database reads and plans such parts all the same.

Example:
    >>> tree = sqlglot.parse_one("SELECT a FROM t WHERE NOT TRUE UNION ALL SELECT b FROM u WHERE TRUE AND b > 1")
    >>> pruned(tree).sql()
    'SELECT b AS a FROM u WHERE b > 1'
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify


def pruned(tree: exp.Query) -> exp.Query:
    """Return a query without the branches of UNION ALL that can have no rows, and without the CTEs that only they read.

    At least one branch of each union stays. The tree given may be changed.
    """
    for select in list(tree.find_all(exp.Select)):
        _simplify_where(select)
    for union in reversed(list(tree.find_all(exp.Union))):
        left, right = union.left, union.right
        if not union.args.get("distinct") and _is_empty(right):
            tree = _put(tree, union, left)
        elif not union.args.get("distinct") and _is_empty(left):
            tree = _put(tree, union, named_as(right, left))
    return _without_unread(tree)


def named_as(query: exp.Query, first: exp.Query) -> exp.Query:
    """Return a branch with the column names of the first, which are those of the whole."""
    for column, name in zip(list(query.selects), first.named_selects, strict=True):
        if column.alias_or_name != name:
            column.replace(exp.alias_(column.unalias().copy(), name))
    return query


def _simplify_where(select: exp.Select) -> None:
    where = select.args.get("where")
    if where is None or not where.find(exp.Boolean):
        return
    condition = simplify(where.this.copy())
    if condition == exp.true():
        select.set("where", None)
    else:
        where.set("this", condition)


def _is_empty(query: exp.Query) -> bool:
    where = query.args.get("where")
    return where is not None and where.this == exp.false()


def _put(tree: exp.Query, union: exp.Union, branch: exp.Query) -> exp.Query:
    """Put a branch in the place of its union, whose CTEs it takes over."""
    if union.args.get("with_"):
        branch.set("with_", union.args["with_"])
    if union is tree:
        branch.pop()
        return branch
    union.replace(branch)
    return tree


def _without_unread(tree: exp.Query) -> exp.Query:
    """Return a query without the CTEs that nothing reads."""
    while unread := _unread(tree):
        for cte in unread:
            cte.pop()
    if not tree.ctes:
        tree.set("with_", None)
    return tree


def _unread(tree: exp.Query) -> list[exp.CTE]:
    read = {table.name for table in tree.find_all(exp.Table)}
    return [cte for cte in tree.ctes if cte.alias not in read]
