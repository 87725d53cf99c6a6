-- Title: Customers by segment
-- Unit: customers
-- How many customers are in each segment, by value or by recency and frequency, and what they are worth together.
SELECT
    customer_segment,                                                       -- Name of the segment.
    CAST(SUM(customers) AS BIGINT) AS customers,                            -- Customers of the segment.
    CAST(SUM(customers) AS DOUBLE) / SUM(SUM(customers)) OVER () AS share,  -- Of all customers, 0 to 1.
    CAST(SUM(value) AS DECIMAL(18, 2)) AS value                             -- Sum of total_lifetime_value.
FROM slices
GROUP BY customer_segment
ORDER BY CAST(SUM(value) AS DOUBLE) / CAST(SUM(customers) AS DOUBLE) DESC, customer_segment ASC
