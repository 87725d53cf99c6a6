"""The model's steps in PostgreSQL's words: all that PostgreSQL needs said differently stands here.

SQLGlot translates the dialect. Beside that, names get the schema they live in, `$name` becomes a variable of the
procedure, and letter case is folded as DuckDB folds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import ErrorLevel, exp

from patron.contract import CONTRACT
from patron.engines.postgres.picks import in_own_words
from patron.model.steps import Kept, Step, steps

# Under COLLATE "C" only A to Z have a lower case here, while DuckDB knows all of Unicode. Two letters outside
# ASCII have a lower case inside it, so these two must be folded for words in ASCII to compare alike.
FOLDED = ("\u212a\u0130", "ki")
BATCH = "pg_temp"
PREFIX = "setting_"


def rendered(
    query: exp.Query,
    schema: str,
    *,
    batch: bool = False,
    values: Mapping[str, Any] | None = None,
    bound: bool = False,
    stand_ins: Mapping[str, str] | None = None,
    indent: int = 0,
) -> str:
    """Return `query` for PostgreSQL.

    With `batch`, names of tables with a customer stand for the batch's rows, in temporary views; `stand_ins` names
    the temporary tables that are read in the place of others. `$name` becomes a variable of the procedure, its
    literal where there are `values`, or stays where values are to be `bound`.
    """
    local = {cte.alias for cte in query.find_all(exp.CTE)}
    homes = _homes(schema, batch=batch)
    for table in list(query.find_all(exp.Table)):
        if table.name in (stand_ins or {}):
            _replace(table, (stand_ins or {})[table.name])
        elif table.name not in local:
            home = homes.get(table.name, schema)
            table.set("db", exp.to_identifier(home, quoted=home != BATCH))
    text = query.transform(lambda node: _node(node, values, bound=bound)).sql(
        dialect="postgres", pretty=True, unsupported_level=ErrorLevel.RAISE
    )
    return "\n".join(" " * indent + line for line in text.splitlines())


def rendered_step(step: Step, schema: str, *, indent: int = 0) -> str:
    """Return a step as the procedure runs it."""
    batch = step.kept in (Kept.BATCH_STEP, Kept.CUSTOMER_TABLE)
    query = in_own_words(step.tree) if batch else step.tree
    return rendered(query, schema, batch=batch, indent=indent)


def quoted(schema: str) -> str:
    """Return a schema's name, quoted."""
    return exp.to_identifier(schema, quoted=True).sql(dialect="postgres")


def _replace(table: exp.Table, stand_in: str) -> None:
    """Let a temporary table be read under the name that the query knows."""
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
    table.set("this", exp.to_identifier(stand_in))
    table.set("db", exp.to_identifier(BATCH))


def _homes(schema: str, *, batch: bool) -> dict[str, str]:
    homes = {table.name: BATCH if batch and "customer_id" in table.names else schema for table in CONTRACT}
    for step in steps():
        homes[step.name] = BATCH if step.kept in (Kept.BUILD_STEP, Kept.BATCH_STEP) else schema
    return homes


def _node(node: exp.Expr, values: Mapping[str, Any] | None, *, bound: bool) -> exp.Expr:
    if isinstance(node, exp.Placeholder):
        if bound:
            return node
        name = str(node.this)
        if values is None:
            return exp.column(f"{PREFIX}{name}")
        return _literal(values[name])
    if isinstance(
        node, exp.ArrayContains
    ):  # SQLGlot's own words for it are nothing that PostgreSQL estimates
        return exp.EQ(this=node.expression, expression=exp.Any(this=exp.paren(node.this)))
    if isinstance(node, exp.Split):  # which SQLGlot leaves as it is
        return exp.Anonymous(this="STRING_TO_ARRAY", expressions=[node.this, node.expression])
    if isinstance(node, exp.Lower) and not isinstance(node.this, exp.Translate | exp.Anonymous):
        old, new = (exp.Literal.string(letters) for letters in FOLDED)
        return exp.Lower(this=exp.Anonymous(this="TRANSLATE", expressions=[node.this, old, new]))
    return node


def _literal(value: Any) -> exp.Expr:
    if isinstance(value, list | tuple):
        items = [exp.convert(item) for item in value]
        return exp.cast(exp.Array(expressions=items), exp.DataType.build("TEXT[]", dialect="postgres"))
    return exp.convert(value)
