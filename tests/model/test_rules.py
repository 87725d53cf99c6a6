"""The rules of customer_360, a test each: a few rows in, what the customer's row says.

`build` asks the reference and every engine, and holds each engine's whole table to the reference's.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from patron.settings import Model
from tests.conftest import Build
from tests.reference import COLUMNS, Row
from tests.shops import TODAY, days_ago, shop, with_text_ids
from tests.support.compare import by_id, values

# -- customers --------------------------------------------------------------------------------------------


def test_a_customer_is_as_the_shop_has_her(build: Build) -> None:
    ada = {
        "customer_id": 7,
        "first_name": "Ada",
        "last_name": 'O\'Brien "Ltd"\n\\ 100% $1 \U0001f642',
        "email": "",
        "phone_number": "+44 20 7946 0000",
        "date_of_birth": date(2000, 2, 29),
        "registration_date": date(2024, 2, 29),
    }
    [row] = build(shop(customers=[ada]))
    assert {name: row[name] for name in ada} == ada


def test_the_columns_stand_in_the_order_of_the_specification(build: Build) -> None:
    [row] = build(shop(customers=[{}]))
    assert tuple(row) == COLUMNS


def test_a_silent_customer_counts_nothing_and_prefers_nothing(build: Build) -> None:
    [row] = build(shop(customers=[{"registration_date": days_ago(10)}]))
    zeros = "total_purchases total_returns total_interactions resolved_interactions campaigns_engaged"
    zeros += " positive_responses total_website_visits engagement_score"
    assert {name: row[name] for name in zeros.split()} == dict.fromkeys(zeros.split(), 0)
    assert values(row, "total_lifetime_value", "customer_lifetime_value") == (Decimal("0.00"),) * 2
    assert values(row, "customer_segment", "rfm_segment") == ("Low Value", "No Purchases")
    assert values(row, "annual_spend", "churn_risk_score", "as_of") == (0.0, 1, TODAY)
    given = set(zeros.split()) | set(COLUMNS[:7]) | {"total_lifetime_value", "customer_lifetime_value"}
    given |= {"customer_segment", "rfm_segment", "annual_spend", "churn_risk_score", "as_of"}
    assert {name: row[name] for name in COLUMNS if name not in given} == dict.fromkeys(
        (name for name in COLUMNS if name not in given), None
    )


def test_a_shop_without_customers_has_no_rows(build: Build) -> None:
    assert build(shop()) == []


def test_ids_may_be_text(build: Build) -> None:
    plain = shop(
        customers=[{"customer_id": 10}, {"customer_id": 9}],
        products=[{"category": "Tea"}],
        purchases=[{"customer_id": 9, "product_id": 1, "order_id": 3}],
    )
    rows = build(with_text_ids(plain), id_type="text")
    assert by_id(rows, "favorite_product_category") == {"10": None, "9": "Tea"}


# -- a point in time --------------------------------------------------------------------------------------


def test_a_customer_is_seen_from_the_day_of_registration(build: Build) -> None:
    registered = [days_ago(1), TODAY, days_ago(-1), None]
    rows = build(shop(customers=[{"registration_date": day} for day in registered]))
    assert [row["customer_id"] for row in rows] == [1, 2, 4]


def test_facts_after_the_day_of_the_build_are_not_known(build: Build) -> None:
    tomorrow = days_ago(-1)
    [row] = build(
        shop(
            products=[{"category": "Tea"}],
            purchases=[{}, {"purchase_date": tomorrow}, {"purchase_date": tomorrow, "total_amount": -1}],
            contacts=[{}, {"interaction_date": tomorrow}],
            responses=[{}, {"response_date": tomorrow, "campaign_id": 2}],
            visits=[{}, {"visit_date": tomorrow}],
            views=[{"product_id": 1, "viewed_at": "2024-07-01 00:00:00"}],
        )
    )
    counts = "total_purchases total_returns total_interactions campaigns_engaged total_website_visits"
    assert values(row, *counts.split()) == (1, 0, 1, 1, 1)
    assert row["most_viewed_product_category"] is None


def test_a_timestamp_counts_by_its_date(build: Build) -> None:
    [row] = build(
        shop(
            products=[{"category": "Tea"}],
            views=[{"product_id": 1, "viewed_at": "2024-06-30 23:59:59.999999"}],
        )
    )
    assert row["most_viewed_product_category"] == "Tea"


def test_facts_of_a_customer_not_yet_registered_do_not_exist(build: Build) -> None:
    purchases = [{"customer_id": number, "total_amount": 10**number} for number in (1, 2)]
    rows = build(
        shop(customers=[{}, {"registration_date": days_ago(-1)}], purchases=purchases),
        model=Model(),
    )
    assert [values(row, "total_lifetime_value", "monetary_score") for row in rows] == [(Decimal("10.00"), 1)]


def test_products_and_campaigns_have_no_date_limit(build: Build) -> None:
    [row] = build(
        shop(
            products=[{"category": "Tea", "launch_date": days_ago(-9)}],
            campaigns=[{"channel": "email", "start_date": days_ago(-9)}],
            purchases=[{"product_id": 1}],
            responses=[{}],
        )
    )
    assert values(row, "favorite_product_category", "preferred_marketing_channel") == ("Tea", "email")


# -- purchases --------------------------------------------------------------------------------------------


def test_a_return_lowers_the_value_and_is_no_purchase(build: Build) -> None:
    [row] = build(
        shop(
            purchases=[
                {"total_amount": 30, "purchase_date": days_ago(9)},
                {"total_amount": -10, "purchase_date": days_ago(1), "order_id": 5},
            ]
        )
    )
    assert values(row, "total_purchases", "total_returns", "total_lifetime_value") == (1, 1, Decimal("20.00"))
    assert values(row, "average_order_value", "last_purchase_date") == (30.0, days_ago(9))


def test_a_customer_with_only_returns_has_no_purchases(build: Build) -> None:
    [row] = build(
        shop(
            customers=[{"registration_date": days_ago(40)}],
            products=[{"category": "Tea"}],
            purchases=[{"total_amount": "-0.01", "product_id": 1}],
        )
    )
    assert values(row, "total_purchases", "total_returns", "total_lifetime_value") == (0, 1, Decimal("-0.01"))
    assert values(row, "rfm_segment", "churn_risk_score") == ("No Purchases", 2)
    empty = (
        "average_order_value first_purchase_date last_purchase_date favorite_product_category recency_score"
    )
    assert values(row, *empty.split()) == (None,) * 5


def test_a_gift_is_a_purchase(build: Build) -> None:
    [row] = build(shop(purchases=[{"total_amount": 0, "quantity": 0}]))
    assert values(row, "total_purchases", "total_returns", "average_order_value") == (1, 0, 0.0)


def test_lines_of_one_order_are_one_purchase_and_lines_without_one_are_each(build: Build) -> None:
    [row] = build(
        shop(purchases=[{"order_id": order, "total_amount": 3} for order in (1, 1, 2, None, None)]),
    )
    assert values(row, "total_purchases", "average_order_value") == (4, 3.75)


def test_an_order_may_span_days_and_customers(build: Build) -> None:
    purchases: list[Row] = [
        {"order_id": 1, "purchase_date": days_ago(1)},
        {"order_id": 1, "purchase_date": days_ago(2)},
        {"order_id": 1, "customer_id": 2},
    ]
    assert by_id(build(shop(purchases=purchases)), "total_purchases") == {1: 1, 2: 1}


def test_a_returned_line_takes_no_part_in_its_order(build: Build) -> None:
    purchases = [{"order_id": 1, "total_amount": -5}, {"order_id": 2}, {"order_id": 2, "total_amount": -5}]
    [row] = build(shop(purchases=purchases))
    assert values(row, "total_purchases", "total_returns", "average_order_value") == (1, 2, 10.0)


def test_money_is_summed_exactly(build: Build) -> None:
    [row] = build(
        shop(purchases=[{"total_amount": "0.1"}, {"total_amount": "0.2"}, {"total_amount": "9e12"}])
    )
    assert row["total_lifetime_value"] == Decimal("9000000000000.30")


# -- favourites -------------------------------------------------------------------------------------------


def favorites(build: Build, *bought: tuple[str | None, int], **more: Any) -> tuple[Any, Any]:
    """The favourite category and brand of a customer who bought one unit each of (category, amount)."""
    products = [{"category": name, "brand": name} for name, _ in bought]
    purchases = [
        {"product_id": number, "total_amount": amount} for number, (_, amount) in enumerate(bought, 1)
    ]
    [row] = build(shop(products=products, purchases=purchases), **more)
    return row["favorite_product_category"], row["favorite_brand"]


def test_the_favourite_has_most_purchases(build: Build) -> None:
    assert favorites(build, ("Tea", 1), ("Ale", 90), ("Tea", 1)) == ("Tea", "Tea")


def test_of_equals_the_favourite_has_most_spend(build: Build) -> None:
    assert favorites(build, ("Ale", 1), ("Tea", 2)) == ("Tea", "Tea")


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (("a", "B"), "B"),
        (("\u00e9", "f"), "f"),
        (("\U0001f642", "\uff5e"), "\uff5e"),
        (("a", ""), ""),
        (("e\u0301", "\u00e9"), "e\u0301"),
        (("\u0131", "i"), "i"),
    ],
    ids=ascii,
)
def test_of_equals_the_favourite_is_first_by_code_point(
    build: Build, names: tuple[str, str], first: str
) -> None:
    assert favorites(build, *((name, 5) for name in names)) == (first, first)


def test_unknown_categories_do_not_compete(build: Build) -> None:
    assert favorites(build, (None, 9), (None, 9), ("Tea", 1)) == ("Tea", "Tea")


def test_returns_do_not_make_a_favourite(build: Build) -> None:
    assert favorites(build, ("Ale", -1), ("Ale", -1), ("Tea", 1), ("Ale", 1), ("Tea", 1)) == ("Tea", "Tea")


def test_category_and_brand_are_chosen_apart(build: Build) -> None:
    products = [
        {"category": "Tea", "brand": "Zed"},
        {"category": "Tea", "brand": "Ace"},
        {"category": "Ale", "brand": "Zed"},
    ]
    [row] = build(shop(products=products, purchases=[{"product_id": number} for number in (1, 2, 3)]))
    assert values(row, "favorite_product_category", "favorite_brand") == ("Tea", "Zed")


def test_a_product_that_the_catalogue_lacks_has_no_category(build: Build) -> None:
    purchases: list[Row] = [{"product_id": 404}, {"product_id": 404}, {"product_id": None}, {"product_id": 1}]
    [row] = build(shop(products=[{"category": "Tea"}], purchases=purchases))
    assert values(row, "total_purchases", "favorite_product_category", "favorite_brand") == (4, "Tea", None)


# -- service ----------------------------------------------------------------------------------------------


def test_resolved_is_read_in_any_letter_case(build: Build) -> None:
    statuses = ["resolved", "RESOLVED", "Resolved", "unresolved", "resolved ", "re\u017folved", "", None]
    [row] = build(shop(contacts=[{"resolution_status": status} for status in statuses]))
    assert values(row, "total_interactions", "resolved_interactions", "resolution_rate") == (8, 3, 37.5)


def test_satisfaction_is_the_mean_of_the_given_scores(build: Build) -> None:
    [row] = build(shop(contacts=[{"satisfaction_score": score} for score in (5, None, 4, 4)]))
    assert row["average_satisfaction_score"] == pytest.approx(13 / 3, abs=1e-9)


def test_the_last_contact_is_of_the_latest_day_then_of_the_highest_id(build: Build) -> None:
    contacts = [
        {"interaction_id": 10, "interaction_type": "complaint", "interaction_date": days_ago(3)},
        {"interaction_id": 9, "interaction_type": "inquiry", "interaction_date": days_ago(3)},
        {"interaction_id": 11, "interaction_type": "feedback", "interaction_date": days_ago(4)},
    ]
    numbers, text = shop(contacts=contacts), with_text_ids(shop(contacts=contacts))
    columns = ("last_interaction_date", "last_interaction_type")
    assert values(build(numbers)[0], *columns) == (days_ago(3), "complaint")
    assert values(build(text, id_type="text")[0], *columns) == (days_ago(3), "inquiry")


def test_the_last_contact_may_be_of_unknown_type(build: Build) -> None:
    contacts: list[Row] = [
        {"interaction_type": "inquiry", "interaction_date": days_ago(1)},
        {"interaction_type": None},
    ]
    [row] = build(shop(contacts=contacts))
    assert values(row, "last_interaction_date", "last_interaction_type") == (TODAY, None)


# -- campaigns --------------------------------------------------------------------------------------------


def test_any_answer_engages_but_only_some_are_positive(build: Build) -> None:
    answers = [(1, "CLICK"), (1, "purchase"), (2, "unsubscribe"), (3, None), (4, "Positive")]
    responses = [{"campaign_id": campaign, "response_type": kind} for campaign, kind in answers]
    [row] = build(shop(responses=responses))
    assert values(row, "campaigns_engaged", "positive_responses") == (4, 3)
    assert row["campaign_response_rate"] == 50.0


def test_letter_case_is_that_of_unicode(build: Build) -> None:
    kinds = ["clic\u212a", "pos\u0130tive", "pos\u0131tive", "\uff43lick", "POSITIVE"]
    [row] = build(shop(responses=[{"response_type": kind} for kind in kinds]))
    assert row["positive_responses"] == 3  # the Kelvin sign is a capital k, the dotted I a capital i


def test_which_answers_are_positive_is_a_setting(build: Build) -> None:
    model = Model(positive_response_types=('It\'s 100% \\ "so"',))
    kinds = ["click", 'it\'s 100% \\ "SO"']
    [row] = build(shop(responses=[{"response_type": kind} for kind in kinds]), model=model)
    assert row["positive_responses"] == 1


def channel(build: Build, *answers: tuple[str | None, int, str]) -> Any:
    """The preferred channel after answers of (channel, days ago, response type), each to its own campaign."""
    campaigns = [{"channel": name} for name, _, _ in answers]
    responses = [
        {"campaign_id": number, "response_date": days_ago(days), "response_type": kind}
        for number, (_, days, kind) in enumerate(answers, 1)
    ]
    [row] = build(shop(campaigns=campaigns, responses=responses))
    return row["preferred_marketing_channel"]


def test_the_preferred_channel_has_most_positive_answers(build: Build) -> None:
    answers = [("TV", 9, "click"), ("TV", 8, "click"), ("email", 1, "click"), ("post", 1, "view")]
    assert channel(build, *answers, ("post", 1, "view"), ("post", 1, "view")) == "TV"


def test_of_equals_the_preferred_channel_was_answered_latest(build: Build) -> None:
    answers = [("TV", 9, "click"), ("email", 3, "click"), ("TV", 4, "click"), ("email", 8, "click")]
    assert channel(build, *answers, ("TV", 1, "view")) == "email"


def test_of_equals_the_preferred_channel_is_first_by_code_point(build: Build) -> None:
    assert channel(build, ("a", 1, "click"), ("B", 1, "click"), (None, 0, "click")) == "B"


# -- the website ------------------------------------------------------------------------------------------


def test_visits_are_counted_and_averaged_over_what_is_given(build: Build) -> None:
    visits: list[Row] = [
        {"pages_viewed": 1, "time_spent": 60, "visit_date": days_ago(5)},
        {"pages_viewed": 2, "time_spent": None, "visit_date": days_ago(2)},
        {"pages_viewed": None, "time_spent": None, "visit_date": days_ago(3)},
    ]
    [row] = build(shop(visits=visits))
    assert values(row, "total_website_visits", "last_visit_date", "days_since_last_visit") == (
        3,
        days_ago(2),
        2,
    )
    assert values(row, "average_pages_per_visit", "average_time_spent_on_site") == (1.5, 60.0)


@pytest.mark.parametrize(
    ("views", "most_viewed"),
    [
        ([(1, "2024-06-01"), (1, "2024-06-01"), (2, "2024-06-30")], "a"),
        ([(1, "2024-06-02"), (2, "2024-06-03")], "B"),
        ([(1, "2024-06-03 23:00"), (2, "2024-06-03 01:00")], "B"),
        ([(3, "2024-06-03"), (404, "2024-06-03"), (3, "2024-06-03"), (1, "2024-06-01")], "a"),
    ],
    ids=[
        "most views",
        "latest day",
        "the hour does not count, then first by code point",
        "unknown stays out",
    ],
)
def test_the_most_viewed_category(build: Build, views: list[tuple[int, str]], most_viewed: str) -> None:
    products: list[Row] = [{"category": "a"}, {"category": "B"}, {"category": None}]
    [row] = build(
        shop(products=products, views=[{"product_id": product, "viewed_at": at} for product, at in views])
    )
    assert row["most_viewed_product_category"] == most_viewed
