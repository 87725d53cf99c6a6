"""customer_360 by hand: an independent reference in plain Python, written from the specification alone.

It exists to disagree with the SQL model when one of the two is wrong, so it shares nothing with it: no SQL
and no data frames. Sums, means and rounding are exact (Decimal and Fraction); only the last step turns a mean
or a rate into a float.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from patron.settings import Model

Row = dict[str, Any]
Shop = dict[str, list[Row]]
Cuts = tuple[Any, Any, Any, Any]

COLUMNS = (
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
)

DATE_COLUMNS = {
    "purchase_transactions": "purchase_date",
    "customer_service": "interaction_date",
    "campaign_responses": "response_date",
    "website_behavior": "visit_date",
    "product_views": "viewed_at",
}

# The measure that each score is of.
MEASURES = {
    "recency": "last_purchase_date",
    "frequency": "total_purchases",
    "monetary": "total_lifetime_value",
}

# Rows are recency 1 to 5, columns frequency 1 to 5.
SEGMENTS = {
    5: ("New Customers", "Potential Loyalists", "Potential Loyalists", "Champions", "Champions"),
    4: ("Promising", "Potential Loyalists", "Potential Loyalists", "Loyal Customers", "Loyal Customers"),
    3: ("About to Sleep", "About to Sleep", "Need Attention", "Loyal Customers", "Loyal Customers"),
    2: ("Hibernating", "Hibernating", "At Risk", "At Risk", "Can't Lose Them"),
    1: ("Hibernating", "Hibernating", "At Risk", "At Risk", "Can't Lose Them"),
}


def customer_360(shop: Shop, as_of: date, model: Model) -> list[Row]:
    """Return one row per customer visible on `as_of`, by customer_id, with `COLUMNS` in order."""
    people = _people(shop, as_of, model)
    cuts = _cut_points(people, as_of, model)
    for row in people:
        row |= _scores(row, cuts)
    return [{name: row[name] for name in COLUMNS} for row in people]


def rfm_cut_points(shop: Shop, as_of: date, model: Model) -> list[Row]:
    """Return the four cut points, rising: a day, a number of orders and an amount of money each.

    A measure that nobody has and that no setting fixes has None.
    """
    cuts = _cut_points(_people(shop, as_of, model), as_of, model)
    return [
        {"cut_point": number + 1} | {score: four and four[number] for score, four in cuts.items()}
        for number in range(4)
    ]


# -- what each customer did -------------------------------------------------------------------------------


def _people(shop: Shop, as_of: date, model: Model) -> list[Row]:
    """Everything about each customer that does not depend on the other customers."""
    facts = {table: _facts(shop.get(table, []), column, as_of) for table, column in DATE_COLUMNS.items()}
    products = {row["product_id"]: row for row in shop.get("product_catalog", [])}
    campaigns = {row["campaign_id"]: row for row in shop.get("marketing_campaigns", [])}
    rows = []
    for customer in sorted(shop.get("customer_info", []), key=lambda row: row["customer_id"]):
        registered = customer["registration_date"]
        if registered is not None and registered > as_of:
            continue
        mine = {table: by_customer.get(customer["customer_id"], []) for table, by_customer in facts.items()}
        row = {name: customer[name] for name in COLUMNS[:7]}
        row |= _purchases(mine["purchase_transactions"], products)
        row |= _service(mine["customer_service"])
        row |= _responses(mine["campaign_responses"], campaigns, model)
        row |= _visits(mine["website_behavior"])
        row |= _views(mine["product_views"], products)
        row |= _derived(row, as_of, model)
        rows.append(row)
    return rows


def _facts(rows: list[Row], date_column: str, as_of: date) -> dict[Any, list[Row]]:
    """The rows dated on or before `as_of`, by customer, each with its date as `day`."""
    by_customer: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        when = row[date_column]
        day = when.date() if isinstance(when, datetime) else when
        if day <= as_of:
            by_customer[row["customer_id"]].append({**row, "day": day})
    return by_customer


def _purchases(rows: list[Row], products: dict[Any, Row]) -> Row:
    bought = [row for row in rows if row["total_amount"] >= 0]
    orders = {row["order_id"] for row in bought if row["order_id"] is not None}
    count = len(orders) + sum(1 for row in bought if row["order_id"] is None)
    spent = _total(row["total_amount"] for row in bought)

    def favorite(attribute: str) -> Any:
        return _best(
            ((products.get(row["product_id"], {}).get(attribute), row) for row in bought),
            lambda group: (len(group), _total(row["total_amount"] for row in group)),
        )

    return {
        "total_purchases": count,
        "total_returns": len(rows) - len(bought),
        "total_lifetime_value": _total(row["total_amount"] for row in rows),
        "average_order_value": float(Fraction(spent) / count) if count else None,
        "first_purchase_date": min((row["day"] for row in bought), default=None),
        "last_purchase_date": max((row["day"] for row in bought), default=None),
        "favorite_product_category": favorite("category"),
        "favorite_brand": favorite("brand"),
    }


def _service(rows: list[Row]) -> Row:
    resolved = sum(1 for row in rows if _same_word(row["resolution_status"], "resolved"))
    mean = _mean(row["satisfaction_score"] for row in rows)
    latest = max(rows, key=lambda row: (row["day"], row["interaction_id"]), default=None)
    return {
        "total_interactions": len(rows),
        "resolved_interactions": resolved,
        "average_satisfaction_score": None if mean is None else float(mean),
        "mean_satisfaction": mean,
        "last_interaction_date": latest and latest["day"],
        "last_interaction_type": latest and latest["interaction_type"],
        "resolution_rate": float(Fraction(100 * resolved, len(rows))) if rows else None,
    }


def _responses(rows: list[Row], campaigns: dict[Any, Row], model: Model) -> Row:
    positive = [
        row
        for row in rows
        if any(_same_word(row["response_type"], word) for word in model.positive_response_types)
    ]
    engaged = {row["campaign_id"] for row in rows}
    won = {row["campaign_id"] for row in positive}
    share = Fraction(len(won), len(engaged)) if engaged else None
    return {
        "campaigns_engaged": len(engaged),
        "positive_responses": len(positive),
        "preferred_marketing_channel": _best(
            ((campaigns[row["campaign_id"]]["channel"], row) for row in positive),
            lambda group: (len(group), max(row["day"] for row in group)),
        ),
        "response_share": share,
        "campaign_response_rate": None if share is None else float(100 * share),
    }


def _visits(rows: list[Row]) -> Row:
    pages = _mean(row["pages_viewed"] for row in rows)
    time = _mean(row["time_spent"] for row in rows)
    return {
        "total_website_visits": len(rows),
        "average_pages_per_visit": None if pages is None else float(pages),
        "average_time_spent_on_site": None if time is None else float(time),
        "last_visit_date": max((row["day"] for row in rows), default=None),
    }


def _views(rows: list[Row], products: dict[Any, Row]) -> Row:
    most_viewed = _best(
        ((products.get(row["product_id"], {}).get("category"), row) for row in rows),
        lambda group: (len(group), max(row["day"] for row in group)),
    )
    return {"most_viewed_product_category": most_viewed}


# -- what follows from it ---------------------------------------------------------------------------------


def _derived(row: Row, as_of: date, model: Model) -> Row:
    value: Decimal = row["total_lifetime_value"]
    since_purchase = _days(as_of, row["last_purchase_date"])
    known_for = _days(as_of, row["registration_date"])
    return {
        "as_of": as_of,
        "days_since_last_purchase": since_purchase,
        "days_since_last_visit": _days(as_of, row["last_visit_date"]),
        "annual_spend": float(Fraction(value) / known_for * 365) if known_for else None,
        "customer_lifetime_value": _cents(Fraction(value) * (1 + (row["response_share"] or 0))),
        "customer_segment": _value_segment(value, model),
        "churn_risk_score": _churn(known_for if since_purchase is None else since_purchase, model),
        "engagement_score": _engagement(row),
    }


def _value_segment(value: Decimal, model: Model) -> str:
    if value > model.high_value_above:
        return "High Value"
    return "Medium Value" if value > model.medium_value_above else "Low Value"


def _churn(days: int | None, model: Model) -> int | None:
    if days is None:
        return None
    return 1 + sum(1 for limit in model.churn_days if days > limit)


def _engagement(row: Row) -> int:
    purchases: int = min(row["total_purchases"], 10)
    visits: int = min(row["total_website_visits"], 10)
    campaigns: int = min(row["campaigns_engaged"], 5)
    satisfaction = min(_half_up(row["mean_satisfaction"] or Fraction(0)), 5)
    return purchases * 10 + visits * 5 + campaigns * 10 + satisfaction * 10


# -- what depends on everyone -----------------------------------------------------------------------------


def _cut_points(people: list[Row], as_of: date, model: Model) -> dict[str, Cuts | None]:
    buyers = [row for row in people if row["total_purchases"] > 0]
    cuts = {score: _percentiles([row[measure] for row in buyers]) for score, measure in MEASURES.items()}
    if model.recency_cuts is not None:
        a, b, c, d = (as_of - timedelta(days=days) for days in model.recency_cuts)
        cuts["recency"] = (a, b, c, d)
    if model.frequency_cuts is not None:
        cuts["frequency"] = model.frequency_cuts
    if model.monetary_cuts is not None:
        cuts["monetary"] = model.monetary_cuts
    return cuts


def _percentiles(values: list[Any]) -> Cuts | None:
    """The discrete percentiles at 1/5 to 4/5: the first value whose share of values up to it is that much."""
    if not values:
        return None
    values = sorted(values)
    a, b, c, d = (values[-(-len(values) * fifths // 5) - 1] for fifths in (1, 2, 3, 4))
    return a, b, c, d


def _scores(row: Row, cuts: dict[str, Cuts | None]) -> Row:
    if row["total_purchases"] == 0:
        none = dict.fromkeys(f"{score}_score" for score in MEASURES)
        return {**none, "rfm_segment": "No Purchases"}
    scores = {
        f"{score}_score": 1 + sum(1 for cut in cuts[score] or () if row[measure] > cut)
        for score, measure in MEASURES.items()
    }
    segment = SEGMENTS[scores["recency_score"]][scores["frequency_score"] - 1]
    return {**scores, "rfm_segment": segment}


# -- small words ------------------------------------------------------------------------------------------


def _best(candidates: Iterable[tuple[Any, Row]], rank: Callable[[list[Row]], Any]) -> Any:
    """The candidate whose rows rank highest; of equals the first by code point. Unknown ones stay out."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for name, row in candidates:
        if name is not None:
            groups[name].append(row)
    if not groups:
        return None
    highest = max(rank(rows) for rows in groups.values())
    return min(name for name, rows in groups.items() if rank(rows) == highest)


def _same_word(text: str | None, word: str) -> bool:
    """Whether `text` is `word` in any letter case, by Unicode's simple mapping: one letter for one letter."""
    return text is not None and "".join(letter.lower()[0] for letter in text) == word


def _mean(values: Iterable[int | None]) -> Fraction | None:
    given = [value for value in values if value is not None]
    return Fraction(sum(given), len(given)) if given else None


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal("0.00"))


def _days(as_of: date, day: date | None) -> int | None:
    return None if day is None else (as_of - day).days


def _half_up(value: Fraction) -> int:
    """The nearest whole number; a half goes up. For values from 0."""
    return int(value + Fraction(1, 2))


def _cents(value: Fraction) -> Decimal:
    """Money to the cent, a half cent away from zero."""
    cents = _half_up(abs(value) * 100)
    return (Decimal(cents) if value >= 0 else -Decimal(cents)).scaleb(-2)
