-- The product category each customer looked at most on the website; of equals the one looked at latest (by
-- date); of equals the first in alphabet. Products of an unknown category do not compete.
-- Grain: one row per customer who viewed a product of a known category.
-- Kept as: batch step
WITH category_views AS (
    SELECT
        customer_id,
        category_number,
        COUNT(*) AS views,
        CAST(MAX(viewed_at) AS DATE) AS last_view
    FROM product_views
    INNER JOIN numbered_products USING (product_id)
    WHERE CAST(viewed_at AS DATE) <= $as_of AND category_number IS NOT NULL
    GROUP BY customer_id, category_number
),

most_viewed AS (
    SELECT customer_id, category_number
    FROM category_views
    QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY views DESC, last_view DESC, category_number) = 1
),

names AS (
    SELECT DISTINCT category_number, category FROM numbered_products
)

SELECT
    customer_id,                               -- The customer's key.
    category AS most_viewed_product_category   -- Category with most views, then latest, then first in alphabet.
FROM most_viewed
INNER JOIN names USING (category_number)
