-- How often each customer looked at a product on the website.
-- Grain: one row per customer who viewed a product.
-- Kept as: batch step
SELECT
    customer_id,                    -- The customer's key.
    COUNT(*) AS product_views       -- Product views.
FROM product_views
WHERE CAST(viewed_at AS DATE) <= $as_of
GROUP BY customer_id
