-- What was bought and brought back of each category in all.
-- Grain: one row per slice and category with a purchase or a return.
-- Kept as: shop table
SELECT
    slice_id,                                               -- The slice.
    category,                                               -- Product category; Unknown where there is none.
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue,        -- Paid, less what came back.
    CAST(SUM(units) AS BIGINT) AS units,                    -- Units bought.
    CAST(SUM(order_starts) AS BIGINT) AS order_starts       -- Orders with a purchase of it.
FROM monthly_category_sales
GROUP BY slice_id, category
