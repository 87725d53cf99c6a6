"""The documents of the API, made from what the model and the metrics say of themselves: nothing is said twice."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, create_model

from patron.access import Role
from patron.metrics import Metric, registry
from patron.model.dictionary import columns

# What a metric's column holds; all others hold a number.
_TEXT = ("customer_segment", "rfm_segment", "category", "label", "first_name", "last_name", "metric", "name")
_WHOLE = (
    "customers",
    "orders",
    "buyers",
    "units",
    "answers",
    "score",
    "total_purchases",
    "days_since_last_purchase",
)
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


class Document(BaseModel):
    """The base of all documents."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class OfBuild(Document):
    """What is of one build."""

    build_id: int
    """The build."""
    as_of: date
    """The last day whose facts it saw."""


def model_of(
    name: str, fields: dict[str, tuple[Any, str]], base: type[BaseModel] = Document
) -> type[BaseModel]:
    """Return a model with these fields: each a type and a meaning."""
    made: dict[str, Any] = {field: (kind, Field(description=said)) for field, (kind, said) in fields.items()}
    return create_model(name, __base__=base, **made)


# -- figures ----------------------------------------------------------------------------------------------


@cache
def figure_model(name: str) -> type[BaseModel]:
    """Return the document of the figure of the metric called `name`."""
    metric = registry()[name]
    title = _camel(metric.name)
    rows: Any = _row_types(metric, title)
    fields: dict[str, tuple[Any, str]] = {
        "metric": (Literal[metric.name], "The metric's name."),
        "title": (str, "What people call it."),
        "unit": (str, "customers, money, rate (0 to 1), points or answers."),
        "filters": (dict[str, Any], "What narrowed it: customer filters by column, and `from` and `to`."),
        "rows": (list[rows], metric.meaning),
    }
    for extra, of_extra in metric.extra_columns.items():
        row = model_of(
            f"{title}{_camel(extra)}Row",
            {one: (_figure_type(one), said) for one, said in of_extra.items()},
        )
        fields[extra] = (list[row], f"Stands beside the rows: {', '.join(of_extra)}.")  # type: ignore[valid-type]
    return model_of(title, fields, OfBuild)


@cache
def dashboard_model() -> type[BaseModel]:
    """Return the document of all figures at once."""
    each = {one.name: (figure_model(one.name), one.title) for one in registry().values()}
    return model_of("Dashboard", {"metrics": (model_of("DashboardMetrics", each), "Each by name.")}, OfBuild)


def _row_types(metric: Metric, title: str) -> Any:
    """Return the type of a metric's rows: one for each column that its option `by` may put in the first one's place."""
    first, *_ = metric.columns
    choices = next((one.values for one in metric.options if one.name == "by"), (first,))
    types = []
    for choice in choices:
        named = {
            choice if one == first else one: (_figure_type(one), said) for one, said in metric.columns.items()
        }
        types.append(model_of(f"{title}Row" if choice == first else f"{title}By{_camel(choice)}Row", named))
    return Union[tuple(types)]  # noqa: UP007  # the types are known only now


def _figure_type(column: str) -> Any:
    if column == "customer_id":
        return str
    if column.endswith(("month", "date", "day")):
        return date
    if column in ("partial", "is_cut"):
        return bool
    if column in _TEXT:
        return str | None
    return int | None if column in _WHOLE or column.endswith("_score") else float | None


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


class MetricMeaning(Document):
    """What a metric means."""

    name: str
    title: str
    unit: str
    meaning: str
    columns: dict[str, str]
    """Each column of its rows, with its meaning."""
    extras: dict[str, dict[str, str]]
    """The tables that stand beside its rows, with their columns."""
    has_period: bool
    """Whether it counts facts and can be narrowed by `from` and `to`."""
    sql: str
    """How it is computed, in DuckDB's dialect."""


class FilterChoice(Document):
    """A value that some customers have."""

    value: str
    """As the filter takes it."""
    customers: int


class FilterChoicesOfOne(Document):
    """A customer filter and what it can be narrowed to."""

    name: str
    values: list[FilterChoice]
    """The values, that of most customers first."""


class FilterChoices(OfBuild):
    """All customer filters."""

    filters: list[FilterChoicesOfOne]


class MetricMeanings(Document):
    """All metrics."""

    metrics: list[MetricMeaning]


# -- customers --------------------------------------------------------------------------------------------


def _customer_fields() -> dict[str, tuple[Any, str]]:
    fields: dict[str, tuple[Any, str]] = {}
    for one in columns("customer_360"):
        kind = str if one.column == "customer_id" else _JSON_OF[one.type.partition("(")[0]]
        fields[one.column] = (kind if one.column == "customer_id" else kind | None, one.meaning)
    return fields


Customer = model_of("Customer", _customer_fields())
"""A row of customer_360."""


class Customers(OfBuild):
    """A page of customers."""

    rows: list[Customer]  # type: ignore[valid-type]
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


# -- dictionary -------------------------------------------------------------------------------------------


class ColumnMeaning(Document):
    """What a column holds and where it comes from."""

    column: str
    type: str
    meaning: str
    unit: str | None
    sources: list[str]
    parameters: list[str]
    steps: list[str]


class TableMeaning(Document):
    """What a table, view or step holds."""

    name: str
    kind: str
    meaning: str
    grain: str | None
    reads: list[str]


class Tables(Document):
    """All tables, views and steps."""

    tables: list[TableMeaning]


class TableColumns(TableMeaning):
    """A table with its columns."""

    columns: list[ColumnMeaning]


class LineageNode(Document):
    """A column and what it is made of."""

    name: str
    inputs: list[LineageNode]


# -- operations -------------------------------------------------------------------------------------------


class Load(Document):
    """A finished load."""

    load_id: int
    started_at: datetime
    finished_at: datetime
    source: str
    rows_read: int
    inserted: int
    updated: int
    unchanged: int
    quarantined: int
    details: Any


class Loads(Document):
    """A page of loads, the latest first."""

    rows: list[Load]
    next: str | None


class QuarantineReason(Document):
    """How many rows of a table wait in the quarantine for one reason."""

    table_name: str
    reason_code: str
    rows: int


class QuarantineSummary(Document):
    """What is in the quarantine."""

    rows: list[QuarantineReason]


class QuarantinedRow(Document):
    """A row that was refused."""

    load_id: int
    table_name: str
    source_file: str
    source_line: int | None
    reason_code: str
    reason: str
    content: str


class QuarantinedRows(Document):
    """A page of refused rows."""

    rows: list[QuarantinedRow]
    next: str | None


class BuildStep(Document):
    """One step of a build."""

    name: str
    seconds: float
    rows: int | None = None


class ReconciledFigure(Document):
    """A figure counted in the sources and in the result."""

    figure: str
    in_sources: float | None
    in_result: float | None
    agrees: bool


class Build(Document):
    """A finished build."""

    build_id: int
    as_of: date
    kind: str
    started_at: datetime
    finished_at: datetime
    customers: int
    new_customers: int
    recomputed: int
    settings: dict[str, Any]
    steps: list[BuildStep]
    reconciliation: list[ReconciledFigure]


class Builds(Document):
    """A page of builds, the latest first."""

    rows: list[Build]
    next: str | None


class BuildOrder(BaseModel):
    """A build to start."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    as_of: date | None = None
    """The last day whose facts count; unset, today."""
    full: bool = False
    """Compute every customer, not only the changed ones."""


class BuildProgress(Document):
    """How far the build is that was asked for last."""

    number: int
    state: Literal["running", "succeeded", "failed"]
    as_of: date
    full: bool
    started_at: datetime
    finished_at: datetime | None
    stage: str
    done: float
    total: float | None
    build_id: int | None
    detail: str | None


class Status(Document):
    """What this server shows, and to whom."""

    version: str
    build_id: int | None
    as_of: date | None
    built_at: datetime | None
    changed_customers: int
    """Customers whose facts changed since the build."""
    building: bool
    """Whether a build runs that was asked for over the API."""
    currency: str
    caller: str
    role: Role
    masked: list[str]


class AuditRow(Document):
    """Something that was done."""

    number: int
    at: datetime
    caller: str
    role: str
    action: str
    subject: str
    request_id: str
    details: dict[str, Any]


class AuditRows(Document):
    """A page of the audit log, the latest first."""

    rows: list[AuditRow]
    next: str | None
