"""What a figure is narrowed by: customer filters and a period, typed and checked before they reach any SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlglot import exp

from patron.contract.tables import EARLIEST_YEAR, LATEST_YEAR
from patron.errors import MetricError, did_you_mean

UNKNOWN = "Unknown"
MOST_VALUES = 1_000  # of one filter; more is no filter that a person made

CUSTOMER_SEGMENTS = ("High Value", "Medium Value", "Low Value")
RFM_SEGMENTS = (
    "Champions",
    "Loyal Customers",
    "Potential Loyalists",
    "New Customers",
    "Promising",
    "Need Attention",
    "About to Sleep",
    "At Risk",
    "Can't Lose Them",
    "Hibernating",
    "No Purchases",
)
CHURN_RISK_SCORES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Filters:
    """Which customers a figure is of: for each column any of its values, or all customers where there are none.

    'Unknown' stands for customers who have no value in the column. Raises MetricError for values that a column
    cannot have: customer_segment, rfm_segment and churn_risk_score have fixed ones.
    """

    customer_segment: tuple[str, ...] = ()
    rfm_segment: tuple[str, ...] = ()
    churn_risk_score: tuple[int | str, ...] = ()
    favorite_product_category: tuple[str, ...] = ()
    preferred_marketing_channel: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for one in fields(self):
            name, values = one.name, getattr(self, one.name)
            if len(values) > MOST_VALUES:
                raise MetricError(
                    f"The filter {name} has {len(values):,} values; it takes up to {MOST_VALUES:,}."
                )
            object.__setattr__(self, name, tuple(dict.fromkeys(_checked(name, value) for value in values)))

    @classmethod
    def of(cls, values: Mapping[str, Iterable[Any]]) -> Filters:
        """Return filters from values by column, as words of a URL or a command line or as they are."""
        known = FILTERS
        for name in values:
            if name not in known:
                raise MetricError(
                    f"There is no filter '{name}'.{did_you_mean(name, known)} There are: {', '.join(known)}."
                )
        return cls(**{name: tuple(given) for name, given in values.items()})

    @property
    def given(self) -> dict[str, list[str | int]]:
        """The columns that narrow, each with its values."""
        return {name: list(getattr(self, name)) for name in FILTERS if getattr(self, name)}

    def parameters(self) -> dict[str, list[Any]]:
        """Return the values of the parameters of `condition`, by name."""
        return {_parameter(name): [str(value) for value in values] for name, values in self.given.items()}


FILTERS: tuple[str, ...] = tuple(one.name for one in fields(Filters))


@dataclass(frozen=True)
class Period:
    """The days whose facts are counted, both included; None where it has no such end.

    Raises MetricError for an empty one, and for days that no fact can have.
    """

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        for day in (self.start, self.end):
            if day is not None and not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
                raise MetricError(
                    f"{day} is no day of a period: its year must be {EARLIEST_YEAR} to {LATEST_YEAR}."
                )
        if self.start and self.end and self.start > self.end:
            raise MetricError(
                f"The period from {self.start} to {self.end} is empty: its first day is the later one."
            )

    @classmethod
    def of(cls, start: str | date | None, end: str | date | None) -> Period:
        """Return a period from days as written, such as 2025-06-30, or as dates."""
        return cls(_day(start), _day(end))

    @property
    def given(self) -> dict[str, str]:
        """Its ends as `from` and `to`, where it has them."""
        ends = {"from": self.start, "to": self.end}
        return {name: day.isoformat() for name, day in ends.items() if day is not None}


def condition(columns: Iterable[str]) -> exp.Expr | None:
    """Return SQL that is true of customers who have one of the values given for each of `columns`.

    The values are parameters, as `Filters.parameters` has them; None stands for everybody.
    """
    parts = [_any_of(name) for name in columns]
    return exp.and_(*parts) if parts else None


def _checked(name: str, value: Any) -> str | int:
    if name == "churn_risk_score":
        return _score(value)
    if not isinstance(value, str):
        raise MetricError(f"The filter {name} takes words, not {value!r}.")
    if "\0" in value:
        raise MetricError(f"The filter {name} has a value with a NUL character, which no text holds.")
    known = {"customer_segment": CUSTOMER_SEGMENTS, "rfm_segment": RFM_SEGMENTS}.get(name)
    if known and value not in known:
        raise MetricError(
            f"There is no {name} '{value}'.{did_you_mean(value, known)} There are: {', '.join(known)}."
        )
    return value


def _score(value: Any) -> int | str:
    for known in (*CHURN_RISK_SCORES, UNKNOWN):
        if not isinstance(value, bool) and str(value) == str(known):
            return known
    raise MetricError(f"There is no churn_risk_score '{value}'; it is 1 to 5, or {UNKNOWN}.")


def _day(value: str | date | None) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise MetricError(f"'{value}' is no day; write it as 2025-06-30.") from error


def _parameter(name: str) -> str:
    return f"only_{name}"


def _any_of(name: str) -> exp.Expr:
    """Tell whether a column has one of the values, a missing one being called Unknown."""
    text: exp.Expr = exp.column(name)
    if name == "churn_risk_score":
        text = exp.cast(text, "TEXT")
    text = exp.Coalesce(this=text, expressions=[exp.Literal.string(UNKNOWN)])
    values = exp.cast(
        exp.Placeholder(this=_parameter(name)), exp.DataType.build("TEXT[]", dialect="postgres")
    )
    return exp.ArrayContains(this=values, expression=text)
