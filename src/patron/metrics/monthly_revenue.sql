-- Title: Revenue by month
-- Unit: money
-- Period: by the day of the purchase or return
-- Net revenue, orders and buyers of each calendar month from the first sale to as_of. A month without sales is
-- there with 0; returns lower the month in which they came back; an order counts in each month it touches.
WITH RECURSIVE sales AS (
    SELECT
        CAST(DATE_TRUNC('month', purchase_date) AS DATE) AS month,
        purchase_transactions.customer_id,
        order_id,
        COUNT(*) FILTER (WHERE total_amount >= 0) AS purchases,
        SUM(total_amount) AS amount
    FROM purchase_transactions
    JOIN customer_360 ON customer_360.customer_id = purchase_transactions.customer_id
    WHERE purchase_date BETWEEN $from_day AND $to_day
    GROUP BY CAST(DATE_TRUNC('month', purchase_date) AS DATE), purchase_transactions.customer_id, order_id
),

by_month AS (
    SELECT
        month,
        SUM(amount) AS revenue,
        SUM(CASE WHEN order_id IS NULL THEN purchases WHEN purchases > 0 THEN 1 ELSE 0 END) AS orders,
        COUNT(DISTINCT customer_id) FILTER (WHERE purchases > 0) AS buyers
    FROM sales
    GROUP BY month
),

months AS (
    SELECT MIN(month) AS month FROM by_month HAVING COUNT(*) > 0
    UNION ALL
    SELECT CAST(months.month + INTERVAL 1 MONTH AS DATE)
    FROM months
    CROSS JOIN current_build
    WHERE CAST(months.month + INTERVAL 1 MONTH AS DATE) <= $to_day
)

SELECT
    months.month,                                                           -- The month's first day.
    CAST(COALESCE(revenue, 0) AS DECIMAL(18, 2)) AS revenue,                -- Paid, less what came back.
    CAST(COALESCE(orders, 0) AS BIGINT) AS orders,                          -- Orders with a purchase in it.
    COALESCE(buyers, 0) AS buyers,                                          -- Customers with a purchase in it.
    CAST(months.month + INTERVAL 1 MONTH AS DATE) > as_of + 1 AS partial    -- Whether it was not over at as_of.
FROM months
CROSS JOIN current_build
LEFT JOIN by_month ON by_month.month = months.month
ORDER BY months.month
