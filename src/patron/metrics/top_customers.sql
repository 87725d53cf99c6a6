-- Title: Top customers
-- Unit: customers
-- The customers of highest total_lifetime_value; equal ones by customer_id.
SELECT
    customer_id,                -- The customer's key.
    first_name,                 -- Given name.
    last_name,                  -- Family name.
    total_lifetime_value,       -- Sum of total_amount, returns included.
    total_purchases,            -- Orders.
    customer_segment,           -- High, Medium or Low Value.
    rfm_segment                 -- Name of the RFM segment.
FROM leading_customers
JOIN slices ON slices.slice_id = leading_customers.slice_id
ORDER BY total_lifetime_value DESC, customer_id ASC
LIMIT $limit
