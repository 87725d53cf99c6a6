-- Up to 2,000 customers, drawn by a hash of their key, so that one build always gives the same.
SELECT
    customer_id,                    -- The customer's key.
    days_since_last_purchase,       -- Days from last_purchase_date to as_of.
    total_purchases,                -- Orders.
    total_lifetime_value,           -- Sum of total_amount, returns included.
    rfm_segment                     -- Name of the RFM segment.
FROM customer_360
WHERE recency_score IS NOT NULL
ORDER BY MD5(CAST(customer_id AS TEXT)), customer_id
LIMIT 2000
