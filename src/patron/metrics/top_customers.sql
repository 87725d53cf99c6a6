-- Title: Top customers
-- Unit: customers
-- The customers of highest total_lifetime_value; equal ones by customer_id.
WITH top AS (
    SELECT customer_id, total_lifetime_value, customer_slices.total_purchases, customer_segment, rfm_segment
    FROM customer_slices
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    ORDER BY total_lifetime_value DESC, customer_id ASC
    LIMIT $limit
)

SELECT
    top.customer_id,                -- The customer's key.
    first_name,                     -- Given name.
    last_name,                      -- Family name.
    top.total_lifetime_value,       -- Sum of total_amount, returns included.
    top.total_purchases,            -- Orders.
    customer_segment,               -- High, Medium or Low Value.
    rfm_segment                     -- Name of the RFM segment.
FROM top
JOIN customer_features ON customer_features.customer_id = top.customer_id
ORDER BY top.total_lifetime_value DESC, top.customer_id ASC
