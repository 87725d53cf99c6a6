-- Each customer's favourite category: the one with most purchase rows; of equals the one with most spend; of
-- equals the first in alphabet. Products whose category is unknown do not compete.
-- Grain: one row per customer who bought something of a known category.
-- Kept as: batch step
WITH category_spend AS (
    SELECT
        customer_id,
        category_number,
        COUNT(*) AS purchases,
        CAST(SUM(total_amount) AS DECIMAL(18, 2)) AS spend
    FROM purchase_transactions
    INNER JOIN numbered_products USING (product_id)
    WHERE purchase_date <= $as_of AND total_amount >= 0 AND category_number IS NOT NULL
    GROUP BY customer_id, category_number
),

favorites AS (
    SELECT customer_id, category_number
    FROM category_spend
    QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY purchases DESC, spend DESC, category_number) = 1
),

names AS (
    SELECT DISTINCT category_number, category FROM numbered_products
)

SELECT
    customer_id,                           -- The customer's key.
    category AS favorite_product_category  -- Category with most purchase rows, then most spend, then first in alphabet.
FROM favorites
INNER JOIN names USING (category_number)
