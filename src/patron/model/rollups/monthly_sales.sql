-- What was bought and brought back in each calendar month.
-- Grain: one row per slice and month with a purchase or a return.
-- Kept as: shop sum
WITH sales AS (
    SELECT
        customer_id,
        CAST(DATE_TRUNC('month', sold_on) AS DATE) AS month,
        revenue,
        purchased_amount,
        orders AS order_starts,
        orders,
        CASE WHEN purchased_amount IS NULL OR previous_day >= DATE_TRUNC('month', sold_on) THEN 0 ELSE 1 END AS buyers
    FROM customer_days
    UNION ALL
    SELECT customer_id, CAST(DATE_TRUNC('month', sold_on) AS DATE), 0, 0, 0, 1, 0
    FROM order_repeats
    WHERE category IS NULL AND previous_day < DATE_TRUNC('month', sold_on)
)

SELECT
    slice_id,                                                                       -- The slice.
    month,                                                                          -- The month's first day.
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue,                                -- Paid, less what came back.
    CAST(COALESCE(SUM(purchased_amount), 0) AS DECIMAL(18, 2)) AS purchased_amount, -- Paid, without returns.
    CAST(SUM(order_starts) AS BIGINT) AS order_starts,                              -- Orders whose first day is in it.
    CAST(SUM(orders) AS BIGINT) AS orders,                                          -- Orders with a purchase in it.
    CAST(SUM(buyers) AS BIGINT) AS buyers,                                          -- Customers with a purchase in it.
    COUNT(*) AS entries                                                             -- Rows behind it.
FROM sales
JOIN customer_slices ON customer_slices.customer_id = sales.customer_id
GROUP BY slice_id, month
ORDER BY month
