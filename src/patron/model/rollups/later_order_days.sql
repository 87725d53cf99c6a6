-- Days on which something was bought in an order that had begun on an earlier day, which is rare. An order is one
-- however many days it has: in a period it counts on its first day there, that is where no other of its days in the
-- period comes before.
-- Grain: one row per customer, order, category (None for the order as a whole) and day but the first.
-- Kept as: batch step
WITH spanning AS (
    SELECT customer_id, order_id
    FROM order_days
    WHERE order_id IS NOT NULL AND purchases > 0
    GROUP BY customer_id, order_id
    HAVING COUNT(*) > 1
),

days AS (
    SELECT order_days.customer_id, order_days.order_id, CAST(NULL AS TEXT) AS category, purchase_date
    FROM order_days
    JOIN spanning ON spanning.customer_id = order_days.customer_id AND spanning.order_id = order_days.order_id
    WHERE purchases > 0
    UNION ALL
    SELECT DISTINCT spanning.customer_id, spanning.order_id, COALESCE(category, 'Unknown'), purchase_date
    FROM purchase_transactions
    JOIN spanning
        ON spanning.customer_id = purchase_transactions.customer_id
        AND spanning.order_id = purchase_transactions.order_id
    LEFT JOIN product_catalog ON product_catalog.product_id = purchase_transactions.product_id
    WHERE purchase_date <= $as_of AND total_amount >= 0
),

followed AS (
    SELECT
        customer_id,
        category,
        purchase_date,
        LAG(purchase_date) OVER (PARTITION BY customer_id, order_id, category ORDER BY purchase_date) AS previous_day
    FROM days
)

SELECT
    customer_id,                    -- Who ordered.
    category,                       -- Product category; None for the order as a whole.
    purchase_date,                  -- The day itself.
    previous_day                    -- The order's day before it.
FROM followed
WHERE previous_day IS NOT NULL
