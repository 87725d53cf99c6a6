-- What each customer bought and brought back. Rows of one order_id are one order; a row without one is an order
-- of its own.
-- Grain: one row per customer with a purchase or a return.
-- Kept as: batch step
WITH totals AS (
    SELECT
        customer_id,
        COUNT(*) FILTER (WHERE total_amount >= 0 AND order_id IS NULL) AS single_orders,
        COUNT(*) FILTER (WHERE total_amount < 0) AS total_returns,
        SUM(total_amount) AS total_lifetime_value,
        SUM(total_amount) FILTER (WHERE total_amount >= 0) AS purchased_amount,
        MIN(purchase_date) FILTER (WHERE total_amount >= 0) AS first_purchase_date,
        MAX(purchase_date) FILTER (WHERE total_amount >= 0) AS last_purchase_date
    FROM purchase_transactions
    WHERE purchase_date <= $as_of
    GROUP BY customer_id
),

baskets AS (
    SELECT DISTINCT customer_id, order_id
    FROM purchase_transactions
    WHERE purchase_date <= $as_of AND total_amount >= 0 AND order_id IS NOT NULL
),

basket_counts AS (
    SELECT customer_id, COUNT(*) AS baskets
    FROM baskets
    GROUP BY customer_id
)

SELECT
    totals.customer_id,                                                                 -- The customer's key.
    totals.single_orders + COALESCE(basket_counts.baskets, 0) AS total_purchases,       -- Number of orders.
    totals.total_returns,                                                               -- Return rows.
    CAST(totals.total_lifetime_value AS DECIMAL(18, 2)) AS total_lifetime_value,        -- Paid, less returns.
    CAST(totals.purchased_amount AS DECIMAL(18, 2)) AS purchased_amount,                -- Paid, without returns.
    totals.first_purchase_date,                                                         -- The first order's day.
    totals.last_purchase_date                                                           -- The latest order's day.
FROM totals
LEFT JOIN basket_counts ON basket_counts.customer_id = totals.customer_id
