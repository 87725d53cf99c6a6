-- What each customer bought and brought back of each category on each day.
-- Grain: one row per customer, category, day and order with a purchase or a return; rows without an order_id are
-- taken together, and an order's day but its first has a row that takes the order off again.
-- Kept as: customer table
WITH numbered AS (
    SELECT product_id, category, CASE WHEN category <> 'Unknown' THEN category_number END AS number
    FROM numbered_products
),

names AS (
    SELECT DISTINCT number, category FROM numbered WHERE number IS NOT NULL
),

sales AS (
    SELECT
        customer_id,
        COALESCE(number, 0) AS number,
        purchase_date,
        order_id,
        SUM(total_amount) AS revenue,
        SUM(quantity) FILTER (WHERE total_amount >= 0) AS units,
        COUNT(*) FILTER (WHERE total_amount >= 0) AS purchases
    FROM purchase_transactions
    LEFT JOIN numbered ON numbered.product_id = purchase_transactions.product_id
    WHERE purchase_date <= $as_of
    GROUP BY customer_id, COALESCE(number, 0), purchase_date, order_id
),

changes AS (
    SELECT
        customer_id,
        COALESCE(category, 'Unknown') AS category,
        purchase_date,
        revenue,
        COALESCE(units, 0) AS units,
        CASE WHEN order_id IS NULL THEN purchases WHEN purchases > 0 THEN 1 ELSE 0 END AS orders
    FROM sales
    LEFT JOIN names ON names.number = sales.number
    UNION ALL
    SELECT customer_id, category, purchase_date, 0, 0, -1
    FROM later_order_days
    WHERE category IS NOT NULL
)

SELECT
    changes.customer_id,                                        -- The customer's key.
    category,                                                   -- Product category; Unknown where there is none.
    purchase_date AS sold_on,                                   -- The day itself.
    CAST(revenue AS DECIMAL(18, 2)) AS revenue,                 -- Paid, less what came back.
    CAST(units AS BIGINT) AS units,                             -- Units bought.
    CAST(orders AS INTEGER) AS orders                           -- Orders whose first day it is in this category.
FROM changes
JOIN customer_info
    ON customer_info.customer_id = changes.customer_id
    AND (registration_date IS NULL OR registration_date <= $as_of)
