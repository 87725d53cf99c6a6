-- Title: Repeat purchase rate
-- Unit: rate
-- Of the customers with an order, the share with two or more. None when nobody has one.
SELECT
    CAST(SUM(repeat_buyers) FILTER (WHERE point = as_of) AS DOUBLE)
    / NULLIF(SUM(buyers) FILTER (WHERE point = as_of), 0) AS value,   -- A share, 0 to 1.
    CAST(SUM(repeat_buyers) FILTER (WHERE point = CAST(as_of - INTERVAL 1 YEAR AS DATE)) AS DOUBLE)
    / NULLIF(SUM(buyers) FILTER (WHERE point = CAST(as_of - INTERVAL 1 YEAR AS DATE)), 0)
        AS previous_value                                                   -- The same, as known a year earlier.
FROM standing
JOIN slices ON slices.slice_id = standing.slice_id
CROSS JOIN current_build
