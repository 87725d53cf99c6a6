-- How many customers have each triple of recency, frequency and monetary score.
-- Grain: one row per slice and triple.
-- Kept as: shop table
SELECT
    slice_id,                                                           -- The slice.
    recency_score,                                                      -- 1 to 5, 5 bought latest.
    frequency_score,                                                    -- 1 to 5, 5 bought most often.
    monetary_score,                                                     -- 1 to 5, 5 spent most.
    COUNT(*) AS customers,                                              -- Customers of these scores.
    CAST(SUM(customer_360.total_lifetime_value) AS DECIMAL(18, 2)) AS value  -- Sum of total_lifetime_value.
FROM customer_360
JOIN customer_slices ON customer_slices.customer_id = customer_360.customer_id
WHERE recency_score IS NOT NULL
GROUP BY slice_id, recency_score, frequency_score, monetary_score
