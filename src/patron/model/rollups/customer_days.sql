-- What each customer bought and brought back on each day. Figures by day and month are sums of this.
-- Grain: one row per customer and day with a purchase or a return.
-- Kept as: customer table
WITH changes AS (
    SELECT
        customer_id,
        purchase_date,
        revenue,
        purchased_amount,
        CASE WHEN order_id IS NULL THEN purchases WHEN purchases > 0 THEN 1 ELSE 0 END AS orders
    FROM order_days
    UNION ALL
    SELECT customer_id, purchase_date, 0, NULL, -1
    FROM later_order_days
    WHERE category IS NULL
),

days AS (
    SELECT
        customer_id,
        purchase_date,
        SUM(revenue) AS revenue,
        SUM(purchased_amount) AS purchased_amount,
        SUM(orders) AS orders
    FROM changes
    GROUP BY customer_id, purchase_date
),

followed AS (
    SELECT
        days.*,
        LAG(purchase_date) OVER (PARTITION BY customer_id ORDER BY purchase_date) AS previous_day,
        SUM(orders) OVER (PARTITION BY customer_id ORDER BY purchase_date ROWS UNBOUNDED PRECEDING) AS orders_so_far
    FROM days
    WHERE purchased_amount IS NOT NULL
    UNION ALL
    SELECT days.*, NULL, 0
    FROM days
    WHERE purchased_amount IS NULL
)

SELECT
    followed.customer_id,                                                   -- The customer's key.
    purchase_date AS sold_on,                                               -- The day itself.
    GREATEST(purchase_date, registration_date) AS known_on,                 -- The first day whose build knows of it.
    CAST(revenue AS DECIMAL(18, 2)) AS revenue,                             -- Paid, less what came back.
    CAST(purchased_amount AS DECIMAL(18, 2)) AS purchased_amount,           -- Paid; None where all are returns.
    CAST(orders AS INTEGER) AS orders,                                      -- Orders whose first day it is.
    previous_day,                                                           -- The purchase day before it.
    CAST(CASE WHEN orders > 0 AND orders_so_far = orders THEN 1 ELSE 0 END AS INTEGER)
        AS first_orders,                                                    -- 1 on the day of the first order.
    CAST(CASE WHEN orders_so_far >= 2 AND orders_so_far - orders < 2 THEN 1 ELSE 0 END AS INTEGER)
        AS second_orders                                                    -- 1 on the day of the second order.
FROM followed
JOIN customer_info
    ON customer_info.customer_id = followed.customer_id
    AND (registration_date IS NULL OR registration_date <= $as_of)
