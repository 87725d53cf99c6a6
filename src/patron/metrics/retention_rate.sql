-- Title: Retention rate
-- Unit: rate
-- Known at: points in time
-- Of the customers who bought in the 365 days before the last 365 days, the share who bought again in the last
-- 365 days. None when nobody bought then.
WITH chosen AS (
    SELECT standing.*
    FROM standing
    JOIN slices ON slices.slice_id = standing.slice_id
)

SELECT
    points_in_time.point,       -- The day.
    month,                      -- Its month's first day.
    in_line,                    -- Whether it is as_of or the end of a month.
    CAST(SUM(retained) AS DOUBLE) / NULLIF(SUM(retention_base), 0) AS value  -- A share, 0 to 1.
FROM points_in_time
LEFT JOIN chosen ON chosen.point = points_in_time.point
GROUP BY points_in_time.point, month, in_line
ORDER BY points_in_time.point
