"""What a request may say in its address, alike on every route that takes it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from patron.metrics import UNKNOWN, Filters, Period
from patron.metrics.filters import CHURN_RISK_SCORES, CUSTOMER_SEGMENTS, RFM_SEGMENTS

MOST_VALUES = 200
LONGEST_TEXT = 500


def _words(said: str, known: tuple[object, ...] = ()) -> Any:
    items: dict[str, Any] = {"type": "string", "maxLength": LONGEST_TEXT}
    if known:
        items["enum"] = [str(value) for value in known]
    return Field(
        default=[],
        max_length=MOST_VALUES,
        description=f"{said} Any number of values; '{UNKNOWN}' is for customers without one.",
        json_schema_extra={"items": items},
        examples=[[str(known[0])]] if known else None,
    )


class CustomerFilters(BaseModel):
    """Which customers."""

    model_config = ConfigDict(extra="forbid")

    customer_segment: list[str] = _words("By value.", CUSTOMER_SEGMENTS)
    rfm_segment: list[str] = _words("By recency and frequency.", RFM_SEGMENTS)
    churn_risk_score: list[str] = _words("1, very low, to 5, very high.", (*CHURN_RISK_SCORES, UNKNOWN))
    favorite_product_category: list[str] = _words("The category bought most.")
    preferred_marketing_channel: list[str] = _words("The channel answered best.")

    def filters(self) -> Filters:
        """Return them as the metrics take them; raises MetricError for a value that there is not."""
        return Filters.of({name: getattr(self, name) for name in CustomerFilters.model_fields})


class FigureQuery(CustomerFilters):
    """Which customers, and which days' facts."""

    from_: date | None = Field(None, alias="from", description="The first day whose facts count.")
    to: date | None = Field(None, description="The last day whose facts count.", examples=["2025-06-30"])

    def period(self) -> Period:
        """Return the days as the metrics take them; raises MetricError for an empty period."""
        return Period(self.from_, self.to)


Limit = Annotated[int, Query(ge=1, le=200, description="How many rows a page has at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=4096, description="`next` of the page before; leave it out for the first page."),
]
