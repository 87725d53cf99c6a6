-- Title: RFM
-- Unit: customers
-- How many customers have each triple of recency, frequency and monetary score. Those without a purchase have none.
SELECT
    recency_score,                                                          -- 1 to 5, 5 bought latest.
    frequency_score,                                                        -- 1 to 5, 5 bought most often.
    monetary_score,                                                         -- 1 to 5, 5 spent most.
    slices.rfm_segment,                                                     -- The segment of the first two scores.
    CAST(SUM(rfm_cells.customers) AS BIGINT) AS customers,                  -- Customers of these scores.
    CAST(SUM(rfm_cells.value) AS DECIMAL(18, 2)) AS value                   -- Sum of total_lifetime_value.
FROM rfm_cells
JOIN slices ON slices.slice_id = rfm_cells.slice_id
GROUP BY recency_score, frequency_score, monetary_score, slices.rfm_segment
ORDER BY recency_score, frequency_score, monetary_score
