"""The second half of the Polars peer: scores, segments and the columns in their order."""

from __future__ import annotations

from datetime import date

import polars as pl
from polars import col, lit, when

COUNTS = [
    "single_orders",
    "baskets",
    "total_returns",
    "bought_cents",
    "returned_cents",
    "total_interactions",
    "resolved_interactions",
    "campaigns_engaged",
    "positive_responses",
    "total_website_visits",
]
COLUMNS = [
    "customer_id",
    "first_name",
    "last_name",
    "email",
    "phone_number",
    "date_of_birth",
    "registration_date",
    "total_purchases",
    "total_returns",
    "total_lifetime_value",
    "average_order_value",
    "first_purchase_date",
    "last_purchase_date",
    "favorite_product_category",
    "favorite_brand",
    "total_interactions",
    "resolved_interactions",
    "average_satisfaction_score",
    "last_interaction_date",
    "last_interaction_type",
    "campaigns_engaged",
    "positive_responses",
    "preferred_marketing_channel",
    "total_website_visits",
    "average_pages_per_visit",
    "average_time_spent_on_site",
    "last_visit_date",
    "most_viewed_product_category",
    "days_since_last_purchase",
    "days_since_last_visit",
    "annual_spend",
    "resolution_rate",
    "campaign_response_rate",
    "customer_lifetime_value",
    "customer_segment",
    "recency_score",
    "frequency_score",
    "monetary_score",
    "rfm_segment",
    "churn_risk_score",
    "engagement_score",
    "as_of",
]


def scored(features: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return customer_360 from one row per customer of what is counted from the facts."""
    customers = features.lazy().with_columns(col(COUNTS).fill_null(0).cast(pl.Int64))
    customers = customers.with_columns(
        total_purchases=col("single_orders") + col("baskets"),
        cents=col("bought_cents") + col("returned_cents"),
        age=_days("registration_date", as_of),
        days_since_last_purchase=_days("last_purchase_date", as_of),
        days_since_last_visit=_days("last_visit_date", as_of),
        campaigns_liked=col("campaigns_liked").cast(pl.Int64),
    ).with_columns(silence=pl.coalesce("days_since_last_purchase", "age"))
    buyers = customers.filter(col("total_purchases") > 0)
    cuts = buyers.select(_cuts(name) for name in ("last_purchase_date", "total_purchases", "cents")).collect()
    customers = customers.with_columns(
        recency_score=_score("last_purchase_date", cuts),
        frequency_score=_score("total_purchases", cuts),
        monetary_score=_score("cents", cuts),
    ).with_columns(*_money(), *_rates(), *_standing(), as_of=lit(as_of))
    return customers.select(COLUMNS).collect()


def _days(since: str, as_of: date) -> pl.Expr:
    return (lit(as_of) - col(since)).dt.total_days().cast(pl.Int32)


def _cuts(name: str) -> pl.Expr:
    """The discrete percentiles: the values at the places ceil(n * k / 5)."""
    return col(name).sort().gather((pl.int_range(1, 5) * pl.len() + 4) // 5 - 1)


def _score(name: str, cuts: pl.DataFrame) -> pl.Expr:
    exceeded = pl.sum_horizontal((col(name) > cut).cast(pl.Int32) for cut in cuts[name])
    return when(col("total_purchases") > 0).then(1 + exceeded)


def _money() -> list[pl.Expr]:
    """Money from cents; the bonus for liked campaigns rounded half up, in whole numbers."""
    engaged, liked = col("campaigns_engaged"), col("campaigns_liked")
    bonus = (2 * col("cents").abs() * liked + engaged) // (2 * engaged)
    bonus = when(engaged > 0).then(bonus).otherwise(0) * col("cents").sign()
    return [
        _as_money(col("cents")).alias("total_lifetime_value"),
        _as_money(col("cents") + bonus).alias("customer_lifetime_value"),
        (col("bought_cents") / 100 / _some("total_purchases")).alias("average_order_value"),
        (col("cents") / 100 / _some("age") * 365).alias("annual_spend"),
    ]


def _as_money(cents: pl.Expr) -> pl.Expr:
    return (cents.cast(pl.Decimal(38, 2)) * pl.lit(0.01).cast(pl.Decimal(38, 2))).cast(pl.Decimal(18, 2))


def _some(name: str) -> pl.Expr:
    return when(col(name) != 0).then(name)


def _rates() -> list[pl.Expr]:
    return [
        (100 * col("resolved_interactions") / _some("total_interactions")).alias("resolution_rate"),
        (100 * col("campaigns_liked") / _some("campaigns_engaged")).alias("campaign_response_rate"),
    ]


def _standing() -> list[pl.Expr]:
    satisfaction = (col("average_satisfaction_score").fill_null(0) + 0.5).floor().clip(upper_bound=5)
    engagement = (
        col("total_purchases").clip(upper_bound=10) * 10
        + col("total_website_visits").clip(upper_bound=10) * 5
        + col("campaigns_engaged").clip(upper_bound=5) * 10
        + satisfaction.cast(pl.Int64) * 10
    )
    risk = sum(((col("silence") > days).cast(pl.Int32) for days in (30, 90, 180, 365)), lit(1, pl.Int32))
    value = when(col("cents") > 1_000_000).then(lit("High Value"))
    return [
        value.when(col("cents") > 500_000)
        .then(lit("Medium Value"))
        .otherwise(lit("Low Value"))
        .alias("customer_segment"),
        when(col("silence").is_not_null()).then(risk).alias("churn_risk_score"),
        engagement.cast(pl.Int32).alias("engagement_score"),
        _segment().alias("rfm_segment"),
    ]


def _segment() -> pl.Expr:
    recency, frequency = col("recency_score"), col("frequency_score")
    rules = [
        (recency.is_null(), "No Purchases"),
        ((recency == 5) & (frequency == 1), "New Customers"),
        ((recency == 5) & (frequency <= 3), "Potential Loyalists"),
        (recency == 5, "Champions"),
        ((recency == 4) & (frequency == 1), "Promising"),
        ((recency == 4) & (frequency <= 3), "Potential Loyalists"),
        (recency == 4, "Loyal Customers"),
        ((recency == 3) & (frequency <= 2), "About to Sleep"),
        ((recency == 3) & (frequency == 3), "Need Attention"),
        (recency == 3, "Loyal Customers"),
        (frequency <= 2, "Hibernating"),
        (frequency <= 4, "At Risk"),
    ]
    segment = lit("Can't Lose Them")
    for condition, name in reversed(rules):
        segment = when(condition).then(lit(name)).otherwise(segment)
    return segment
