-- The leading figures as a build of an earlier day would have had them, of the slices of today. At a month's end they
-- are the sum of all changes up to it; as_of and the same date a year before need the days of their month too.
-- Grain: one row per slice and point in time.
-- Kept as: shop table
WITH exact_points AS (
    SELECT
        as_of,
        CAST(DATE_TRUNC('month', as_of) AS DATE) AS month,
        year_before,
        CAST(DATE_TRUNC('month', year_before) AS DATE) AS month_before
    FROM (SELECT as_of, CAST(as_of - INTERVAL 1 YEAR AS DATE) AS year_before FROM current_build) AS days
),

points AS (
    SELECT point, points_in_time.month, point = as_of OR point = year_before AS is_exact
    FROM points_in_time
    CROSS JOIN exact_points
),

counting_days AS (
    SELECT
        customer_days.*,
        known_on >= month AND known_on <= as_of AS is_of_month,
        known_on >= month_before AND known_on <= year_before AS is_of_month_before,
        CASE
            WHEN purchased_amount IS NULL OR sold_on <= as_of - 730 OR known_on > as_of THEN NULL
            WHEN sold_on > as_of - 365 THEN CASE WHEN previous_day BETWEEN as_of - 729 AND as_of - 365 THEN 1 END
            WHEN previous_day > as_of - 730 THEN NULL
            ELSE 0
        END AS retained,
        CASE
            WHEN purchased_amount IS NULL OR sold_on <= year_before - 730 OR known_on > year_before THEN NULL
            WHEN sold_on > year_before - 365
                THEN CASE WHEN previous_day BETWEEN year_before - 729 AND year_before - 365 THEN 1 END
            WHEN previous_day > year_before - 730 THEN NULL
            ELSE 0
        END AS retained_before
    FROM customer_days
    CROSS JOIN exact_points
    WHERE known_on > year_before - 730
),

days AS (
    SELECT
        slice_id, revenue, purchased_amount, orders, first_orders, second_orders,
        is_of_month, is_of_month_before, retained, retained_before
    FROM counting_days
    JOIN customer_slices ON customer_slices.customer_id = counting_days.customer_id
    WHERE is_of_month OR is_of_month_before OR retained IS NOT NULL OR retained_before IS NOT NULL
),

changes AS (
    SELECT
        point, slice_id, customers, value, purchased_amount, orders, buyers, repeat_buyers,
        CASE WHEN is_exact THEN 0 ELSE retention_base END AS retention_base,
        CASE WHEN is_exact THEN 0 ELSE retained END AS retained
    FROM monthly_changes
    JOIN points
        ON monthly_changes.month < points.month OR (monthly_changes.month = points.month AND NOT is_exact)
    UNION ALL
    SELECT as_of, slice_id, COUNT(*), 0, 0, 0, 0, 0, 0, 0
    FROM customer_slices
    CROSS JOIN exact_points
    WHERE registration_date >= month AND registration_date <= as_of
    GROUP BY as_of, slice_id
    UNION ALL
    SELECT year_before, slice_id, COUNT(*), 0, 0, 0, 0, 0, 0, 0
    FROM customer_slices
    CROSS JOIN exact_points
    WHERE registration_date >= month_before AND registration_date <= year_before
    GROUP BY year_before, slice_id
    UNION ALL
    SELECT as_of, slice_id, 0, revenue, COALESCE(purchased_amount, 0), orders, first_orders, second_orders, 0, 0
    FROM days
    CROSS JOIN exact_points
    WHERE is_of_month
    UNION ALL
    SELECT year_before, slice_id, 0, revenue, COALESCE(purchased_amount, 0), orders, first_orders, second_orders, 0, 0
    FROM days
    CROSS JOIN exact_points
    WHERE is_of_month_before
    UNION ALL
    SELECT as_of, slice_id, 0, 0, 0, 0, 0, 0, COUNT(*) - SUM(retained), SUM(retained)
    FROM days
    CROSS JOIN exact_points
    WHERE retained IS NOT NULL
    GROUP BY as_of, slice_id
    UNION ALL
    SELECT year_before, slice_id, 0, 0, 0, 0, 0, 0, COUNT(*) - SUM(retained_before), SUM(retained_before)
    FROM days
    CROSS JOIN exact_points
    WHERE retained_before IS NOT NULL
    GROUP BY year_before, slice_id
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
