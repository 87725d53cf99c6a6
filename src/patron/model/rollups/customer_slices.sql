-- Which slice each customer is of, and what a chart of single customers shows, in the order of a hash of their keys:
-- the first customers of any slices are a fair draw of them, and the same one each time.
-- Grain: one row per customer.
-- Kept as: shop table
SELECT
    customer_id,                                                -- The customer's key.
    slice_id,                                                   -- The slice.
    SUBSTRING(MD5(CAST(customer_id AS TEXT)), 1, 8) AS draw,    -- Place in the order.
    registration_date,                                          -- The day the customer became known, or None.
    last_purchase_date,                                         -- The latest purchase that is no return, or None.
    total_purchases,                                            -- Number of orders.
    customer_360.total_lifetime_value                           -- Sum of total_amount, returns included.
FROM customer_360
JOIN slices
    ON slices.customer_segment = customer_360.customer_segment
    AND slices.rfm_segment = customer_360.rfm_segment
    AND COALESCE(slices.churn_risk_score, 0) = COALESCE(customer_360.churn_risk_score, 0)
    AND slices.favorite_product_category IS NOT DISTINCT FROM customer_360.favorite_product_category
    AND slices.preferred_marketing_channel IS NOT DISTINCT FROM customer_360.preferred_marketing_channel
ORDER BY draw, customer_id
