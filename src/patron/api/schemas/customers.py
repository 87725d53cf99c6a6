"""Lists of customers, profiles, timelines and reasons."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from patron.api.schemas.base import Document, OfBuild, model_of
from patron.model.dictionary import columns

_JSON_OF = {
    "BIGINT": int,
    "INTEGER": int,
    "INT": int,
    "DOUBLE": float,
    "DECIMAL": float,
    "DATE": date,
    "TEXT": str,
    "VARCHAR": str,
    "TIMESTAMP": str,
    "BOOLEAN": bool,
}


def _customer_fields() -> dict[str, tuple[Any, str]]:
    fields: dict[str, tuple[Any, str]] = {}
    for one in columns("customer_360"):
        kind = str if one.column == "customer_id" else _JSON_OF[one.type.partition("(")[0]]
        fields[one.column] = (kind if one.column == "customer_id" else kind | None, one.meaning)
    return fields


Customer = model_of("Customer", _customer_fields())
"""A row of customer_360."""
ListedCustomer = model_of("ListedCustomer", _customer_fields(), always=("customer_id",))
"""A row of customer_360 with the columns that were asked for."""


class Customers(OfBuild):
    """A page of customers."""

    rows: list[ListedCustomer]  # type: ignore[valid-type]
    next: str | None
    """Give it as `cursor` for the next page; null after the last one."""
    masked: list[str]
    """Columns whose values are not shown to you."""


class Count(OfBuild):
    """How many customers there are."""

    customers: int


class Found(Document):
    """A customer that was found."""

    customer_id: str
    first_name: str | None
    last_name: str | None
    email: str | None
    phone_number: str | None


class FoundCustomers(Document):
    """The customers that were found, the best first."""

    rows: list[Found]
    masked: list[str]


class Profile(OfBuild):
    """One customer's row of customer_360."""

    customer: Customer  # type: ignore[valid-type]
    masked: list[str]


class MonthOfSpend(Document):
    """What a customer paid in a month."""

    month: date
    """Its first day."""
    revenue: float
    """Paid, less what came back."""


class Spend(OfBuild):
    """What a customer paid by month, from the first month with a purchase or return to that of as_of."""

    customer_id: str
    rows: list[MonthOfSpend]


class TimelineItem(Document):
    """Something that a customer did, or that was done for one."""

    kind: Literal["purchase", "return", "contact", "response", "visit", "view"]
    date: str
    """The day, or the moment by the shop's clock, in ISO 8601."""
    id: str
    """The key of the row."""
    table: str
    """The contract table it stands in."""
    fact: dict[str, Any]
    """The row itself, with the names of the product or campaign it is about."""


class Timeline(Document):
    """A page of what a customer did, the latest first."""

    customer_id: str
    items: list[TimelineItem]
    next: str | None


class Ingredient(Document):
    """A value that another value is made of."""

    name: str
    """table.column, `table.*` for counted rows, or $name for a setting."""
    value: Any = None
    """The customer's value, or the setting's, where there is one."""


class FactTable(Document):
    """The facts of one table behind a value."""

    table: str
    uses: list[str]
    """The columns that go into the value; * where rows are counted."""
    rows: list[dict[str, Any]]
    next: str | None


class Why(OfBuild):
    """Why a value of a customer is what it is."""

    customer_id: str
    column: str
    value: Any
    type: str
    unit: str | None
    meaning: str
    formula: str
    """The SQL that makes it, in DuckDB's dialect."""
    step: str
    """The step of the model that the formula stands in."""
    made_of: list[Ingredient]
    settings: dict[str, Any]
    """The settings that went into it, as the build used them."""
    cut_points: list[dict[str, Any]] | None
    """The cut points of the RFM scores, where it rests on them."""
    sources: list[str]
    """The contract columns it is made of."""
    facts: list[FactTable]
