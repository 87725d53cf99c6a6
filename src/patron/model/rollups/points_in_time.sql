-- The days for which the leading figures are known: as_of, the same date a year before, and the ends of the twelve
-- months before that of as_of.
-- Grain: one row per day.
-- Kept as: shop table
WITH months AS (
    SELECT as_of, CAST(DATE_TRUNC('month', as_of) AS DATE) AS month FROM current_build
),

days AS (
    SELECT as_of AS point FROM months
    UNION ALL SELECT CAST(as_of - INTERVAL 1 YEAR AS DATE) FROM months
    UNION ALL SELECT month - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 1 MONTH AS DATE) - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 2 MONTH AS DATE) - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 3 MONTH AS DATE) - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 4 MONTH AS DATE) - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 5 MONTH AS DATE) - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 6 MONTH AS DATE) - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 7 MONTH AS DATE) - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 8 MONTH AS DATE) - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 9 MONTH AS DATE) - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 10 MONTH AS DATE) - 1 FROM months
    UNION ALL SELECT CAST(month - INTERVAL 11 MONTH AS DATE) - 1 FROM months
)

SELECT
    point,                                                                          -- The day itself.
    CAST(DATE_TRUNC('month', point) AS DATE) AS month,                              -- Its month's first day.
    point = as_of OR CAST(DATE_TRUNC('month', point + 1) AS DATE) = point + 1
        AS in_line                  -- Whether it is as_of or the end of a month: not if it is only a year before.
FROM days
CROSS JOIN current_build
GROUP BY point, as_of
