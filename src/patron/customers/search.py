"""Finding customers as one types: by the beginning of a name, an e-mail address, a phone number or an id.

Each word typed must begin one of the customer's terms, which `customer_terms.sql` lists. A server keeps them as a
table in the order of the terms, where those that begin alike stand together. Until it has made that table, the same
query over customer_features gives the same answer, only slower.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import sqlglot
from sqlglot import exp

from patron.engines.base import Engine, Row
from patron.engines.serving import Serving
from patron.errors import RequestError

TABLE = "customer_terms"
ORDER = ("term", "customer_id")
FOUND = ("customer_id", "first_name", "last_name", "email", "phone_number")
MOST_WORDS = 5
VERSION = 3  # of the table and its indexes; one of another version is made anew
PREPARE_SECONDS = 300
ENOUGH = 4  # times the rows asked for, of which some are of one customer
_NUMBER = re.compile(r"[\s()+./-]*\d[\d\s()+./-]*")
_LAST = chr(0x10FFFF)


def prepare(serving: Serving) -> bool:
    """Bring the table of terms up to date with the latest build; return whether it is there.

    It is made anew when customers were computed since, and left as it is otherwise.
    """
    with serving.reading(PREPARE_SECONDS) as engine:
        found = engine.query("SELECT MAX(build_id) AS latest FROM builds WHERE recomputed > 0")
    if found[0]["latest"] is None:
        return False
    mark = f"{VERSION}:{found[0]['latest']}"
    if serving.kept(TABLE) != mark:
        serving.keep(TABLE, terms(), ORDER, mark)
    return True


def terms() -> exp.Query:
    """Return the query that lists all terms."""
    return _parsed().copy()


def words_of(text: str) -> tuple[str, ...]:
    """Return the words to search for; digits with spaces, brackets and the like are one number.

    Raises RequestError for too many, or for text that no name holds.
    """
    if "\0" in text:
        raise RequestError("The text to search for has a NUL character, which no name holds.")
    if _NUMBER.fullmatch(text):
        return (re.sub(r"\D", "", text),)
    words = tuple(dict.fromkeys(text.lower().split()))
    if len(words) > MOST_WORDS:
        raise RequestError(f"Search for up to {MOST_WORDS} words at a time.")
    return words


def search(
    engine: Engine, words: Sequence[str], limit: int, *, personal: bool = True, indexed: bool = False
) -> list[Row]:
    """Return up to `limit` customers of whom every word begins a term, in the order of what the longest one found.

    Rows have the columns `FOUND`. Without `personal` only names and ids are searched: whoever sees an address
    masked could otherwise find it letter by letter. `indexed` says that the table of terms is there.
    """
    if not words:
        return []
    # The longest word is the rarest, as a rule, so its matches are walked and the others looked up.
    first, *others = sorted(words, key=len, reverse=True)
    found, values = having(first, 0, personal=personal, indexed=indexed)
    further = []
    by_customer = indexed and not engine.keeps_order
    for word in others:
        more, its = having(word, len(values), personal=personal, indexed=indexed, by_customer=by_customer)
        values |= its
        further.append(exp.In(this=exp.column("customer_id"), query=more.subquery()))

    def make() -> exp.Query:
        query = found.select(*FOUND, append=False).limit(limit * ENOUGH)
        if further:
            query = query.where(*further)
        if indexed and engine.keeps_order and not further:
            return query  # the table is in this order
        return query.order_by(*_order())

    spelled = tuple(len(ranges(word)) for word in (first, *others))
    text, names = engine.kept_statement(("search", spelled, personal, indexed, limit), make)
    rows = engine.query(text, [values[name] for name in names])
    first_of: dict[Any, Row] = {}
    for row in rows:
        first_of.setdefault(row["customer_id"], row)
    return list(first_of.values())[:limit]


def _order() -> list[exp.Ordered]:
    """Return the terms' order as databases keep it in an index: with no word about None, which none is."""
    columns = _collated(exp.column("term")), exp.column("customer_id")
    return [exp.Ordered(this=column, nulls_first=False) for column in columns]


def _collated(term: exp.Expr) -> exp.Collate:
    """Return a term to be compared letter by letter, as the table of terms is in order."""
    return exp.Collate(this=term, expression=exp.to_identifier("C", quoted=True))


def having(
    word: str, number: int, *, personal: bool, indexed: bool, by_customer: bool = False
) -> tuple[exp.Select, dict[str, Any]]:
    """Return the query of the customers of whom `word` begins a term, and its values by name.

    `number` keeps the names apart from those of other words. `by_customer` has the database look up the terms of each
    customer in question: PostgreSQL takes the terms from one text to another for one or two however many they are, and
    would walk through thousands of them for each customer. It does not see the order of terms through an expression.
    """
    column: exp.Expr = exp.column("term")
    if by_customer:
        column = exp.paren(exp.DPipe(this=column, expression=exp.Literal.string("")))
    term = _collated(column)
    values: dict[str, Any] = {}
    parts = []
    for spelling, below in ranges(word):
        low, high = f"from_{number + len(values)}", f"below_{number + len(values)}"
        values |= {low: spelling, high: below}
        parts.append(
            exp.and_(
                exp.GTE(this=term.copy(), expression=exp.Placeholder(this=low)),
                exp.LT(this=term.copy(), expression=exp.Placeholder(this=high)),
            )
        )
    source = exp.to_table(TABLE) if indexed else terms().subquery("terms")
    query = exp.select("customer_id").from_(source).where(exp.or_(*parts))
    if not personal:
        query = query.where("NOT is_personal")
    return query, values


def ranges(word: str) -> list[tuple[str, str]]:
    """Return where the terms that a word begins stand: from the first text to before the second, in this order."""
    found: list[str] = []
    for spelling in sorted(_spellings(word)):
        if not found or not spelling.startswith(found[-1]):  # or it is within the one before
            found.append(spelling)
    return [(spelling, spelling + _LAST) for spelling in found]


def _spellings(word: str) -> list[str]:
    """Return how a word may stand among the terms: some databases fold the case of A to Z alone."""
    return list(dict.fromkeys((word, *(_ascii_folded(one) for one in (word.capitalize(), word.upper())))))


def _ascii_folded(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


@cache
def _parsed() -> exp.Query:
    text = files(__package__).joinpath(f"{TABLE}.sql").read_text("utf-8")
    tree = sqlglot.parse_one(text, read="duckdb")
    if not isinstance(tree, exp.Query):
        raise TypeError(f"{TABLE}.sql is one query")
    return tree
