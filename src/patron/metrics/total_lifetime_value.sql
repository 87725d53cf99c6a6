-- Title: Lifetime value
-- Unit: money
-- What all customers paid up to as_of, less what came back: the sum of total_lifetime_value.
SELECT
    CAST(COALESCE(SUM(standing.value) FILTER (WHERE point = as_of), 0) AS DECIMAL(18, 2))
        AS value,                                                           -- Sum of total_lifetime_value.
    CAST(COALESCE(
        SUM(standing.value) FILTER (WHERE point = CAST(as_of - INTERVAL 1 YEAR AS DATE)), 0
    ) AS DECIMAL(18, 2)) AS previous_value                                  -- The same, as known a year earlier.
FROM standing
JOIN slices ON slices.slice_id = standing.slice_id
CROSS JOIN current_build
