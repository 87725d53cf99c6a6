-- Title: Average order value
-- Unit: money
-- Period: by the day of the purchase
-- Compared: As known a year earlier; with a period, of the same dates a year earlier.
-- The value of all purchases that are no returns, divided by the number of orders. None without an order.
WITH chosen AS (
    SELECT slices.slice_id, purchased_amount, orders
    FROM standing
    JOIN slices ON slices.slice_id = standing.slice_id
    WHERE $is_always AND point = $to_day
    UNION ALL
    SELECT slices.slice_id, purchased_amount, order_starts
    FROM monthly_sales
    JOIN slices ON slices.slice_id = monthly_sales.slice_id
    WHERE NOT $is_always AND month >= $whole_from AND month < $whole_to
    UNION ALL
    SELECT slices.slice_id, purchased_amount, orders
    FROM customer_days
    JOIN customer_slices ON customer_slices.customer_id = customer_days.customer_id
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    WHERE $has_parts AND sold_on >= $from_day AND sold_on <= $to_day AND (sold_on < $whole_from OR sold_on >= $whole_to)
    UNION ALL
    SELECT slices.slice_id, 0, 1
    FROM order_repeats
    JOIN customer_slices ON customer_slices.customer_id = order_repeats.customer_id
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    WHERE NOT $is_always AND category IS NULL
        AND sold_on >= $from_day AND sold_on <= $to_day AND previous_day < $from_day
)

SELECT
    CAST(SUM(purchased_amount) AS DOUBLE) / NULLIF(SUM(orders), 0) AS value -- Value per order.
FROM chosen
