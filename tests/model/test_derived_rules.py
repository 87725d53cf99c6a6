"""The rules of what customer_360 derives: spend, segments, scores, churn and engagement, a test each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from patron.settings import Model
from tests.conftest import Build
from tests.reference import Row
from tests.shops import days_ago, shop
from tests.support.compare import by_id, values


def test_days_are_counted_over_leap_days(build: Build) -> None:
    day = date(2024, 2, 28)
    visited = shop(purchases=[{"purchase_date": day}], visits=[{"visit_date": day}])
    [row] = build(visited, date(2024, 3, 1))
    assert values(row, "days_since_last_purchase", "days_since_last_visit") == (2, 2)


@pytest.mark.parametrize(("days", "spend"), [(365, 20.0), (730, 10.0), (1, 7300.0), (0, None), (None, None)])
def test_annual_spend_is_counted_from_registration(
    build: Build, days: int | None, spend: float | None
) -> None:
    registered = None if days is None else days_ago(days)
    purchases = [{"total_amount": 30}, {"total_amount": -10}]
    [row] = build(shop(customers=[{"registration_date": registered}], purchases=purchases))
    assert row["annual_spend"] == (None if spend is None else pytest.approx(spend, rel=1e-9))


@pytest.mark.parametrize(
    ("amount", "positive", "engaged", "value"),
    [
        ("100", 0, 0, "100.00"),
        ("100", 0, 2, "100.00"),
        ("100", 1, 1, "200.00"),
        ("100", 1, 3, "133.33"),
        ("0.01", 1, 2, "0.02"),
        ("0.03", 1, 2, "0.05"),
        ("-0.01", 1, 2, "-0.02"),
        ("-0.03", 1, 2, "-0.05"),
        ("9999999999999.99", 1, 3, "13333333333333.32"),
        ("9999999999999.98", 1, 3, "13333333333333.31"),
    ],
)
def test_lifetime_value_grows_with_the_response_rate_and_is_rounded_half_away_from_zero(
    build: Build, amount: str, positive: int, engaged: int, value: str
) -> None:
    kinds = ["click"] * positive + ["view"] * (engaged - positive)
    responses = [{"campaign_id": number, "response_type": kind} for number, kind in enumerate(kinds, 1)]
    [row] = build(shop(purchases=[{"total_amount": amount}], responses=responses))
    assert row["customer_lifetime_value"] == Decimal(value)


def test_a_lifetime_value_that_only_just_fits(build: Build) -> None:
    purchases = [{"total_amount": "9999999999999.99"}] * 500
    [row] = build(shop(purchases=purchases, responses=[{"response_type": "click"}]))
    assert row["total_lifetime_value"] == Decimal("4999999999999995.00")
    assert row["customer_lifetime_value"] == Decimal("9999999999999990.00")


def test_segments_begin_above_their_thresholds(build: Build) -> None:
    amounts = ["5000", "5000.01", "10000", "10000.01"]
    purchases = [{"customer_id": number, "total_amount": amount} for number, amount in enumerate(amounts, 1)]
    assert by_id(build(shop(purchases=purchases)), "customer_segment") == {
        1: "Low Value",
        2: "Medium Value",
        3: "Medium Value",
        4: "High Value",
    }
    model = Model(high_value_above=Decimal("5000"), medium_value_above=Decimal("4999.99"))
    assert by_id(build(shop(purchases=purchases), model=model), "customer_segment") == {
        1: "Medium Value",
        2: "High Value",
        3: "High Value",
        4: "High Value",
    }


CHURN = {0: 1, 30: 1, 31: 2, 90: 2, 91: 3, 180: 3, 181: 4, 365: 4, 366: 5}


def test_churn_risk_rises_by_days_since_the_last_purchase(build: Build) -> None:
    customers = [{"registration_date": days_ago(1000)} for _ in CHURN]
    purchases = [
        {"customer_id": number, "purchase_date": days_ago(days)} for number, days in enumerate(CHURN, 1)
    ]
    rows = build(shop(customers=customers, purchases=purchases))
    assert {row["days_since_last_purchase"]: row["churn_risk_score"] for row in rows} == CHURN


def test_churn_risk_rises_by_days_since_registration_without_a_purchase(build: Build) -> None:
    rows = build(shop(customers=[{"registration_date": days_ago(days)} for days in CHURN]))
    assert [row["churn_risk_score"] for row in rows] == list(CHURN.values())


def test_churn_risk_is_unknown_without_purchase_and_registration(build: Build) -> None:
    assert by_id(build(shop(customers=[{}])), "churn_risk_score") == {1: None}


def test_churn_days_are_a_setting_and_may_be_equal(build: Build) -> None:
    customers = [{"registration_date": days_ago(days)} for days in (0, 1, 2, 3)]
    rows = build(shop(customers=customers), model=Model(churn_days=(0, 2, 2, 2)))
    assert [row["churn_risk_score"] for row in rows] == [1, 2, 2, 5]


@pytest.mark.parametrize(
    ("scores", "points"),
    [((), 0), ((1,), 10), ((4, 5), 50), ((4, 4, 5), 40), ((1, 2), 20), ((2, 3), 30), ((5, 5), 50)],
)
def test_satisfaction_is_rounded_half_up_for_engagement(
    build: Build, scores: tuple[int, ...], points: int
) -> None:
    [row] = build(shop(customers=[{}], contacts=[{"satisfaction_score": score} for score in scores]))
    assert row["engagement_score"] == points


@pytest.mark.parametrize(
    ("purchases", "visits", "campaigns", "points"),
    [(1, 0, 0, 10), (0, 1, 0, 5), (0, 0, 1, 10), (10, 10, 5, 200), (11, 11, 6, 200), (3, 2, 2, 60)],
)
def test_engagement_is_counted_up_to_a_limit(
    build: Build, purchases: int, visits: int, campaigns: int, points: int
) -> None:
    busy = shop(
        customers=[{}],
        purchases=[{}] * purchases,
        visits=[{}] * visits,
        responses=[{"campaign_id": number} for number in range(campaigns)],
    )
    [row] = build(busy)
    assert row["engagement_score"] == points


# -- RFM --------------------------------------------------------------------------------------------------


def spenders(*amounts: object) -> list[Row]:
    return [{"customer_id": number, "total_amount": amount} for number, amount in enumerate(amounts, 1)]


@pytest.mark.parametrize(
    ("amounts", "scores"),
    [
        ((10,), [1]),
        ((10, 10, 10), [1, 1, 1]),
        ((10, 20), [1, 3]),
        ((1, 2, 3, 4, 5), [1, 2, 3, 4, 5]),
        ((1, 2, 3, 4, 5, 6), [1, 1, 2, 3, 4, 5]),
        ((1, 1, 1, 1, 9), [1, 1, 1, 1, 5]),
        ((1, 9, 9, 9, 9), [1, 2, 2, 2, 2]),
        (range(1, 11), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
    ],
)
def test_scores_count_the_percentiles_that_are_exceeded(
    build: Build, amounts: tuple[int, ...], scores: list[int]
) -> None:
    rows = build(shop(purchases=spenders(*amounts)))
    assert [row["monetary_score"] for row in rows] == scores


def test_each_score_has_its_measure(build: Build) -> None:
    purchases = [
        {"customer_id": 1, "purchase_date": days_ago(1), "total_amount": 5},
        {"customer_id": 2, "purchase_date": days_ago(2), "total_amount": 1},
        {"customer_id": 2, "purchase_date": days_ago(2), "total_amount": 1},
        {"customer_id": 3, "purchase_date": days_ago(3), "total_amount": 9},
    ]
    rows = build(shop(purchases=purchases))
    assert by_id(rows, "recency_score") == {1: 4, 2: 2, 3: 1}
    assert by_id(rows, "frequency_score") == {1: 1, 2: 4, 3: 1}
    assert by_id(rows, "monetary_score") == {1: 2, 2: 1, 3: 4}


def test_customers_without_a_purchase_have_no_part_in_the_scores(build: Build) -> None:
    purchases = [*spenders(1, 2, 3, 4, 5), {"customer_id": 6, "total_amount": -99}]
    rows = build(shop(customers=[{"customer_id": 7}], purchases=purchases))
    assert [row["monetary_score"] for row in rows] == [1, 2, 3, 4, 5, None, None]


def test_the_monetary_measure_is_net_of_returns(build: Build) -> None:
    purchases = [*spenders(1, 2, 3, 4, 5), {"customer_id": 5, "total_amount": -10}]
    rows = build(shop(purchases=purchases))
    assert [row["monetary_score"] for row in rows] == [2, 3, 4, 5, 1]


def test_cut_points_may_be_fixed(build: Build) -> None:
    model = Model(
        recency_cuts=(365, 180, 90, 30),
        frequency_cuts=(1, 2, 4, 9),
        monetary_cuts=(Decimal("-1"), Decimal(0), Decimal("9.99"), Decimal("9.99")),
    )
    ages = {366: 1, 365: 1, 364: 2, 180: 2, 179: 3, 90: 3, 89: 4, 30: 4, 29: 5, 0: 5}
    aged = [{"customer_id": number, "purchase_date": days_ago(days)} for number, days in enumerate(ages, 1)]
    rows = build(shop(purchases=aged), model=model)
    assert {row["days_since_last_purchase"]: row["recency_score"] for row in rows} == ages

    counts = {1: 1, 2: 2, 3: 3, 4: 3, 5: 4, 9: 4, 10: 5}
    rows = build(shop(purchases=[{"customer_id": n} for n in counts for _ in range(n)]), model=model)
    assert by_id(rows, "frequency_score") == counts

    rows = build(shop(purchases=spenders(0, "0.01", "9.99", 10)), model=model)
    assert [row["monetary_score"] for row in rows] == [2, 3, 3, 5]


def test_every_pair_of_scores_has_its_segment(build: Build) -> None:
    model = Model(recency_cuts=(40, 30, 20, 10), frequency_cuts=(1, 2, 3, 4))
    purchases = [
        {"customer_id": 10 * recency + frequency, "purchase_date": days_ago(45 - 10 * (recency - 1))}
        for recency in range(1, 6)
        for frequency in range(1, 6)
        for _ in range(frequency)
    ]
    rows = build(shop(purchases=purchases), model=model)
    assert [10 * row["recency_score"] + row["frequency_score"] for row in rows] == list(by_id(rows, "as_of"))
    one_and_two = ["Hibernating", "Hibernating", "At Risk", "At Risk", "Can't Lose Them"]
    three = ["About to Sleep", "About to Sleep", "Need Attention", "Loyal Customers", "Loyal Customers"]
    four = ["Promising", "Potential Loyalists", "Potential Loyalists", "Loyal Customers", "Loyal Customers"]
    five = ["New Customers", "Potential Loyalists", "Potential Loyalists", "Champions", "Champions"]
    assert [row["rfm_segment"] for row in rows] == one_and_two * 2 + three + four + five
