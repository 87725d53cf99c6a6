-- Title: Categories
-- Unit: money
-- Period: by the day of the purchase or return
-- Net revenue, orders and units by product category; 'Unknown' where the product has none or is not known. An
-- order counts in each category it touches.
WITH sales AS (
    SELECT
        COALESCE(category, 'Unknown') AS category,
        purchase_transactions.customer_id,
        order_id,
        COUNT(*) FILTER (WHERE total_amount >= 0) AS purchases,
        SUM(quantity) FILTER (WHERE total_amount >= 0) AS units,
        SUM(total_amount) AS amount
    FROM purchase_transactions
    JOIN customer_360 ON customer_360.customer_id = purchase_transactions.customer_id
    LEFT JOIN product_catalog ON product_catalog.product_id = purchase_transactions.product_id
    WHERE purchase_date BETWEEN $from_day AND $to_day
    GROUP BY COALESCE(category, 'Unknown'), purchase_transactions.customer_id, order_id
)

SELECT
    category,                                                               -- Product category.
    CAST(SUM(amount) AS DECIMAL(18, 2)) AS revenue,                         -- Paid, less what came back.
    CAST(SUM(
        CASE WHEN order_id IS NULL THEN purchases WHEN purchases > 0 THEN 1 ELSE 0 END
    ) AS BIGINT) AS orders,                                                 -- Orders with a purchase of it.
    CAST(COALESCE(SUM(units), 0) AS BIGINT) AS units,                       -- Units sold, returns left out.
    CAST(SUM(amount) AS DOUBLE)
    / NULLIF(CAST(SUM(SUM(amount)) OVER () AS DOUBLE), 0) AS share          -- Of all revenue, 0 to 1.
FROM sales
GROUP BY category
ORDER BY revenue DESC, category ASC
