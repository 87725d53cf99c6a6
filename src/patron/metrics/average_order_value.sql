-- Title: Average order value
-- Unit: money
-- Period: by the day of the purchase
-- The value of all purchases that are no returns, divided by the number of orders. None without an order.
WITH windows AS (
    SELECT
        TRUE AS current,
        CAST($from_day AS DATE) AS from_day,
        CAST($to_day AS DATE) AS to_day,
        CAST($whole_from AS DATE) AS whole_from,
        CAST($whole_to AS DATE) AS whole_to
    UNION ALL
    SELECT
        FALSE,
        CAST($previous_from_day AS DATE),
        CAST($previous_to_day AS DATE),
        CAST($previous_whole_from AS DATE),
        CAST($previous_whole_to AS DATE)
),

chosen AS (
    SELECT slices.slice_id, point = as_of AS current, purchased_amount, orders
    FROM standing
    JOIN slices ON slices.slice_id = standing.slice_id
    CROSS JOIN current_build
    WHERE $is_always AND (point = as_of OR point = CAST(as_of - INTERVAL 1 YEAR AS DATE))
    UNION ALL
    SELECT slices.slice_id, current, purchased_amount, order_starts
    FROM monthly_sales
    JOIN slices ON slices.slice_id = monthly_sales.slice_id
    JOIN windows ON month >= whole_from AND month < whole_to
    WHERE NOT $is_always
    UNION ALL
    SELECT slices.slice_id, current, purchased_amount, orders
    FROM customer_days
    JOIN customer_slices ON customer_slices.customer_id = customer_days.customer_id
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    JOIN windows ON sold_on >= from_day AND sold_on <= to_day AND (sold_on < whole_from OR sold_on >= whole_to)
    WHERE $has_parts
    UNION ALL
    SELECT slices.slice_id, current, 0, 1
    FROM order_repeats
    JOIN customer_slices ON customer_slices.customer_id = order_repeats.customer_id
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    JOIN windows ON sold_on >= from_day AND sold_on <= to_day AND previous_day < from_day
    WHERE NOT $is_always AND category IS NULL
)

SELECT
    CAST(SUM(purchased_amount) FILTER (WHERE current) AS DOUBLE)
    / NULLIF(SUM(orders) FILTER (WHERE current), 0) AS value,               -- Value per order.
    CAST(SUM(purchased_amount) FILTER (WHERE NOT current) AS DOUBLE)
    / NULLIF(SUM(orders) FILTER (WHERE NOT current), 0)
        AS previous_value       -- As known a year earlier; with a period, of the same dates a year earlier.
FROM chosen
