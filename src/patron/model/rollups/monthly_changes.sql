-- By how much the leading figures change in each calendar month: what is true at a month's end is the sum over all
-- months up to it. Everything counts from a first day on: a customer from the registration, a sale from the day whose
-- build first knew of it.
-- Whoever bought on a day is of the base of the retention rate from 365 to 729 days later, and retained while the
-- next purchase is less than 365 days old. Of several purchases in such a year, the first stands for the customer.
-- Grain: one row per slice and month in which something begins to count or ceases to; some lie after as_of.
-- Kept as: shop sum
WITH spans AS (
    SELECT
        customer_id,
        1 AS base,
        0 AS retained,
        CAST(DATE_TRUNC('month', GREATEST(sold_on + 365, previous_day + 730, known_on)) AS DATE) AS first_month,
        CAST(DATE_TRUNC('month', sold_on + 730) AS DATE) AS month_after
    FROM customer_days
    WHERE purchased_amount IS NOT NULL AND GREATEST(sold_on + 365, previous_day + 730, known_on) < sold_on + 730
    UNION ALL
    SELECT
        customer_id,
        0,
        1,
        CAST(DATE_TRUNC('month', GREATEST(previous_day + 365, known_on)) AS DATE),
        CAST(DATE_TRUNC('month', LEAST(sold_on + 365, previous_day + 730)) AS DATE)
    FROM customer_days
    WHERE purchased_amount IS NOT NULL
        AND previous_day IS NOT NULL
        AND GREATEST(previous_day + 365, known_on) < LEAST(sold_on + 365, previous_day + 730)
),

counted_spans AS (
    SELECT
        slice_id,
        first_month,
        month_after,
        CAST(SUM(base) AS BIGINT) AS base,
        CAST(SUM(retained) AS BIGINT) AS retained,
        COUNT(*) AS entries
    FROM spans
    JOIN customer_slices ON customer_slices.customer_id = spans.customer_id
    WHERE first_month < month_after
    GROUP BY slice_id, first_month, month_after
),

-- What begins and ends is added up apart from sales: three sums a row instead of nine.
span_changes AS (
    SELECT
        slice_id,
        month,
        CAST(SUM(base) AS BIGINT) AS base,
        CAST(SUM(retained) AS BIGINT) AS retained,
        CAST(SUM(entries) AS BIGINT) AS entries
    FROM (
        SELECT slice_id, first_month AS month, base, retained, entries FROM counted_spans
        UNION ALL
        SELECT slice_id, month_after, -base, -retained, entries FROM counted_spans
    ) AS ends
    GROUP BY slice_id, month
),

changes AS (
    SELECT
        slice_id,
        CAST(DATE_TRUNC('month', COALESCE(registration_date, DATE '0001-01-01')) AS DATE) AS month,
        1 AS customers, 0 AS value, 0 AS purchased_amount, 0 AS orders, 0 AS buyers, 0 AS repeat_buyers,
        0 AS base, 0 AS retained, 1 AS entries
    FROM customer_slices
    UNION ALL
    SELECT
        slice_id,
        CAST(DATE_TRUNC('month', known_on) AS DATE),
        0,
        CAST(SUM(revenue) AS DECIMAL(18, 2)),
        CAST(COALESCE(SUM(purchased_amount), 0) AS DECIMAL(18, 2)),
        CAST(SUM(orders) AS BIGINT),
        CAST(SUM(first_orders) AS BIGINT),
        CAST(SUM(second_orders) AS BIGINT),
        0, 0, COUNT(*)
    FROM customer_days
    JOIN customer_slices ON customer_slices.customer_id = customer_days.customer_id
    GROUP BY slice_id, CAST(DATE_TRUNC('month', known_on) AS DATE)
    UNION ALL
    SELECT slice_id, month, 0, 0, 0, 0, 0, 0, base, retained, entries
    FROM span_changes
)

SELECT
    slice_id,                                                               -- The slice.
    month,                                                                  -- The month's first day.
    CAST(SUM(customers) AS BIGINT) AS customers,                            -- Customers registered in it.
    CAST(SUM(value) AS DECIMAL(18, 2)) AS value,                            -- Paid, less what came back.
    CAST(SUM(purchased_amount) AS DECIMAL(18, 2)) AS purchased_amount,      -- Paid, without returns.
    CAST(SUM(orders) AS BIGINT) AS orders,                                  -- Number of orders.
    CAST(SUM(buyers) AS BIGINT) AS buyers,                                  -- Customers whose first order is of it.
    CAST(SUM(repeat_buyers) AS BIGINT) AS repeat_buyers,                    -- Customers whose second order is of it.
    CAST(SUM(base) AS BIGINT) AS retention_base,                            -- Entering the base, less leaving it.
    CAST(SUM(retained) AS BIGINT) AS retained,                              -- Entering the retained, less leaving them.
    CAST(SUM(entries) AS BIGINT) AS entries                                 -- Rows behind it.
FROM changes
GROUP BY slice_id, month
ORDER BY month
