-- Title: Categories
-- Unit: money
-- Period: by the day of the purchase or return
-- Net revenue, orders and units by product category; 'Unknown' where the product has none or is not known. An
-- order counts in each category it touches.
WITH chosen AS (
    SELECT slices.slice_id, category, revenue, order_starts AS orders, units
    FROM category_sales
    JOIN slices ON slices.slice_id = category_sales.slice_id
    WHERE $is_always
    UNION ALL
    SELECT slices.slice_id, category, revenue, order_starts, units
    FROM monthly_category_sales
    JOIN slices ON slices.slice_id = monthly_category_sales.slice_id
    WHERE NOT $is_always AND month >= $whole_from AND month < $whole_to
    UNION ALL
    SELECT slices.slice_id, category, revenue, orders, units
    FROM customer_categories
    JOIN customer_slices ON customer_slices.customer_id = customer_categories.customer_id
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    WHERE $has_parts AND sold_on >= $from_day AND sold_on <= $to_day AND (sold_on < $whole_from OR sold_on >= $whole_to)
    UNION ALL
    SELECT slices.slice_id, category, 0, 1, 0
    FROM order_repeats
    JOIN customer_slices ON customer_slices.customer_id = order_repeats.customer_id
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    WHERE NOT $is_always AND category IS NOT NULL
        AND sold_on >= $from_day AND sold_on <= $to_day AND previous_day < $from_day
)

SELECT
    category,                                                               -- Product category.
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue,                        -- Paid, less what came back.
    CAST(SUM(orders) AS BIGINT) AS orders,                                  -- Orders with a purchase of it.
    CAST(SUM(units) AS BIGINT) AS units,                                    -- Units sold, returns left out.
    CAST(SUM(revenue) AS DOUBLE)
    / NULLIF(CAST(SUM(SUM(revenue)) OVER () AS DOUBLE), 0) AS share         -- Of all revenue, 0 to 1.
FROM chosen
GROUP BY category
ORDER BY revenue DESC, category ASC
