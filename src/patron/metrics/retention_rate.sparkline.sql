-- The same by month: as known at the end of each of the twelve months before that of as_of, and at as_of.
WITH chosen AS (
    SELECT standing.*
    FROM standing
    JOIN slices ON slices.slice_id = standing.slice_id
)

SELECT
    points_in_time.month,                                                   -- The month's first day.
    CAST(SUM(retained) AS DOUBLE) / NULLIF(SUM(retention_base), 0) AS value     -- At the month's end.
FROM points_in_time
LEFT JOIN chosen ON chosen.point = points_in_time.point
WHERE in_line
GROUP BY points_in_time.point, points_in_time.month
ORDER BY points_in_time.point
