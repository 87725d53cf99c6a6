-- Title: Lifetime value
-- Unit: money
-- Known at: points in time
-- What all customers paid up to as_of, less what came back: the sum of total_lifetime_value.
WITH chosen AS (
    SELECT standing.*
    FROM standing
    JOIN slices ON slices.slice_id = standing.slice_id
)

SELECT
    points_in_time.point,       -- The day.
    month,                      -- Its month's first day.
    in_line,                    -- Whether it is as_of or the end of a month.
    CAST(COALESCE(SUM(value), 0) AS DECIMAL(18, 2)) AS value  -- Sum of total_lifetime_value.
FROM points_in_time
LEFT JOIN chosen ON chosen.point = points_in_time.point
GROUP BY points_in_time.point, month, in_line
ORDER BY points_in_time.point
