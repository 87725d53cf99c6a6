"""The shop's tables, declared once: columns, types, keys, references, meaning and unit.

Everything that must know a table (DDL in any dialect, loading and its checks, sample data, the data
dictionary) reads this file. `CONTRACT` is the whole of it, parents before children.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from patron.errors import ContractError, did_you_mean

IdType = Literal["bigint", "text"]


class Type(StrEnum):
    """A column's type, in words that no engine owns."""

    ID = "id"  # BIGINT, or TEXT where the setting `id_type` says so
    TEXT = "text"
    DATE = "date"
    TIMESTAMP = "timestamp"  # without time zone, as the shop's clock shows it
    INTEGER = "integer"
    MONEY = "money"  # DECIMAL(18, 2) in the one currency of the shop
    BIGINT = "bigint"
    DOUBLE = "double"
    INSTANT = "instant"  # in UTC: when Patron itself did something
    JSON = "json"


@dataclass(frozen=True)
class Column:
    """One column of a contract table.

    `minimum` and `maximum` bound numbers, both included; dates are bounded for all tables alike by
    `EARLIEST_YEAR` and `LATEST_YEAR`. `indexed` columns are those by which the model or a change note finds
    rows on an engine that has secondary indexes.
    """

    name: str
    type: Type
    meaning: str
    required: bool = False
    references: str | None = None
    unit: str | None = None
    minimum: int | Decimal | None = None
    maximum: int | Decimal | None = None
    indexed: bool = False


@dataclass(frozen=True)
class Table:
    """One contract table. Its first column is its primary key, unless it is not `keyed`: a list of notes.

    `date` names the column that says when a fact happened; tables without one are not facts. `checks` are what
    columns say of each other in every row, as conditions in DuckDB's dialect.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    date: str | None = None
    keyed: bool = True
    checks: tuple[str, ...] = ()

    @property
    def key(self) -> Column:
        """The primary key; raises ContractError where there is none."""
        if not self.keyed:
            raise ContractError(
                f"Table {self.name} has no key: its rows are notes, and equal ones may repeat."
            )
        return self.columns[0]

    @property
    def references(self) -> tuple[Column, ...]:
        """The columns that point at another table's key."""
        return tuple(column for column in self.columns if column.references)

    @property
    def is_fact(self) -> bool:
        """Whether its rows are dated facts about customers."""
        return self.date is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column called `name`; raises ContractError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractError(
            f"Table {self.name} has no column '{name}'.{did_you_mean(name, self.names)} "
            f"It has: {', '.join(self.names)}."
        )


# A date outside these years is a slip of the keyboard (20024) or a placeholder (0001-01-01), not a fact.
EARLIEST_YEAR = 1900
LATEST_YEAR = 2199
# An amount beyond this is a slip too; a thousand of them still fit into a customer's sum.
MOST_MONEY = Decimal("9999999999999.99")

CUSTOMER_INFO = Table(
    "customer_info",
    "Who the shop's customers are: one row per customer.",
    (
        Column("customer_id", Type.ID, "The customer's key.", required=True),
        Column("first_name", Type.TEXT, "Given name."),
        Column("last_name", Type.TEXT, "Family name."),
        Column("email", Type.TEXT, "E-mail address."),
        Column("phone_number", Type.TEXT, "Telephone number, as written."),
        Column("date_of_birth", Type.DATE, "Date of birth."),
        Column("registration_date", Type.DATE, "The day the customer became known; may be unknown."),
    ),
)

PRODUCT_CATALOG = Table(
    "product_catalog",
    "What the shop sells: one row per product.",
    (
        Column("product_id", Type.ID, "The product's key.", required=True),
        Column("product_name", Type.TEXT, "Name on the shelf."),
        Column("category", Type.TEXT, "Product category."),
        Column("brand", Type.TEXT, "Brand."),
        Column("price", Type.MONEY, "List price of one unit.", unit="money", minimum=0, maximum=MOST_MONEY),
        Column("launch_date", Type.DATE, "First day on sale."),
    ),
)

MARKETING_CAMPAIGNS = Table(
    "marketing_campaigns",
    "What the shop told its customers: one row per campaign.",
    (
        Column("campaign_id", Type.ID, "The campaign's key.", required=True),
        Column("campaign_name", Type.TEXT, "Name of the campaign."),
        Column("start_date", Type.DATE, "First day."),
        Column("end_date", Type.DATE, "Last day."),
        Column("channel", Type.TEXT, "Channel: email, social media, TV and the like."),
        Column("target_audience", Type.TEXT, "Whom it was meant for."),
    ),
)

PURCHASE_TRANSACTIONS = Table(
    "purchase_transactions",
    "What was bought and brought back: one row per line of a receipt.",
    (
        Column("transaction_id", Type.ID, "The line's key.", required=True),
        Column(
            "customer_id", Type.ID, "Who bought.", required=True, references="customer_info", indexed=True
        ),
        Column("product_id", Type.ID, "What was bought.", references="product_catalog", indexed=True),
        Column("purchase_date", Type.DATE, "The day of the purchase or return.", required=True),
        Column("quantity", Type.INTEGER, "Units; may be 0.", unit="units"),
        Column(
            "total_amount",
            Type.MONEY,
            "What was paid for the line; below 0 it is a return.",
            required=True,
            unit="money",
            minimum=-MOST_MONEY,
            maximum=MOST_MONEY,
        ),
        Column("store_id", Type.ID, "The store."),
        Column("order_id", Type.ID, "The order that the line belongs to; without one it is an order itself."),
    ),
    date="purchase_date",
    checks=("quantity >= 0 OR total_amount <= 0",),
)

CUSTOMER_SERVICE = Table(
    "customer_service",
    "Contacts with customer service: one row per contact.",
    (
        Column("interaction_id", Type.ID, "The contact's key.", required=True),
        Column(
            "customer_id",
            Type.ID,
            "Who got in touch.",
            required=True,
            references="customer_info",
            indexed=True,
        ),
        Column("interaction_date", Type.DATE, "The day of the contact.", required=True),
        Column("interaction_type", Type.TEXT, "Kind: complaint, inquiry, feedback and the like."),
        Column("product_id", Type.ID, "The product it was about.", references="product_catalog"),
        Column("resolution_status", Type.TEXT, "'resolved' in any letter case, or anything else."),
        Column(
            "satisfaction_score",
            Type.INTEGER,
            "How satisfied the customer was, 1 to 5; None where nothing was said.",
            unit="points",
            minimum=1,
            maximum=5,
        ),
    ),
    date="interaction_date",
)

CAMPAIGN_RESPONSES = Table(
    "campaign_responses",
    "How customers answered campaigns: one row per answer.",
    (
        Column("response_id", Type.ID, "The answer's key.", required=True),
        Column(
            "campaign_id",
            Type.ID,
            "The campaign answered.",
            required=True,
            references="marketing_campaigns",
            indexed=True,
        ),
        Column(
            "customer_id", Type.ID, "Who answered.", required=True, references="customer_info", indexed=True
        ),
        Column("response_date", Type.DATE, "The day of the answer.", required=True),
        Column("response_type", Type.TEXT, "Kind: click, purchase, unsubscribe and the like."),
    ),
    date="response_date",
)

WEBSITE_BEHAVIOR = Table(
    "website_behavior",
    "Visits to the website: one row per session.",
    (
        Column("session_id", Type.ID, "The session's key.", required=True),
        Column(
            "customer_id", Type.ID, "Who visited.", required=True, references="customer_info", indexed=True
        ),
        Column("visit_date", Type.DATE, "The day of the visit.", required=True),
        Column("pages_viewed", Type.INTEGER, "Pages seen in the session.", unit="pages", minimum=0),
        Column("time_spent", Type.INTEGER, "Length of the session.", unit="seconds", minimum=0),
        Column("source", Type.TEXT, "Where the visit came from: organic search, paid ad, direct."),
    ),
    date="visit_date",
)

PRODUCT_VIEWS = Table(
    "product_views",
    "Products looked at on the website: one row per view.",
    (
        Column("view_id", Type.ID, "The view's key.", required=True),
        Column("session_id", Type.ID, "The session it happened in.", references="website_behavior"),
        Column(
            "customer_id", Type.ID, "Who looked.", required=True, references="customer_info", indexed=True
        ),
        Column("product_id", Type.ID, "What was looked at.", references="product_catalog", indexed=True),
        Column("viewed_at", Type.TIMESTAMP, "When, by the shop's clock.", required=True),
    ),
    date="viewed_at",
)

CONTRACT: tuple[Table, ...] = (
    CUSTOMER_INFO,
    PRODUCT_CATALOG,
    MARKETING_CAMPAIGNS,
    PURCHASE_TRANSACTIONS,
    CUSTOMER_SERVICE,
    CAMPAIGN_RESPONSES,
    WEBSITE_BEHAVIOR,
    PRODUCT_VIEWS,
)

FACTS: tuple[Table, ...] = tuple(table for table in CONTRACT if table.is_fact)


def table_named(name: str) -> Table:
    """Return the contract table called `name`; raises ContractError with a suggestion when there is none."""
    for table in CONTRACT:
        if table.name == name:
            return table
    known = [table.name for table in CONTRACT]
    raise ContractError(
        f"The contract has no table '{name}'.{did_you_mean(name, known)} It has: {', '.join(known)}."
    )
