-- Title: Customers by RFM segment
-- Unit: customers
-- How many customers are in each RFM segment, and what they are worth together.
SELECT
    rfm_segment,                                                            -- Name of the segment.
    COUNT(*) AS customers,                                                  -- Customers of the segment.
    CAST(COUNT(*) AS DOUBLE) / SUM(COUNT(*)) OVER () AS share,              -- Of all customers, 0 to 1.
    CAST(SUM(total_lifetime_value) AS DECIMAL(18, 2)) AS value              -- Sum of total_lifetime_value.
FROM customer_360
GROUP BY rfm_segment
ORDER BY customers DESC, rfm_segment ASC
