-- The product category each customer looked at most on the website; of equals the one looked at latest (by
-- date); of equals the first in alphabet. Products of an unknown category do not compete.
-- Grain: one row per customer who viewed a product of a known category.
-- Kept as: batch step
WITH category_views AS (
    SELECT
        customer_id,
        category,
        COUNT(*) AS views,
        MAX(CAST(viewed_at AS DATE)) AS last_view
    FROM product_views
    INNER JOIN product_catalog USING (product_id)
    WHERE CAST(viewed_at AS DATE) <= $as_of AND category IS NOT NULL
    GROUP BY customer_id, category
),

most_views AS (
    SELECT customer_id, MAX(views) AS views
    FROM category_views
    GROUP BY customer_id
),

most_viewed AS (
    SELECT customer_id, category, last_view
    FROM category_views
    INNER JOIN most_views USING (customer_id, views)
),

latest_view AS (
    SELECT customer_id, MAX(last_view) AS last_view
    FROM most_viewed
    GROUP BY customer_id
)

SELECT
    customer_id,                                  -- The customer's key.
    MIN(category) AS most_viewed_product_category -- Category with most views, then latest, then first.
FROM most_viewed
INNER JOIN latest_view USING (customer_id, last_view)
GROUP BY customer_id
