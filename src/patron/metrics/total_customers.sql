-- Title: Customers
-- Unit: customers
-- Everyone in customer_360: registered by as_of, whether or not they ever bought.
SELECT
    CAST(COALESCE(SUM(standing.customers) FILTER (WHERE point = as_of), 0) AS BIGINT) AS value,  -- Customers.
    CAST(COALESCE(
        SUM(standing.customers) FILTER (WHERE point = CAST(as_of - INTERVAL 1 YEAR AS DATE)), 0
    ) AS BIGINT) AS previous_value                                          -- Those of them known a year earlier.
FROM standing
JOIN slices ON slices.slice_id = standing.slice_id
CROSS JOIN current_build
