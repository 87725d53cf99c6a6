-- The leading figures as a build of an earlier day would have had them, of the slices of today. At a month's end they
-- are the sum of all changes up to it; at as_of and the same date a year before they are that of the month before, and
-- what changed in their month since.
-- Grain: one row per slice and point in time.
-- Kept as: shop table
WITH exact_points AS (
    SELECT point, month
    FROM points_in_time
    WHERE point = $as_of OR point = CAST($as_of - INTERVAL 1 YEAR AS DATE)
),

-- All that changes in these two months does so 0, 365 or 730 days after one of these days; leap years shift them by one.
recent_days AS (
    SELECT
        slice_id, known_on, revenue, purchased_amount, orders, first_orders, second_orders,
        GREATEST(sold_on + 365, previous_day + 730, known_on) AS base_from,
        sold_on + 730 AS base_until,
        GREATEST(previous_day + 365, known_on) AS retained_from,
        LEAST(sold_on + 365, previous_day + 730) AS retained_until,
        purchased_amount IS NOT NULL AND previous_day IS NOT NULL AS is_repeat
    FROM customer_days
    JOIN customer_slices ON customer_slices.customer_id = customer_days.customer_id
    WHERE known_on BETWEEN CAST(DATE_TRUNC('month', $as_of) AS DATE) AND $as_of
        OR known_on BETWEEN CAST(DATE_TRUNC('month', $as_of) AS DATE) - 366 AND $as_of - 365
        OR sold_on BETWEEN CAST(DATE_TRUNC('month', $as_of) AS DATE) - 366 AND $as_of - 365
        OR sold_on BETWEEN CAST(DATE_TRUNC('month', $as_of) AS DATE) - 731 AND $as_of - 730
        OR sold_on BETWEEN CAST(DATE_TRUNC('month', $as_of) AS DATE) - 1096 AND $as_of - 1095
        OR previous_day BETWEEN CAST(DATE_TRUNC('month', $as_of) AS DATE) - 366 AND $as_of - 365
        OR previous_day BETWEEN CAST(DATE_TRUNC('month', $as_of) AS DATE) - 731 AND $as_of - 730
        OR previous_day BETWEEN CAST(DATE_TRUNC('month', $as_of) AS DATE) - 1096 AND $as_of - 1095
),

days AS (
    SELECT
        point,
        slice_id,
        CASE WHEN known_on BETWEEN month AND point THEN 1 ELSE 0 END AS is_new,
        revenue, purchased_amount, orders, first_orders, second_orders,
        CASE WHEN purchased_amount IS NULL OR base_from >= base_until THEN 0
            ELSE CASE WHEN base_from BETWEEN month AND point THEN 1 ELSE 0 END
            - CASE WHEN base_until BETWEEN month AND point THEN 1 ELSE 0 END
        END AS base,
        CASE WHEN NOT is_repeat OR retained_from >= retained_until THEN 0
            ELSE CASE WHEN retained_from BETWEEN month AND point THEN 1 ELSE 0 END
            - CASE WHEN retained_until BETWEEN month AND point THEN 1 ELSE 0 END
        END AS retained
    FROM recent_days
    CROSS JOIN exact_points
),

-- All months before those of the points count alike, so they are taken together first; those after as_of do not.
summed_changes AS (
    SELECT
        slice_id,
        GREATEST(month, month_before) AS month,
        CAST(SUM(customers) AS BIGINT) AS customers,
        CAST(SUM(value) AS DECIMAL(18, 2)) AS value,
        CAST(SUM(purchased_amount) AS DECIMAL(18, 2)) AS purchased_amount,
        CAST(SUM(orders) AS BIGINT) AS orders,
        CAST(SUM(buyers) AS BIGINT) AS buyers,
        CAST(SUM(repeat_buyers) AS BIGINT) AS repeat_buyers,
        CAST(SUM(retention_base) AS BIGINT) AS retention_base,
        CAST(SUM(retained) AS BIGINT) AS retained
    FROM monthly_changes
    CROSS JOIN (SELECT CAST(MIN(month) - INTERVAL 1 MONTH AS DATE) AS month_before FROM points_in_time) AS first_point
    WHERE month <= $as_of
    GROUP BY slice_id, GREATEST(month, month_before)
),

changes AS (
    SELECT
        point, slice_id, customers, value, purchased_amount, orders, buyers, repeat_buyers, retention_base, retained
    FROM summed_changes
    JOIN points_in_time ON summed_changes.month < points_in_time.month
    UNION ALL
    SELECT
        point, slice_id, customers, value, purchased_amount, orders, buyers, repeat_buyers, retention_base, retained
    FROM summed_changes
    JOIN points_in_time ON points_in_time.month = summed_changes.month
    WHERE point NOT IN (SELECT point FROM exact_points)
    UNION ALL
    SELECT point, slice_id, COUNT(*), 0, 0, 0, 0, 0, 0, 0
    FROM customer_slices
    JOIN exact_points ON registration_date BETWEEN month AND point
    GROUP BY point, slice_id
    UNION ALL
    SELECT
        point,
        slice_id,
        0,
        CAST(SUM(CASE WHEN is_new = 1 THEN revenue ELSE 0 END) AS DECIMAL(18, 2)),
        CAST(SUM(CASE WHEN is_new = 1 THEN COALESCE(purchased_amount, 0) ELSE 0 END) AS DECIMAL(18, 2)),
        CAST(SUM(is_new * orders) AS BIGINT),
        CAST(SUM(is_new * first_orders) AS BIGINT),
        CAST(SUM(is_new * second_orders) AS BIGINT),
        CAST(SUM(base) AS BIGINT),
        CAST(SUM(retained) AS BIGINT)
    FROM days
    GROUP BY point, slice_id
    HAVING SUM(CASE WHEN is_new <> 0 OR base <> 0 OR retained <> 0 THEN 1 ELSE 0 END) > 0
)

SELECT
    point,                                                                  -- The day itself.
    slice_id,                                                               -- The slice.
    CAST(SUM(customers) AS BIGINT) AS customers,                            -- Customers known.
    CAST(SUM(value) AS DECIMAL(18, 2)) AS value,                            -- Paid up to then, less what came back.
    CAST(SUM(purchased_amount) AS DECIMAL(18, 2)) AS purchased_amount,      -- Paid up to then, without returns.
    CAST(SUM(orders) AS BIGINT) AS orders,                                  -- Number of orders.
    CAST(SUM(buyers) AS BIGINT) AS buyers,                                  -- Customers with an order.
    CAST(SUM(repeat_buyers) AS BIGINT) AS repeat_buyers,                    -- Customers with two orders or more.
    CAST(SUM(retention_base) AS BIGINT) AS retention_base,                  -- Who bought in the year before the last.
    CAST(SUM(retained) AS BIGINT) AS retained                               -- Who of them bought again in the last.
FROM changes
GROUP BY point, slice_id
