-- Title: Customers
-- Unit: customers
-- Known at: points in time
-- Everyone in customer_360: registered by as_of, whether or not they ever bought.
WITH chosen AS (
    SELECT standing.*
    FROM standing
    JOIN slices ON slices.slice_id = standing.slice_id
)

SELECT
    points_in_time.point,       -- The day.
    month,                      -- Its month's first day.
    in_line,                    -- Whether it is as_of or the end of a month.
    CAST(COALESCE(SUM(customers), 0) AS BIGINT) AS value  -- Customers.
FROM points_in_time
LEFT JOIN chosen ON chosen.point = points_in_time.point
GROUP BY points_in_time.point, month, in_line
ORDER BY points_in_time.point
