-- Up to 2,000 customers with a purchase, drawn by a hash of their key, so that one build always gives the same.
SELECT
    customer_id,                                    -- The customer's key.
    CAST(DATE_DIFF('day', last_purchase_date, as_of) AS INTEGER)
        AS days_since_last_purchase,                -- Days from last_purchase_date to as_of.
    total_purchases,                                -- Orders.
    total_lifetime_value,                           -- Sum of total_amount, returns included.
    rfm_segment                                     -- Name of the RFM segment.
FROM customer_slices
JOIN slices ON slices.slice_id = customer_slices.slice_id
CROSS JOIN current_build
WHERE last_purchase_date IS NOT NULL AND draw <= $draw_to
ORDER BY draw, customer_id
LIMIT 2000
