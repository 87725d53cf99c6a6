-- Title: RFM
-- Unit: customers
-- How many customers have each triple of recency, frequency and monetary score. Those without a purchase have none.
SELECT
    recency_score,                                                          -- 1 to 5, 5 bought latest.
    frequency_score,                                                        -- 1 to 5, 5 bought most often.
    monetary_score,                                                         -- 1 to 5, 5 spent most.
    COUNT(*) AS customers,                                                  -- Customers of these scores.
    CAST(SUM(total_lifetime_value) AS DECIMAL(18, 2)) AS value              -- Sum of total_lifetime_value.
FROM customer_360
WHERE recency_score IS NOT NULL
GROUP BY recency_score, frequency_score, monetary_score
ORDER BY recency_score, frequency_score, monetary_score
