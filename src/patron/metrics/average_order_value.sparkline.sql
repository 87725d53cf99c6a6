-- The average value of the orders of each month, of that of as_of and the twelve before it, whatever the period.
WITH months AS (
    SELECT month FROM points_in_time WHERE in_line
),

chosen AS (
    SELECT monthly_sales.*
    FROM monthly_sales
    JOIN slices ON slices.slice_id = monthly_sales.slice_id
)

SELECT
    months.month,                                                           -- The month's first day.
    CAST(SUM(purchased_amount) AS DOUBLE) / NULLIF(SUM(orders), 0) AS value -- Value per order of the month.
FROM months
LEFT JOIN chosen ON chosen.month = months.month
GROUP BY months.month
ORDER BY months.month
