-- What each customer bought and brought back. Rows of one order_id are one order; a row without one is an order
-- of its own.
-- Grain: one row per customer with a purchase or a return.
-- Kept as: batch step
WITH bought AS (
    SELECT
        customer_id,
        COUNT(*) AS purchase_rows,
        COUNT(*) - COUNT(order_id) AS single_orders,
        SUM(total_amount) AS amount,
        MIN(purchase_date) AS first_purchase_date,
        MAX(purchase_date) AS last_purchase_date
    FROM purchase_transactions
    WHERE purchase_date <= $as_of AND total_amount >= 0
    GROUP BY customer_id
),

basket_counts AS (
    SELECT customer_id, COUNT(DISTINCT order_id) AS baskets
    FROM purchase_transactions
    WHERE purchase_date <= $as_of AND total_amount >= 0 AND order_id IS NOT NULL
    GROUP BY customer_id
),

returned AS (
    SELECT customer_id, COUNT(*) AS total_returns, SUM(total_amount) AS amount
    FROM purchase_transactions
    WHERE purchase_date <= $as_of AND total_amount < 0
    GROUP BY customer_id
)

SELECT
    COALESCE(bought.customer_id, returned.customer_id) AS customer_id,          -- The customer's key.
    COALESCE(bought.single_orders, 0)
    + COALESCE(basket_counts.baskets, 0) AS total_purchases,                    -- Number of orders.
    COALESCE(bought.purchase_rows, 0) AS purchase_rows,                         -- Rows that are no returns.
    COALESCE(returned.total_returns, 0) AS total_returns,                       -- Return rows.
    CAST(COALESCE(bought.amount, 0) + COALESCE(returned.amount, 0)
        AS DECIMAL(18, 2)) AS total_lifetime_value,                             -- Paid, less returns.
    CAST(bought.amount AS DECIMAL(18, 2)) AS purchased_amount,                  -- Paid, without returns.
    bought.first_purchase_date,                                                 -- The first order's day.
    bought.last_purchase_date                                                   -- The latest order's day.
FROM bought
FULL JOIN returned ON returned.customer_id = bought.customer_id
LEFT JOIN basket_counts ON basket_counts.customer_id = bought.customer_id
