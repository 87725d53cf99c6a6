"""Polars by hand: lazy queries on its streaming engine, over frames in memory or over Parquet files.

Of each preference a sort, joins with MAX, and one packed key were timed, and grouping by two columns against
grouping by one packed of both; the packed keys were the fastest. Words of few values become numbers in alphabetical
order, so that the first in alphabet is the smallest.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
from polars import col

from benchmarks.measure import Figures, Stopwatch
from benchmarks.peers.polars_scores import scored

POSITIVE = ["click", "purchase", "positive"]
WORDS = 100_000  # more than any column has of different words
DAYS = 1_000_000  # more than there are between any two days
CENTS = 10**15  # more than anyone spent
Tables = dict[str, pl.LazyFrame]


def full(folder: str, as_of: str, threads: int, result: str | None = None, in_memory: bool = True) -> Figures:
    """Make customer_360 and write it as Parquet, Polars' store: to `result`, or to a file thrown away."""
    day = date.fromisoformat(as_of)
    tables = {
        path.stem: pl.read_parquet(path).lazy() if in_memory else pl.scan_parquet(path)
        for path in Path(folder, "arrivals").glob("*.parquet")
    }
    with Stopwatch() as watch:
        customers = scored(features(tables, day), day)
        customers.write_parquet(result or f"{folder}/polars.parquet", compression="lz4")
    return watch.figures


def features(tables: Tables, as_of: date) -> pl.DataFrame:
    """Return one row per customer with all that is counted from the facts; money in whole cents."""
    catalog, campaigns = tables["product_catalog"], tables["marketing_campaigns"]
    purchases = tables["purchase_transactions"].filter(col("purchase_date") <= as_of)
    purchases = purchases.with_columns(cents=(col("total_amount") * 100).cast(pl.Int64))
    bought = purchases.filter(col("cents") >= 0)
    answers = _answers(tables["campaign_responses"], as_of).collect(engine="streaming").lazy()
    parts = [
        _bought(bought),
        _baskets(bought),
        _returned(purchases.filter(col("cents") < 0)),
        _favorite(bought, catalog, "category", "favorite_product_category"),
        _favorite(bought, catalog, "brand", "favorite_brand"),
        _contacts(tables["customer_service"], as_of),
        _engagement(answers),
        _channel(answers, campaigns),
        _visits(tables["website_behavior"], as_of),
        _viewed(tables["product_views"], catalog, as_of),
    ]
    seen = col("registration_date").is_null() | (col("registration_date") <= as_of)
    customers = tables["customer_info"].filter(seen)
    for part in parts:
        customers = customers.join(
            part.collect(engine="streaming").lazy(), on="customer_id", how="left", maintain_order="none"
        )
    return customers.collect(engine="streaming")


def _bought(bought: pl.LazyFrame) -> pl.LazyFrame:
    return bought.group_by("customer_id").agg(
        single_orders=col("order_id").is_null().sum(),
        bought_cents=col("cents").sum(),
        first_purchase_date=col("purchase_date").min(),
        last_purchase_date=col("purchase_date").max(),
    )


def _baskets(bought: pl.LazyFrame) -> pl.LazyFrame:
    orders = bought.filter(col("order_id").is_not_null()).select("customer_id", "order_id").unique()
    return orders.group_by("customer_id").agg(baskets=pl.len())


def _returned(returned: pl.LazyFrame) -> pl.LazyFrame:
    return returned.group_by("customer_id").agg(total_returns=pl.len(), returned_cents=col("cents").sum())


def _favorite(bought: pl.LazyFrame, catalog: pl.LazyFrame, what: str, name: str) -> pl.LazyFrame:
    pairs = (
        bought.select("customer_id", "product_id", "cents")
        .join(_numbered(catalog, "product_id", what), on="product_id")
        .select("cents", pair=col("customer_id") * WORDS + col("number"))
        .group_by("pair")
        .agg(rows=pl.len(), cents=col("cents").sum())
    )
    return _best(pairs, col("rows").cast(pl.Int128) * CENTS + col("cents"), catalog, what, name)


def _viewed(views: pl.LazyFrame, catalog: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    pairs = (
        views.select("customer_id", "product_id", day=col("viewed_at").dt.date())
        .filter(col("day") <= as_of)
        .join(_numbered(catalog, "product_id", "category"), on="product_id")
        .select("day", pair=col("customer_id") * WORDS + col("number"))
        .group_by("pair")
        .agg(rows=pl.len(), latest=col("day").max())
    )
    return _best(pairs, _then_latest("rows"), catalog, "category", "most_viewed_product_category")


def _channel(answers: pl.LazyFrame, campaigns: pl.LazyFrame) -> pl.LazyFrame:
    pairs = (
        answers.filter(col("positive") > 0)
        .join(_numbered(campaigns, "campaign_id", "channel"), on="campaign_id")
        .select("positive", "latest", pair=col("customer_id") * WORDS + col("number"))
        .group_by("pair")
        .agg(positive=col("positive").sum(), latest=col("latest").max())
    )
    return _best(pairs, _then_latest("positive"), campaigns, "channel", "preferred_marketing_channel")


def _numbered(table: pl.LazyFrame, key: str, what: str) -> pl.LazyFrame:
    numbered = table.select(key, number=col(what).rank("dense").cast(pl.Int64))
    return numbered.filter(col("number").is_not_null())


def _then_latest(count: str) -> pl.Expr:
    return col(count).cast(pl.Int128) * DAYS + col("latest").cast(pl.Int32)


def _best(pairs: pl.LazyFrame, merit: pl.Expr, table: pl.LazyFrame, what: str, name: str) -> pl.LazyFrame:
    """Return each customer's word with the highest merit; of equals the first in alphabet."""
    key = merit * WORDS + (WORDS - 1 - col("pair") % WORDS)
    words = table.select(col(what).drop_nulls().unique().sort()).with_row_index("number", offset=1)
    return (
        pairs.select(customer_id=col("pair") // WORDS, key=key)
        .group_by("customer_id")
        .agg(col("key").max())
        .select("customer_id", number=(WORDS - 1 - col("key") % WORDS).cast(pl.UInt32))
        .join(words, on="number")
        .select("customer_id", col(what).alias(name))
    )


def _contacts(contacts: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    contacts = contacts.filter(col("interaction_date") <= as_of)
    order = col("interaction_date").cast(pl.Int32).cast(pl.Int128) * 2**63 + col("interaction_id")
    return (
        contacts.with_columns(order=order)
        .group_by("customer_id")
        .agg(
            total_interactions=pl.len(),
            resolved_interactions=(col("resolution_status").str.to_lowercase() == "resolved").sum(),
            average_satisfaction_score=col("satisfaction_score").mean(),
            last_interaction_date=col("interaction_date").max(),
            last_interaction_type=col("interaction_type").get(col("order").arg_max()),
        )
    )


def _answers(responses: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    positive = col("response_type").str.to_lowercase().is_in(POSITIVE).fill_null(value=False)
    return (
        responses.filter(col("response_date") <= as_of)
        .select("customer_id", "campaign_id", positive=positive, day=pl.when(positive).then("response_date"))
        .group_by("customer_id", "campaign_id")
        .agg(positive=col("positive").sum(), latest=col("day").max())
    )


def _engagement(answers: pl.LazyFrame) -> pl.LazyFrame:
    return answers.group_by("customer_id").agg(
        campaigns_engaged=pl.len(),
        campaigns_liked=(col("positive") > 0).sum(),
        positive_responses=col("positive").sum(),
    )


def _visits(visits: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    return (
        visits.filter(col("visit_date") <= as_of)
        .group_by("customer_id")
        .agg(
            total_website_visits=pl.len(),
            average_pages_per_visit=col("pages_viewed").mean(),
            average_time_spent_on_site=col("time_spent").mean(),
            last_visit_date=col("visit_date").max(),
        )
    )
