-- Title: Lifetime value
-- Unit: money
-- What all customers paid up to as_of, less what came back: the sum of total_lifetime_value.
WITH earlier AS (
    SELECT SUM(total_amount) AS value
    FROM purchase_transactions
    JOIN customer_360 ON customer_360.customer_id = purchase_transactions.customer_id
    WHERE purchase_date <= CAST(as_of - INTERVAL 1 YEAR AS DATE)
        AND (registration_date IS NULL OR registration_date <= CAST(as_of - INTERVAL 1 YEAR AS DATE))
),

now AS (
    SELECT SUM(total_lifetime_value) AS value FROM customer_360
)

SELECT
    CAST(COALESCE(now.value, 0) AS DECIMAL(18, 2)) AS value,                -- Sum of total_lifetime_value.
    CAST(COALESCE(earlier.value, 0) AS DECIMAL(18, 2)) AS previous_value    -- The same, as known a year earlier.
FROM now
CROSS JOIN earlier
