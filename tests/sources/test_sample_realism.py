"""Sample data looks like a real shop: what an analyst would look for is there."""

from __future__ import annotations

import duckdb
import pytest

from tests.sources.samples import row


def test_size_is_what_a_million_customers_are_meant_to_have(shop: duckdb.DuckDBPyConnection) -> None:
    for name, usual in {
        "purchase_transactions": 20.0,
        "website_behavior": 10.0,
        "campaign_responses": 5.0,
        "customer_service": 2.0,
        "product_views": 3.0,
    }.items():
        (rows,) = row(shop, f"SELECT count(*) / 5000 FROM {name}")
        assert rows == pytest.approx(usual, rel=0.2), name


def test_few_customers_bring_much_of_the_revenue(shop: duckdb.DuckDBPyConnection) -> None:
    high, medium, never, of_high = row(
        shop,
        """
        WITH spend AS (
            SELECT customer_id, coalesce(sum(total_amount), 0) AS value, count(transaction_id) AS lines
            FROM customer_info LEFT JOIN purchase_transactions USING (customer_id) GROUP BY ALL)
        SELECT avg((value > 10000)::INTEGER), avg((value > 5000 AND value <= 10000)::INTEGER),
               avg((lines = 0)::INTEGER), sum(value) FILTER (value > 10000) / sum(value)
        FROM spend
        """,
    )
    assert 0.01 < high < 0.05
    assert 0.03 < medium < 0.1
    assert 0.05 < never < 0.15
    assert 0.15 < of_high < 0.5


def test_every_rfm_cell_is_populated(shop: duckdb.DuckDBPyConnection) -> None:
    (cells,) = row(
        shop,
        """
        WITH buyers AS (
            SELECT max(purchase_date) AS last, count(DISTINCT order_id) + count(*) FILTER (order_id IS NULL) AS orders
            FROM purchase_transactions WHERE total_amount > 0 GROUP BY customer_id),
        cuts AS (
            SELECT quantile_disc(last, [0.2, 0.4, 0.6, 0.8]) AS r, quantile_disc(orders, [0.2, 0.4, 0.6, 0.8]) AS f
            FROM buyers)
        SELECT count(DISTINCT (len(list_filter(r, lambda cut: last > cut)),
                               len(list_filter(f, lambda cut: orders > cut))))
        FROM buyers, cuts
        """,
    )
    assert cells == 25


def test_most_lines_are_in_baskets_and_some_tills_number_nothing(shop: duckdb.DuckDBPyConnection) -> None:
    in_baskets, alone = row(
        shop,
        """
        WITH sold AS (
            SELECT order_id, count(*) OVER (PARTITION BY order_id) AS lines
            FROM purchase_transactions WHERE total_amount > 0)
        SELECT avg((order_id IS NOT NULL AND lines > 1)::INTEGER), avg((order_id IS NULL)::INTEGER) FROM sold
        """,
    )
    assert 0.55 < in_baskets < 0.75
    assert 0.15 < alone < 0.35


def test_returns_differ_by_category_and_some_leave_the_goods(shop: duckdb.DuckDBPyConnection) -> None:
    clothing, groceries, goods_kept = row(
        shop,
        """
        SELECT avg((total_amount < 0)::INTEGER) FILTER (category = 'Clothing'),
               avg((total_amount < 0)::INTEGER) FILTER (category = 'Groceries'),
               count(*) FILTER (quantity = 0)
        FROM purchase_transactions JOIN product_catalog USING (product_id)
        """,
    )
    assert clothing > 0.08
    assert 0 < groceries < 0.02
    assert goods_kept > 50


def test_customers_prefer_what_they_like(shop: duckdb.DuckDBPyConnection) -> None:
    """The first category of a customer has far more than the largest category's share of all lines."""
    own, largest = row(
        shop,
        """
        WITH lines AS (
            SELECT customer_id, category, count(*) AS n
            FROM purchase_transactions JOIN product_catalog USING (product_id) WHERE total_amount > 0 GROUP BY ALL),
        customers AS (SELECT max(n) / sum(n) AS share FROM lines GROUP BY customer_id HAVING sum(n) >= 20),
        shop AS (SELECT sum(n) / sum(sum(n)) OVER () AS share FROM lines GROUP BY category)
        SELECT (SELECT avg(share) FROM customers), (SELECT max(share) FROM shop)
        """,
    )
    assert own > largest + 0.15


def test_business_grows_and_has_its_week_and_its_seasons(shop: duckdb.DuckDBPyConnection) -> None:
    yearly = shop.execute(
        "SELECT count(*) FROM purchase_transactions GROUP BY year(purchase_date) ORDER BY year(purchase_date)"
    ).fetchall()
    assert yearly == sorted(yearly)
    saturday, tuesday, december, february = row(
        shop,
        """
        SELECT count(*) FILTER (dayofweek(purchase_date) = 6), count(*) FILTER (dayofweek(purchase_date) = 2),
               count(*) FILTER (month(purchase_date) = 12), count(*) FILTER (month(purchase_date) = 2)
        FROM purchase_transactions
        """,
    )
    assert saturday > 1.3 * tuesday
    assert december > 1.3 * february


def test_some_customers_fade_away_and_some_come_back(shop: duckdb.DuckDBPyConnection) -> None:
    """Among those who used to buy at least every other month."""
    gone, back = row(
        shop,
        """
        WITH days AS (SELECT DISTINCT customer_id, purchase_date FROM purchase_transactions WHERE total_amount > 0),
        gaps AS (
            SELECT customer_id, purchase_date,
                   purchase_date - lag(purchase_date) OVER (PARTITION BY customer_id ORDER BY purchase_date) AS gap
            FROM days),
        customers AS (
            SELECT max(purchase_date) AS last, max(gap) AS longest FROM gaps
            GROUP BY customer_id HAVING count(*) >= 8 AND median(gap) < 60)
        SELECT avg((last < DATE '2025-12-31' - 240)::INTEGER), avg((longest > 240)::INTEGER) FROM customers
        """,
    )
    assert 0.15 < gone < 0.5
    assert 0.27 < back < 0.45


def test_campaigns_lift_sales_while_they_run(shop: duckdb.DuckDBPyConnection) -> None:
    """Days of campaigns for all against the same weekdays in the weeks around them without any campaign."""
    with_campaign, without = row(
        shop,
        """
        WITH days AS (
            SELECT day::DATE AS day,
                   EXISTS (FROM marketing_campaigns WHERE day BETWEEN start_date AND end_date) AS any_campaign,
                   EXISTS (FROM marketing_campaigns WHERE day BETWEEN start_date AND end_date
                           AND target_audience = 'All customers') AS for_all
            FROM range(DATE '2020-03-01', DATE '2025-12-01', INTERVAL 1 DAY) AS all_days (day)),
        sales AS (
            SELECT day, any_campaign, for_all, count(transaction_id) AS lines
            FROM days LEFT JOIN purchase_transactions ON purchase_date = day GROUP BY ALL)
        SELECT sum(during.lines), sum(before.lines)
        FROM sales AS during JOIN sales AS before
          ON before.day IN (during.day - 14, during.day + 14) AND during.for_all AND NOT before.any_campaign
        """,
    )
    assert with_campaign > 1.3 * without


def test_campaigns_tire_people(shop: duckdb.DuckDBPyConnection) -> None:
    """Of those who buy at the time and never unsubscribe, newcomers answer far more often than old customers."""
    fresh, tired = row(
        shop,
        """
        WITH sent AS (
            SELECT DISTINCT customer_id, campaign_id, start_date - registration_date AS tenure
            FROM marketing_campaigns
            JOIN purchase_transactions ON purchase_date BETWEEN start_date - 60 AND start_date + 60
            JOIN customer_info USING (customer_id)
            WHERE channel = 'email' AND target_audience = 'All customers' AND registration_date >= DATE '2020-01-01'
              AND customer_id NOT IN (
                  SELECT customer_id FROM campaign_responses WHERE response_type = 'unsubscribe')),
        answered AS (SELECT DISTINCT customer_id, campaign_id, TRUE AS yes FROM campaign_responses)
        SELECT count(yes) FILTER (tenure BETWEEN 0 AND 365) / count(*) FILTER (tenure BETWEEN 0 AND 365),
               count(yes) FILTER (tenure > 2 * 365) / count(*) FILTER (tenure > 2 * 365)
        FROM sent LEFT JOIN answered USING (customer_id, campaign_id)
        """,
    )
    assert fresh > 1.8 * tired > 0


def test_who_unsubscribes_hears_nothing_more(shop: duckdb.DuckDBPyConnection) -> None:
    left, answered_later = row(
        shop,
        """
        WITH gone AS (
            SELECT customer_id, start_date FROM campaign_responses JOIN marketing_campaigns USING (campaign_id)
            WHERE response_type = 'unsubscribe')
        SELECT (SELECT count(*) FROM gone), count(*)
        FROM campaign_responses AS r JOIN marketing_campaigns AS c USING (campaign_id) JOIN gone USING (customer_id)
        WHERE c.start_date > gone.start_date AND channel IN ('email', 'sms', 'push', 'direct mail')
        """,
    )
    assert left > 100
    assert answered_later == 0


def test_answers_are_of_the_four_types_on_several_channels(shop: duckdb.DuckDBPyConnection) -> None:
    (types,) = row(shop, "SELECT list_sort(list(DISTINCT response_type)) FROM campaign_responses")
    assert types == ["click", "open", "purchase", "unsubscribe"]
    (channels,) = row(
        shop,
        "SELECT count(DISTINCT channel) FROM campaign_responses JOIN marketing_campaigns USING (campaign_id)",
    )
    assert channels >= 3


def test_satisfaction_follows_resolution(shop: duckdb.DuckDBPyConnection) -> None:
    solved, unsolved, silent, spellings = row(
        shop,
        """
        SELECT avg(satisfaction_score) FILTER (lower(resolution_status) = 'resolved'),
               avg(satisfaction_score) FILTER (lower(resolution_status) <> 'resolved'),
               avg((satisfaction_score IS NULL)::INTEGER),
               list_sort(list(DISTINCT resolution_status))
        FROM customer_service
        """,
    )
    assert solved > unsolved + 1
    assert 0.2 < silent < 0.5
    assert spellings == ["Escalated", "Open", "Resolved", "resolved"]


def test_visits_precede_orders_and_views_what_is_bought(shop: duckdb.DuckDBPyConnection) -> None:
    online, in_store, bought_next = row(
        shop,
        """
        WITH orders AS (
            SELECT DISTINCT customer_id, purchase_date, store_id = 1 AS online,
                   EXISTS (FROM website_behavior AS w WHERE w.customer_id = p.customer_id
                           AND visit_date BETWEEN purchase_date - 1 AND purchase_date)::INTEGER AS visited
            FROM purchase_transactions AS p WHERE total_amount > 0)
        SELECT avg(visited) FILTER (online), avg(visited) FILTER (NOT online),
            (SELECT avg(EXISTS (FROM purchase_transactions AS p WHERE p.customer_id = v.customer_id
                    AND p.product_id = v.product_id
                    AND purchase_date BETWEEN viewed_at::DATE AND viewed_at::DATE + 1)::INTEGER)
             FROM product_views AS v)
        FROM orders
        """,
    )
    assert online > 0.85
    assert 0.15 < in_store < 0.5
    assert bought_next > 0.15


def test_some_particulars_of_people_are_missing(shop: duckdb.DuckDBPyConnection) -> None:
    for column in ("email", "phone_number", "date_of_birth", "registration_date"):
        (missing,) = row(shop, f"SELECT avg(({column} IS NULL)::INTEGER) FROM customer_info")
        assert 0.002 < missing < 0.2, column
