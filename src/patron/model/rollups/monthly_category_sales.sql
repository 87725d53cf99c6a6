-- What was bought and brought back of each category in each calendar month.
-- Grain: one row per slice, category and month with a purchase or a return.
-- Kept as: shop sum
SELECT
    slice_id,                                               -- The slice.
    category,                                               -- Product category; Unknown where there is none.
    CAST(DATE_TRUNC('month', sold_on) AS DATE) AS month,    -- The month's first day.
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue,        -- Paid, less what came back.
    CAST(SUM(units) AS BIGINT) AS units,                    -- Units bought.
    CAST(SUM(orders) AS BIGINT) AS order_starts,            -- Orders whose first day in this category is in it.
    COUNT(*) AS entries                                     -- Rows behind it.
FROM customer_categories
JOIN customer_slices ON customer_slices.customer_id = customer_categories.customer_id
GROUP BY slice_id, category, CAST(DATE_TRUNC('month', sold_on) AS DATE)
ORDER BY month
