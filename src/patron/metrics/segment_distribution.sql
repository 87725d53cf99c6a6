-- Title: Customers by value
-- Unit: customers
-- How many customers are of high, medium and low value, and what they are worth together.
SELECT
    customer_segment,                                                       -- High, Medium or Low Value.
    COUNT(*) AS customers,                                                  -- Customers of the segment.
    CAST(COUNT(*) AS DOUBLE) / SUM(COUNT(*)) OVER () AS share,              -- Of all customers, 0 to 1.
    CAST(SUM(total_lifetime_value) AS DECIMAL(18, 2)) AS value              -- Sum of total_lifetime_value.
FROM customer_360
GROUP BY customer_segment
ORDER BY MAX(total_lifetime_value) DESC, customer_segment ASC
