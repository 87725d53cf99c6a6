"""Puts names and contents together: which table of a source can feed which of the contract, and by which columns.

A table of the contract is fed by the one table that tells most of it. Customers, products and campaigns may be
distilled from tables in which they repeat, and sessions counted from an event log.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import duckdb

from patron.contract import CONTRACT, Column, Table, Type, table_named
from patron.sources.recognition.names import is_line_number, likeness, plain
from patron.sources.recognition.profile import (
    ColumnProfile,
    Content,
    TableProfile,
    contained,
    is_unique,
)

SURE = 0.7  # from here on a line is not a TODO
PARENTS = {
    "customer_info": "customer_id",
    "product_catalog": "product_id",
    "marketing_campaigns": "campaign_id",
}
LARGEST_ID = 9_223_372_036_854_775_807
_FITS: dict[Type, dict[Content, float]] = {
    Type.DATE: {Content.DATE: 1.0, Content.NOTHING: 0.5},
    Type.TIMESTAMP: {Content.DATE: 1.0, Content.NOTHING: 0.5},
    Type.INTEGER: {Content.INTEGER: 1.0, Content.NUMBER: 0.7, Content.NOTHING: 0.5},
    Type.MONEY: {Content.NUMBER: 1.0, Content.INTEGER: 0.9, Content.NOTHING: 0.5},
}
# Columns of which a fact must have one, besides whose it is and when it was.
_TELLING = {
    "purchase_transactions": ("total_amount", "quantity", "price"),
    "customer_service": ("satisfaction_score", "resolution_status", "interaction_id"),
    "campaign_responses": ("campaign_id",),
    "website_behavior": ("session_id",),
    "product_views": ("view_id", "viewed_at"),
}


@dataclass(frozen=True)
class Match:
    """A column of the source for one of the contract: how sure, from 0 to 1, and why."""

    column: ColumnProfile
    score: float
    why: str


@dataclass
class Proposal:
    """How one table of the contract may be made: `expressions` are those that are more than a column's name.

    `kind` is direct, distilled, counted (sessions from events) or numbered (rows without a key).
    """

    table: Table
    source: TableProfile
    kind: str
    matches: dict[str, Match]
    expressions: dict[str, tuple[str, float, str]] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, tuple[str, float, str]]:
        """What each column is made of, how sure, and why."""
        plain_ones = {name: (one.column.name, one.score, one.why) for name, one in self.matches.items()}
        return {
            name: found
            for name in self.table.names
            if (found := {**plain_ones, **self.expressions}.get(name))
        }

    @property
    def missing(self) -> list[str]:
        """The columns of the contract for which nothing was found."""
        made = {"counted": ("pages_viewed", "time_spent"), "numbered": (self.table.key.name,)}.get(
            self.kind, ()
        )
        return [name for name in self.table.names if name not in self.columns and name not in made]


def propose(connection: duckdb.DuckDBPyConnection, profiles: list[TableProfile]) -> list[Proposal]:
    """Return how the tables of the contract may be made of those of the source, in the contract's order."""
    made: dict[str, Proposal] = {}
    for name in (
        "purchase_transactions",
        "customer_service",
        "campaign_responses",
        "website_behavior",
        "product_views",
    ):
        if found := _fact(connection, table_named(name), profiles, made):
            made[name] = found
    for name in PARENTS:
        if found := _parent(connection, table_named(name), profiles, list(made.values())):
            made[name] = found
    _explain_references(connection, made)
    return [made[table.name] for table in CONTRACT if table.name in made]


# -- columns ------------------------------------------------------------------------------------------------


def match_columns(table: Table, source: TableProfile) -> dict[str, Match]:
    """Return for each column of a contract table the column of the source that is most likely it."""
    found = [
        (match.score, column.name, match)
        for column in table.columns
        for one in source.columns.values()
        if (match := _match(column, table, one, source))
    ]
    matches: dict[str, Match] = {}
    taken: set[str] = set()
    for _, name, match in sorted(found, key=lambda one: -one[0]):
        if name not in matches and match.column.name not in taken:
            matches[name] = match
            taken.add(match.column.name)
    return matches


def _match(column: Column, table: Table, one: ColumnProfile, source: TableProfile) -> Match | None:
    name = likeness(one.name, column.name)
    reasons = [f"named '{one.name}'"] if name else []
    about = _is_about(table, source)
    if not name and column is table.key and about and plain(one.name) in ("id", "key", "no", "nr", "code"):
        name, reasons = 0.8, [f"'{one.name}' of a table of that name"]
    if not name and column.name.endswith("_name") and about and plain(one.name) in ("name", "title", "label"):
        name, reasons = 0.8, [f"'{one.name}' of a table of that name"]
    if column.name == "email" and one.content is Content.EMAIL:
        name, reasons = max(name, 0.9), [*reasons, "e-mail addresses"]
    if not name:
        return None
    fit = _FITS.get(column.type, {}).get(one.content, 0.2) if column.type in _FITS else _text_fit(column, one)
    if fit == 1.0 and column.type in _FITS:
        reasons.append(_written(one))
        name = max(name, 0.75)
    if name and column.type is Type.ID and one.is_code and one.content in (Content.INTEGER, Content.TEXT):
        name, reasons = max(name, 0.75), [*reasons, "single words, as ids are"] if name < SURE else reasons
    if column is table.key and one.is_unique:
        reasons.append("no value twice")
    score = name * fit
    return Match(one, round(score, 2), ", ".join(reasons)) if score >= 0.3 else None


def _text_fit(column: Column, one: ColumnProfile) -> float:
    if one.content is Content.NOTHING:
        return 0.5
    if column.type is Type.ID:
        return 0.2 if one.content in (Content.DATE, Content.EMAIL) else 1.0
    if column.name == "phone_number":
        return 1.0 if one.content in (Content.PHONE, Content.TEXT, Content.INTEGER) else 0.5
    return 0.4 if one.content in (Content.DATE, Content.NUMBER) else 1.0


def _written(one: ColumnProfile) -> str:
    if one.date_formats:
        return f"{one.content} written {one.date_formats[0]}"
    return f"{one.content} with a decimal comma" if one.decimal_mark == "," else str(one.content)


def _is_about(table: Table, source: TableProfile) -> bool:
    """Whether a table of the source is called like one of the contract."""
    stem = source.name.rpartition("/")[2].rpartition("#")[2].partition(".")[0] or source.name
    singular = [plain(stem), plain(stem).rstrip("s"), plain(stem).removesuffix("es")]
    return any(likeness(f"{one}id", table.key.name) or likeness(one, table.key.name) for one in singular)


# -- facts --------------------------------------------------------------------------------------------------


def _fact(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    profiles: list[TableProfile],
    made: dict[str, Proposal],
) -> Proposal | None:
    best: tuple[float, Proposal] | None = None
    for source in profiles:
        matches = match_columns(table, source)
        price = max(
            (
                _match(table_named("product_catalog").column("price"), table, one, source) or _NOTHING
                for one in source.columns.values()
            ),
            key=lambda match: match.score,
        )
        if not _can_feed(table, source, matches, price, made):
            continue
        total = sum(match.score for match in matches.values()) + (1.0 if _is_about(table, source) else 0.0)
        if best is None or total > best[0]:
            best = (total, Proposal(table, source, "direct", matches))
            _add_amount(best[1], price)
    if best is None:
        return None
    _add_key(connection, best[1])
    return best[1]


_NOTHING = Match(ColumnProfile("", Content.NOTHING, 0, 0, 0), 0.0, "")


def _can_feed(
    table: Table, source: TableProfile, matches: dict[str, Match], price: Match, made: dict[str, Proposal]
) -> bool:
    telling = {name for name in _TELLING[table.name] if name in matches and matches[name].score >= SURE}
    if price.score >= SURE and "quantity" in matches:
        telling.add("price")
    is_taken = any(one.source is source for one in made.values())
    has_when = table.date in matches
    if table.name == "purchase_transactions":
        return has_when and "customer_id" in matches and bool(telling & {"total_amount", "price"})
    if table.name == "product_views":
        has_product = "product_id" in matches and matches["product_id"].score >= SURE
        return (
            has_when
            and has_product
            and "customer_id" in matches
            and not is_taken
            and ("view_id" in matches or "session_id" in matches or _is_about(table, source))
        )
    if table.name == "website_behavior":
        return has_when and bool(telling) and "customer_id" in matches
    return has_when and bool(telling) and "customer_id" in matches and not is_taken


def _add_amount(proposal: Proposal, price: Match) -> None:
    """Where lines have a quantity and a price but no total, it is their product."""
    quantity = proposal.matches.get("quantity")
    if proposal.table.name != "purchase_transactions" or price.score < SURE or quantity is None:
        return
    if "total_amount" not in proposal.matches or proposal.matches["total_amount"].column == price.column:
        proposal.matches.pop("total_amount", None)
        sql = f"{name_in_sql(quantity.column.name)} * {name_in_sql(price.column.name)}"
        proposal.expressions["total_amount"] = (
            sql,
            min(quantity.score, price.score),
            "no total, but these two",
        )


def _add_key(connection: duckdb.DuckDBPyConnection, proposal: Proposal) -> None:
    """Find what makes a row of a fact unique: a column, some together, or its number."""
    key = proposal.table.key.name
    match = proposal.matches.get(key)
    if match is not None and match.column.is_unique:
        return
    if proposal.table.name == "website_behavior" and match is not None:
        proposal.kind = "counted"
        return
    proposal.matches.pop(key, None)
    if (
        match is not None
        and proposal.table.name == "purchase_transactions"
        and "order_id" not in proposal.matches
    ):
        proposal.matches["order_id"] = Match(match.column, match.score, f"{match.why}, and repeats")
    for columns in _candidates(proposal, match):
        if is_unique(connection, proposal.source.table, [one.name for one in columns]):
            proposal.expressions[key] = _joined(columns)
            return
    proposal.kind = "numbered"


def _candidates(proposal: Proposal, match: Match | None) -> Iterator[list[ColumnProfile]]:
    columns = proposal.source.columns
    lines = [one for name, one in columns.items() if is_line_number(name)]
    found = {name: one.column for name, one in proposal.matches.items()}
    order = found.get("order_id") or (match.column if match else None)
    if order is not None:
        yield [order]
        yield from ([order, line] for line in lines)
        if "product_id" in found:
            yield [order, found["product_id"]]
    ids = [one for name, one in found.items() if name.endswith("_id") or name == proposal.table.date]
    for size in (1, 2, 3):
        yield from (list(some) for some in combinations(ids, size))


def _joined(columns: list[ColumnProfile]) -> tuple[str, float, str]:
    """Return columns as one key: a number where that has room in one, else text."""
    names = [name_in_sql(one.name) for one in columns]
    why = " and ".join(f"'{one.name}'" for one in columns) + (" is" if len(columns) == 1 else " together are")
    sql = " || '-' || ".join(names) if len(columns) > 1 else names[0]
    return sql, 0.8, f"{why} never twice the same in what was looked at"


# -- customers, products, campaigns -------------------------------------------------------------------------


def _parent(
    connection: duckdb.DuckDBPyConnection, table: Table, profiles: list[TableProfile], facts: list[Proposal]
) -> Proposal | None:
    key = PARENTS[table.name]
    children = [(fact.source.table, fact.matches[key].column.name) for fact in facts if key in fact.matches]
    best: tuple[float, Proposal] | None = None
    for source in profiles:
        matches = match_columns(table, source)
        if key not in matches or matches[key].score < 0.6:
            continue
        at = (source.table, matches[key].column.name)
        shares = [contained(connection, child, at) for child in children]
        covered = sum(shares) / len(shares) if shares else 1.0
        direct = matches[key].column.is_key
        # A fact's own columns, such as the date of an order, tell nothing about its customer.
        told = matches if direct else {name: one for name, one in matches.items() if _belongs(one, name)}
        total = 3 * covered + sum(one.score for one in told.values()) + (1.0 if direct else 0.0)
        total += 1.0 if _is_about(table, source) else 0.0
        if best is None or total > best[0]:
            kind = "direct" if direct else "distilled"
            best = (total, Proposal(table, source, kind, dict(told)))
    return best[1] if best else None


# How the columns end that tell of a thing and not of what happened to it.
_LASTING = ("_id", "name", "email", "number", "category", "brand", "price", "channel", "birth", "audience")


def _belongs(match: Match, column: str) -> bool:
    return match.score >= 0.5 and column.endswith(_LASTING)


def _explain_references(connection: duckdb.DuckDBPyConnection, made: dict[str, Proposal]) -> None:
    """Add to each reference how many of its values are in the table that it refers to."""
    for proposal in made.values():
        for column in proposal.table.references:
            parent = made.get(str(column.references))
            match = proposal.matches.get(column.name)
            key = parent.matches.get(parent.table.key.name) if parent else None
            if match is None or parent is None or key is None or parent is proposal:
                continue
            if parent.source is proposal.source and key.column == match.column:
                continue
            share = contained(
                connection, (proposal.source.table, match.column.name), (parent.source.table, key.column.name)
            )
            why = f"{match.why}, {share:.0%} of its values are in {parent.source.name}"
            proposal.matches[column.name] = Match(match.column, match.score, why)


def name_in_sql(name: str) -> str:
    """Return a column's name as it stands in an expression: in quotes where it must."""
    is_word = name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
    return name if is_word and name.lower() not in _RESERVED else '"' + name.replace('"', '""') + '"'


_RESERVED = frozenset(
    [
        "order",
        "group",
        "table",
        "select",
        "from",
        "where",
        "end",
        "case",
        "date",
        "time",
        "timestamp",
        "user",
        "desc",
    ]
)
