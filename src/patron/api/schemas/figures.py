"""Figures, what they mean and what they can be narrowed to."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, Literal, Union

from pydantic import BaseModel

from patron.api.schemas.base import Document, MadeOfBuild, OfBuild, model_of
from patron.metrics import Metric, registry

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
        "has_period": (bool, "Whether it counts facts and can be narrowed by `from` and `to`."),
        "filters": (dict[str, Any], "What narrowed it: customer filters by column, and `from` and `to`."),
        "rows": (list[rows], metric.meaning),
    }
    for extra, of_extra in metric.extra_columns.items():
        row = model_of(
            f"{title}{_camel(extra)}Row",
            {one: (_figure_type(one), said) for one, said in of_extra.items()},
        )
        fields[extra] = (list[row], f"Stands beside the rows: {', '.join(of_extra)}.")  # type: ignore[valid-type]
    return model_of(title, fields, MadeOfBuild)


@cache
def dashboard_model() -> type[BaseModel]:
    """Return the document of all figures at once."""
    each = {one.name: (figure_model(one.name), one.title) for one in registry().values()}
    return model_of(
        "Dashboard", {"metrics": (model_of("DashboardMetrics", each), "Each by name.")}, MadeOfBuild
    )


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
