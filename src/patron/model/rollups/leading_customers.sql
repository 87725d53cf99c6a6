-- The hundred customers of each slice with the highest total_lifetime_value: the best of any slices are among them.
-- Grain: one row per customer who is one of them.
-- Kept as: shop table
WITH ranked AS (
    SELECT
        customer_id,
        slice_id,
        total_purchases,
        total_lifetime_value,
        ROW_NUMBER() OVER (PARTITION BY slice_id ORDER BY total_lifetime_value DESC, customer_id ASC) AS place
    FROM customer_slices
)

SELECT
    ranked.customer_id,             -- The customer's key.
    slice_id,                       -- The slice.
    first_name,                     -- Given name, as it is.
    last_name,                      -- Family name, as it is.
    ranked.total_purchases,         -- Number of orders.
    ranked.total_lifetime_value     -- Sum of total_amount, returns included.
FROM ranked
JOIN customer_features ON customer_features.customer_id = ranked.customer_id
WHERE place <= 100
