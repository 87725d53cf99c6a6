-- Each customer's favourite brand: the one with most purchase rows; of equals the one with most spend; of
-- equals the first in alphabet. Products whose brand is unknown do not compete.
-- Grain: one row per customer who bought something of a known brand.
-- Kept as: batch step
WITH brand_spend AS (
    SELECT
        customer_id,
        brand_number,
        COUNT(*) AS purchases,
        CAST(SUM(total_amount) AS DECIMAL(18, 2)) AS spend
    FROM purchase_transactions
    INNER JOIN numbered_products USING (product_id)
    WHERE purchase_date <= $as_of AND total_amount >= 0 AND brand_number IS NOT NULL
    GROUP BY customer_id, brand_number
),

favorites AS (
    SELECT customer_id, brand_number
    FROM brand_spend
    QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY purchases DESC, spend DESC, brand_number) = 1
),

names AS (
    SELECT DISTINCT brand_number, brand FROM numbered_products
)

SELECT
    customer_id,             -- The customer's key.
    brand AS favorite_brand  -- Brand with most purchase rows, then most spend, then first in alphabet.
FROM favorites
INNER JOIN names USING (brand_number)
