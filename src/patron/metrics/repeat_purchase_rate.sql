-- Title: Repeat purchase rate
-- Unit: rate
-- Known at: points in time
-- Of the customers with an order, the share with two or more. None when nobody has one.
WITH chosen AS (
    SELECT standing.*
    FROM standing
    JOIN slices ON slices.slice_id = standing.slice_id
)

SELECT
    points_in_time.point,       -- The day.
    month,                      -- Its month's first day.
    in_line,                    -- Whether it is as_of or the end of a month.
    CAST(SUM(repeat_buyers) AS DOUBLE) / NULLIF(SUM(buyers), 0) AS value  -- A share, 0 to 1.
FROM points_in_time
LEFT JOIN chosen ON chosen.point = points_in_time.point
GROUP BY points_in_time.point, month, in_line
ORDER BY points_in_time.point
