-- Title: Revenue by month
-- Unit: money
-- Period: by the day of the purchase or return
-- Net revenue, orders and buyers of each calendar month, from that of the shop's first sale to that of as_of. A
-- month without sales is there with 0; returns lower the month in which they came back; an order counts in each
-- month it touches.
WITH RECURSIVE chosen AS (
    SELECT slices.slice_id, month, revenue, orders, buyers
    FROM monthly_sales
    JOIN slices ON slices.slice_id = monthly_sales.slice_id
    WHERE month >= $whole_from AND month < $whole_to
    UNION ALL
    SELECT
        slices.slice_id,
        CAST(DATE_TRUNC('month', sold_on) AS DATE),
        revenue,
        orders,
        CASE WHEN purchased_amount IS NULL THEN 0 ELSE 1 END
    FROM customer_days
    JOIN customer_slices ON customer_slices.customer_id = customer_days.customer_id
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    WHERE $has_parts AND sold_on >= $from_day AND sold_on <= $to_day AND (sold_on < $whole_from OR sold_on >= $whole_to)
    UNION ALL
    -- Who had bought before in that month, within the period, is no further buyer.
    SELECT slices.slice_id, CAST(DATE_TRUNC('month', sold_on) AS DATE), 0, 0, -1
    FROM customer_days
    JOIN customer_slices ON customer_slices.customer_id = customer_days.customer_id
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    WHERE $has_parts AND sold_on >= $from_day AND sold_on <= $to_day AND (sold_on < $whole_from OR sold_on >= $whole_to)
        AND previous_day >= CAST(DATE_TRUNC('month', sold_on) AS DATE) AND previous_day >= $from_day
    UNION ALL
    SELECT slices.slice_id, CAST(DATE_TRUNC('month', sold_on) AS DATE), 0, 1, 0
    FROM order_repeats
    JOIN customer_slices ON customer_slices.customer_id = order_repeats.customer_id
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    WHERE $has_parts AND sold_on >= $from_day AND sold_on <= $to_day AND (sold_on < $whole_from OR sold_on >= $whole_to)
        AND category IS NULL
        AND previous_day < GREATEST(CAST(DATE_TRUNC('month', sold_on) AS DATE), CAST($from_day AS DATE))
),

months AS (
    SELECT MIN(month) AS month
    FROM monthly_sales
    HAVING MIN(month) IS NOT NULL
    UNION ALL
    SELECT CAST(month + INTERVAL 1 MONTH AS DATE)
    FROM months
    CROSS JOIN current_build
    WHERE CAST(month + INTERVAL 1 MONTH AS DATE) <= as_of
)

SELECT
    months.month,                                                           -- The month's first day.
    CAST(COALESCE(SUM(revenue), 0) AS DECIMAL(18, 2)) AS revenue,                -- Paid, less what came back.
    CAST(COALESCE(SUM(orders), 0) AS BIGINT) AS orders,                          -- Orders with a purchase in it.
    CAST(COALESCE(SUM(buyers), 0) AS BIGINT) AS buyers,                          -- Customers with a purchase in it.
    CAST(months.month + INTERVAL 1 MONTH AS DATE) > as_of + 1 AS partial,   -- Whether it was not over at as_of.
    months.month < $from_day OR CAST(months.month + INTERVAL 1 MONTH AS DATE) - 1 > $to_day
        AS is_cut                   -- Whether days of it were not counted: it was not over, or the period cuts it.
FROM months
CROSS JOIN current_build
LEFT JOIN chosen ON chosen.month = months.month
WHERE CAST(months.month + INTERVAL 1 MONTH AS DATE) - 1 >= $from_day AND months.month <= $to_day
    AND CAST($from_day AS DATE) <= CAST($to_day AS DATE)
GROUP BY months.month, as_of
ORDER BY months.month
