-- The leading figures as a build of an earlier day would have had them, of the slices of today. Everything counts
-- from a first day on: a customer from the registration, a sale from the day that first knew of it.
-- Whoever bought on a day is of the base of the retention rate from 365 to 729 days later, and retained while the
-- next purchase is less than 365 days old. Of several purchases in such a year, the first stands for the customer.
-- Grain: one row per slice and point in time.
-- Kept as: shop table
WITH ends AS (
    SELECT MIN(point) AS first_point, MAX(point) AS as_of FROM points_in_time
),

kinds AS (
    SELECT 1 AS base, 0 AS retained UNION ALL SELECT 0, 1
),

spans AS (
    SELECT
        slice_id,
        base,
        retained,
        first_point,
        as_of,
        CASE WHEN base = 1 THEN GREATEST(sold_on + 365, previous_day + 730, known_on)
            ELSE GREATEST(previous_day + 365, known_on) END AS first_day,
        CASE WHEN base = 1 THEN sold_on + 730 ELSE LEAST(sold_on + 365, previous_day + 730) END AS day_after
    FROM customer_days
    JOIN customer_slices ON customer_slices.customer_id = customer_days.customer_id
    CROSS JOIN kinds
    CROSS JOIN ends
    WHERE purchased_amount IS NOT NULL AND sold_on + 730 > first_point AND (base = 1 OR previous_day IS NOT NULL)
),

dated_spans AS (
    SELECT
        slice_id, base, retained,
        CASE WHEN first_day <= first_point THEN first_point
            ELSE LEAST(LAST_DAY(first_day), as_of) END AS from_point,
        CASE WHEN day_after <= first_point THEN first_point
            WHEN day_after > as_of THEN NULL
            ELSE LEAST(LAST_DAY(day_after), as_of) END AS point_after
    FROM spans
    WHERE first_day < day_after AND first_day <= as_of
),

counted_spans AS (
    SELECT slice_id, from_point, point_after, SUM(base) AS base, SUM(retained) AS retained
    FROM dated_spans
    GROUP BY slice_id, from_point, point_after
),

changes AS (
    SELECT
        slice_id,
        CASE WHEN registration_date IS NULL OR registration_date <= first_point THEN first_point
            ELSE LEAST(LAST_DAY(registration_date), as_of) END AS from_point,
        1 AS customers, 0 AS value, 0 AS purchased_amount, 0 AS orders, 0 AS buyers, 0 AS repeat_buyers,
        0 AS base, 0 AS retained
    FROM customer_slices
    CROSS JOIN ends
    UNION ALL
    SELECT
        slice_id,
        CASE WHEN known_on <= first_point THEN first_point
            ELSE LEAST(LAST_DAY(known_on), as_of) END,
        0, revenue, COALESCE(purchased_amount, 0), orders, first_orders, second_orders, 0, 0
    FROM customer_days
    JOIN customer_slices ON customer_slices.customer_id = customer_days.customer_id
    CROSS JOIN ends
    UNION ALL
    SELECT slice_id, from_point, 0, 0, 0, 0, 0, 0, base, retained
    FROM counted_spans
    UNION ALL
    SELECT slice_id, point_after, 0, 0, 0, 0, 0, 0, -base, -retained
    FROM counted_spans
    WHERE point_after IS NOT NULL
),

by_point AS (
    SELECT
        slice_id,
        from_point,
        SUM(customers) AS customers,
        SUM(value) AS value,
        SUM(purchased_amount) AS purchased_amount,
        SUM(orders) AS orders,
        SUM(buyers) AS buyers,
        SUM(repeat_buyers) AS repeat_buyers,
        SUM(base) AS base,
        SUM(retained) AS retained
    FROM changes
    GROUP BY slice_id, from_point
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
    CAST(SUM(base) AS BIGINT) AS retention_base,                            -- Who bought in the year before the last.
    CAST(SUM(retained) AS BIGINT) AS retained                               -- Who of them bought again in the last.
FROM by_point
JOIN points_in_time ON point >= from_point
GROUP BY point, slice_id
