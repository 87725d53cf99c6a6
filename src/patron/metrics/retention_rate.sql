-- Title: Retention rate
-- Unit: rate
-- Of the customers who bought in the 365 days before the last 365 days, the share who bought again in the last
-- 365 days. None when nobody bought then.
SELECT
    CAST(SUM(retained) FILTER (WHERE point = as_of) AS DOUBLE)
    / NULLIF(SUM(retention_base) FILTER (WHERE point = as_of), 0) AS value,   -- A share, 0 to 1.
    CAST(SUM(retained) FILTER (WHERE point = CAST(as_of - INTERVAL 1 YEAR AS DATE)) AS DOUBLE)
    / NULLIF(SUM(retention_base) FILTER (WHERE point = CAST(as_of - INTERVAL 1 YEAR AS DATE)), 0)
        AS previous_value                                                   -- The same, as known a year earlier.
FROM standing
JOIN slices ON slices.slice_id = standing.slice_id
CROSS JOIN current_build
