-- Title: Repeat purchase rate
-- Unit: rate
-- Of the customers with an order, the share with two or more. None when nobody has one.
WITH purchases AS (
    SELECT
        purchase_transactions.customer_id,
        order_id,
        purchase_date <= CAST(as_of - INTERVAL 1 YEAR AS DATE)
        AND (registration_date IS NULL OR registration_date <= CAST(as_of - INTERVAL 1 YEAR AS DATE))
            AS known_earlier
    FROM purchase_transactions
    JOIN customer_360 ON customer_360.customer_id = purchase_transactions.customer_id
    WHERE total_amount >= 0 AND purchase_date <= as_of
),

buyers AS (
    SELECT
        customer_id,
        COUNT(DISTINCT order_id) + COUNT(*) FILTER (WHERE order_id IS NULL) AS orders,
        COUNT(DISTINCT order_id) FILTER (WHERE known_earlier)
        + COUNT(*) FILTER (WHERE known_earlier AND order_id IS NULL) AS earlier_orders
    FROM purchases
    GROUP BY customer_id
)

SELECT
    CAST(COUNT(*) FILTER (WHERE orders >= 2) AS DOUBLE)
    / NULLIF(COUNT(*) FILTER (WHERE orders >= 1), 0) AS value,                      -- A share, 0 to 1.
    CAST(COUNT(*) FILTER (WHERE earlier_orders >= 2) AS DOUBLE)
    / NULLIF(COUNT(*) FILTER (WHERE earlier_orders >= 1), 0) AS previous_value      -- As known a year earlier.
FROM buyers
