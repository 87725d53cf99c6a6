"""What a mapping's SQL may be: expressions over one source's columns, and queries over its inputs. Nothing else.

Text is parsed by SQLGlot in DuckDB's dialect and every node of it must be in a list of what is allowed: no
statement, no other table, no function of files, settings or the catalogue, no clock and no dice, so that a load
can be repeated. What runs is written anew from the tree. The sandbox is the second fence, should this one leak.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from patron.errors import did_you_mean


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Parts of an expression that are no functions.
_PLAIN = (
    "Add Sub Mul Div IntDiv Mod Neg Paren And Or Not EQ NEQ GT GTE LT LTE Is Between In Like ILike Escape "
    "NullSafeEQ NullSafeNEQ Case If Column Identifier Literal Boolean Null Var DataType DataTypeParam Cast TryCast "
    "Interval AtTimeZone DPipe Bracket Slice Tuple Array JSONPath JSONPathKey JSONPathRoot JSONPathSubscript "
    "RegexpLike BitwiseAnd BitwiseOr"
)
_FUNCTIONS = (
    "Coalesce Nullif Upper Lower Trim Left Right Substring Replace Concat ConcatWs Length Split SplitPart StrPosition "
    "StartsWith EndsWith Contains Pad Reverse Ascii Chr Unicode RegexpReplace RegexpExtract RegexpExtractAll MD5 SHA "
    "SHA2 Levenshtein Format "
    "Abs Round Floor Ceil Sign Sqrt Pow Ln Log Exp Greatest Least Trunc "
    "Year Month Day Quarter Week DayOfWeek DayOfMonth DayOfYear Hour Minute Second Extract DateTrunc TimestampTrunc "
    "DateDiff TimestampDiff DateAdd DateSub LastDay TimeToStr StrToTime StrToDate TsOrDsToDate DateFromParts "
    "TimestampFromParts TimeToUnix UnixToTime Date Time Timestamp "
    "JSONExtract JSONExtractScalar JSONArrayLength"
)
# Functions that SQLGlot has no class for, by the names they have in DuckDB.
_NAMED = _words(
    "try_strptime strptime strip_accents list_extract list_element array_extract timezone printf "
    "hash sha256 regexp_full_match epoch_ms make_timestamp_ms to_seconds to_days json_extract "
    "json_extract_string json_value array_length len list_contains century era isoyear weekofyear "
    "yearweek monthname dayname hex unhex prefix suffix jaccard damerau_levenshtein ltrim rtrim "
    "string_split str_split ord"
)
_AGGREGATES = (
    "IgnoreNulls RespectNulls Count CountIf Sum Avg Min Max Median Quantile PercentileCont PercentileDisc "
    "StddevSamp VarianceSamp ArgMax ArgMin First Last AnyValue Mode GroupConcat LogicalOr LogicalAnd "
    "ApproxDistinct Distinct Star Filter Order Ordered"
)
_QUERY = (
    "Select From Where Group Having Order Ordered Limit Offset Alias TableAlias Table Join Subquery With CTE Union "
    "Except Intersect Distinct Star Window WindowSpec RowNumber Rank DenseRank Lag Lead FirstValue LastValue NthValue "
    "Ntile Qualify Exists Unnest Any All Filter WithinGroup Explode"
)
_WORDS = {
    "Subquery": "a query inside it, and an expression is over one row",
    "Select": "a query inside it, and an expression is over one row",
    "Placeholder": "a placeholder, for which there is no value",
    "Parameter": "a placeholder, for which there is no value",
    "Star": "* where one value is wanted",
    "CurrentDate": "CURRENT_DATE, which differs from day to day",
    "CurrentTimestamp": "the clock, which differs from load to load",
    "Rand": "RANDOM(), which differs from load to load",
    "Window": "a window (OVER), which is over many rows and needs a query",
}
_TYPES = _words(
    "BIGINT INT SMALLINT TINYINT UBIGINT UINT USMALLINT UTINYINT INT128 DECIMAL DOUBLE FLOAT TEXT "
    "VARCHAR CHAR BOOLEAN DATE TIME TIMESTAMP TIMESTAMPTZ TIMESTAMPNTZ TIMESTAMP_S TIMESTAMP_MS "
    "TIMESTAMP_NS INTERVAL JSON UUID"
)
WITH = "with_"  # begins the names of what a query calls by WITH
LONGEST = 100_000  # letters of a query


class NotAllowed(Exception):
    """An expression is not one over its source; says why, without a full stop."""


@dataclass(frozen=True)
class Allowed:
    """Names of nodes and of functions that may be used."""

    nodes: frozenset[str]
    names: frozenset[str] = field(default=_NAMED)


EXPRESSION = Allowed(frozenset(f"{_PLAIN} {_FUNCTIONS}".split()))
QUERY = Allowed(
    frozenset(f"{_PLAIN} {_FUNCTIONS} {_AGGREGATES} {_QUERY}".split()),
    _NAMED | frozenset(["any_value", "mode", "bool_and", "bool_or", "count_star", "max_by", "min_by"]),
)


def parse_expression(text: str, columns: Iterable[str]) -> exp.Expr:
    """Return an expression whose columns are those given, in their own letters and quoted.

    A text that is just a column's name is that column, whatever letters it has. Raises NotAllowed.
    """
    known = {name.lower(): name for name in columns}
    if text.strip().lower() in known:
        return exp.column(exp.to_identifier(known[text.strip().lower()], quoted=True))
    tree = _parse(text)
    _check(tree, EXPRESSION)
    return tree.transform(lambda node: _resolved(node, known))


def parse_query(text: str, tables: Iterable[str]) -> tuple[exp.Query, list[str]]:
    """Return a SELECT that reads nothing but the tables given, and which of them; raises NotAllowed."""
    known = {name.lower(): name for name in tables}
    tree = _parse(text)
    if not isinstance(tree, exp.Query):
        raise NotAllowed("it is not a SELECT")
    _check(tree, QUERY)
    own = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    # Under a name that nothing else has, one that is not in scope here leads nowhere, not into the catalogue.
    for cte in tree.find_all(exp.CTE):
        cte.args["alias"].set("this", exp.to_identifier(f"{WITH}{cte.alias.lower()}", quoted=True))
    used: dict[str, None] = {}
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.args.get("db") or table.args.get("catalog"):
            name = ".".join(part.name for part in table.parts)
            if name.lower() not in known:
                raise NotAllowed(f"it reads {table.sql('duckdb')[:60]}, which is no input of the source")
            table.set("db", None)
            table.set("catalog", None)
        else:
            name = table.name
        if name.lower() in own:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
            table.set("this", exp.to_identifier(f"{WITH}{name.lower()}", quoted=True))
            continue
        if name.lower() not in known:
            raise NotAllowed(
                f"it reads '{name}', which is no input of the source.{did_you_mean(name, known)} "
                f"There is: {', '.join(known.values())}"
            )
        table.set("this", exp.to_identifier(known[name.lower()], quoted=True))
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(name.rpartition(".")[2], quoted=True)))
        used[known[name.lower()]] = None
    return tree, list(used)


def _parse(text: str) -> exp.Expr:
    if len(text) > LONGEST:
        raise NotAllowed(f"it has more than {LONGEST:,} letters")
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except (SqlglotError, RecursionError) as error:
        raise NotAllowed(f"it cannot be read as SQL: {_place(error)}") from error
    if len(trees) != 1 or trees[0] is None:
        raise NotAllowed("it is not one expression" if len(trees) < 2 else "it has more than one statement")
    return trees[0]


def _place(error: BaseException) -> str:
    if isinstance(error, sqlglot.errors.ParseError) and error.errors:
        one = error.errors[0]
        near = f" near '{one['highlight']}'" if one.get("highlight") else ""
        return f"{str(one['description']).rstrip('.').lower()}{near}"
    return str(error).partition("\n")[0].rstrip(".") or "it is too deep"


def _check(tree: exp.Expr, allowed: Allowed) -> None:
    for node in tree.walk():
        kind = type(node).__name__
        if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
            if node.name.lower() not in allowed.names:
                raise NotAllowed(
                    f"it calls {node.name}(), which a mapping may not.{did_you_mean(node.name, allowed.names)}"
                )
        elif kind not in allowed.nodes:
            raise NotAllowed(f"it has {_named(node)}")
        if isinstance(node, exp.DataType) and node.this.name not in _TYPES:
            raise NotAllowed(f"it names the type {node.sql('duckdb')}, which a mapping may not")
        if isinstance(node, exp.With) and node.args.get("recursive"):
            raise NotAllowed("it has WITH RECURSIVE, which a mapping may not have")


def _named(node: exp.Expr) -> str:
    kind = type(node).__name__
    if kind in _WORDS:
        return _WORDS[kind]
    if isinstance(node, exp.AggFunc):
        return f"{node.sql_name()}(), which is over many rows and needs a query"
    if isinstance(node, exp.Func):
        return f"{node.sql_name()}(), which a mapping may not use"
    return f"{kind.upper()}, which a mapping may not use"


def _resolved(node: exp.Expr, known: Mapping[str, str]) -> exp.Expr:
    if not isinstance(node, exp.Column):
        return node
    name = ".".join(part.name for part in node.parts)
    if name.lower() not in known:
        raise NotAllowed(
            f"it uses '{name}', which the source does not have.{did_you_mean(name, known)} "
            f"It has: {', '.join(known.values())}"
        )
    return exp.column(exp.to_identifier(known[name.lower()], quoted=True))
