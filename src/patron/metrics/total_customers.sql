-- Title: Customers
-- Unit: customers
-- Everyone in customer_360: registered by as_of, whether or not they ever bought.
SELECT
    COUNT(*) AS value,                                                      -- Customers.
    COUNT(*) FILTER (
        WHERE registration_date IS NULL OR registration_date <= CAST(as_of - INTERVAL 1 YEAR AS DATE)
    ) AS previous_value                                                     -- Those known a year earlier.
FROM customer_360
