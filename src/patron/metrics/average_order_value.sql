-- Title: Average order value
-- Unit: money
-- Period: by the day of the purchase
-- The value of all purchases that are no returns, divided by the number of orders. None without an order.
WITH purchases AS (
    SELECT
        purchase_transactions.customer_id,
        order_id,
        total_amount,
        purchase_date <= CAST(as_of - INTERVAL 1 YEAR AS DATE)
        AND (registration_date IS NULL OR registration_date <= CAST(as_of - INTERVAL 1 YEAR AS DATE))
            AS known_earlier
    FROM purchase_transactions
    JOIN customer_360 ON customer_360.customer_id = purchase_transactions.customer_id
    WHERE total_amount >= 0 AND purchase_date BETWEEN $from_day AND $to_day
),

orders AS (
    SELECT
        customer_id,
        order_id,
        COUNT(*) AS purchases,
        SUM(total_amount) AS amount,
        COUNT(*) FILTER (WHERE known_earlier) AS earlier_purchases,
        SUM(total_amount) FILTER (WHERE known_earlier) AS earlier_amount
    FROM purchases
    GROUP BY customer_id, order_id
)

SELECT
    CAST(SUM(amount) AS DOUBLE)
    / NULLIF(SUM(CASE WHEN order_id IS NULL THEN purchases ELSE 1 END), 0)
        AS value,                                                           -- Value per order.
    CAST(SUM(earlier_amount) AS DOUBLE)
    / NULLIF(SUM(CASE WHEN order_id IS NULL OR earlier_purchases = 0 THEN earlier_purchases ELSE 1 END), 0)
        AS previous_value                                                   -- The same, as known a year earlier.
FROM orders
