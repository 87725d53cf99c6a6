"""Lists of customers: filtered by any column, sorted by any column, in pages that hold still.

A page begins after the last row of the one before it (keyset), so a far page costs no more than the first, and
rows that come and go elsewhere move nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlglot import exp

from patron.contract.tables import IdType
from patron.customers import search
from patron.customers.conditions import PERSONAL, TABLE, Condition, kinds, ordered, sql, typed
from patron.customers.profiles import profiles
from patron.engines.base import Engine, Row
from patron.errors import Forbidden, RequestError
from patron.metrics import Filters
from patron.metrics.filters import condition as of_filters

KEY = "customer_id"
EVERYBODY = Filters()


@dataclass(frozen=True)
class Question:
    """Which customers, and in what order; ties are broken by customer_id, and who has no value comes last.

    `words` are searched for as `search.py` says, in the kept table of terms if `indexed`. `personal` says whether
    whoever asks may ask about e-mail, phone and birth date; if not, Forbidden is raised for those.
    """

    filters: Filters = EVERYBODY
    where: tuple[Condition, ...] = ()
    words: tuple[str, ...] = ()
    sort: str = KEY
    descending: bool = False
    personal: bool = True
    indexed: bool = False

    def __post_init__(self) -> None:
        if self.personal:
            return
        for column in (self.sort, *(one.column for one in self.where)):
            if column in PERSONAL:
                raise Forbidden(
                    f"{column} is masked for you, so it cannot be asked about; it takes an analyst."
                )


@dataclass(frozen=True)
class Page:
    """Some rows, and the place where the next page begins; None where there is none."""

    rows: list[Row]
    place: list[Any] | None


def page(
    engine: Engine,
    question: Question,
    limit: int,
    after: list[Any] | None = None,
    columns: Sequence[str] = (),
) -> Page:
    """Return up to `limit` customers after the place `after`, with these columns or all of them."""
    narrowed = _Narrowed(engine, question)
    if after is not None:
        narrowed.after(*_place(after, question, engine.settings.id_type))
    # The order needs two columns of all rows; what is shown is read for the page's rows only.
    names = dict.fromkeys((KEY, question.sort))
    query = narrowed.select(*map(exp.column, names)).order_by(*narrowed.order()).limit(limit + 1)
    found = narrowed.run(query)
    keys = [row[KEY] for row in found[:limit]]
    rows = profiles(engine, keys, columns)
    last = found[limit - 1] if len(found) > limit else None
    place = [_kept(last[question.sort]), last[KEY]] if last else None
    return Page([rows[key] for key in keys], place)


def count(engine: Engine, question: Question) -> int:
    """Return how many customers there are."""
    narrowed = _Narrowed(engine, question)
    query = narrowed.select(exp.alias_(exp.Count(this=exp.Star()), "customers"))
    return int(narrowed.run(query)[0]["customers"])


@contextmanager
def everything(
    engine: Engine, question: Question, columns: Sequence[str] = ()
) -> Iterator[pa.RecordBatchReader]:
    """Read all customers with these columns or all of them, in order, in bounded memory."""
    narrowed = _Narrowed(engine, question)
    names = columns or kinds(engine.settings.id_type)
    query, values = narrowed.statement(narrowed.select(*map(exp.column, names)).order_by(*narrowed.order()))
    with engine.stream(query, values) as reader:
        yield reader


class _Narrowed:
    """A query of customer_360 with its conditions, and the values of its parameters by name."""

    def __init__(self, engine: Engine, question: Question) -> None:
        self.engine, self.question, self.id_type = engine, question, engine.settings.id_type
        self.values: dict[str, Any] = dict(question.filters.parameters())
        self.parts = [sql(one, self.id_type, self._bound(one.value)) for one in question.where]
        narrowing = of_filters(question.filters.given)
        if narrowing is not None:
            self.parts.append(narrowing)
        for word in question.words:
            found, values = search.having(
                word, len(self.values), personal=question.personal, indexed=question.indexed
            )
            self.values |= values
            self.parts.append(exp.In(this=exp.column(KEY), query=found.subquery()))

    def after(self, value: Any, key: Any) -> None:
        """Leave only what comes after a place in the order."""
        descending, sort = self.question.descending, self.question.sort
        by_key = sort == KEY
        later = exp.LT if descending and by_key else exp.GT
        past: exp.Expr = later(this=ordered(KEY, self.id_type), expression=self._bound(key))
        if not by_key:
            missing = exp.Is(this=exp.column(sort), expression=exp.Null())
            if value is None:
                past = exp.and_(missing, past)
            else:
                bound = self._bound(value)
                beyond = (exp.LT if descending else exp.GT)(
                    this=ordered(sort, self.id_type), expression=bound
                )
                same = exp.and_(exp.EQ(this=exp.column(sort), expression=bound.copy()), past)
                past = exp.or_(beyond, same, missing)
        self.parts.append(past)

    def order(self) -> list[exp.Ordered]:
        """Return the order, whose last part is the key."""
        sort, descending = self.question.sort, self.question.descending
        first = exp.Ordered(this=ordered(sort, self.id_type), desc=descending, nulls_first=False)
        last = exp.Ordered(this=ordered(KEY, self.id_type), desc=False, nulls_first=False)
        return [first] if sort == KEY else [first, last]

    def select(self, *columns: exp.Expr) -> exp.Select:
        """Return the query of these columns."""
        query = exp.select(*columns).from_(exp.to_table(TABLE))
        return query.where(*self.parts) if self.parts else query

    def statement(self, query: exp.Select) -> tuple[str, list[Any]]:
        """Return a query in the engine's words with its values in order."""
        text, names = self.engine.parameterised(query)
        return text, [self.values[name] for name in names]

    def run(self, query: exp.Select) -> list[Row]:
        """Return a query's rows."""
        return self.engine.query(*self.statement(query))

    def _bound(self, value: Any) -> exp.Expr:
        if value is None:
            return exp.Null()
        name = f"value_{len(self.values)}"
        self.values[name] = value
        return exp.Placeholder(this=name)


def _kept(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _place(after: list[Any], question: Question, id_type: IdType) -> tuple[Any, Any]:
    """Return the place that a cursor holds, with the columns' types."""
    if len(after) != 2:
        raise RequestError("The cursor does not belong to this question; ask for its first page again.")
    value, key = after
    return None if value is None else typed(question.sort, str(value), id_type), typed(KEY, str(key), id_type)
