-- Title: Retention rate
-- Unit: rate
-- Of the customers who bought in the 365 days before the last 365 days, the share who bought again in the last
-- 365 days. None when nobody bought then.
WITH customers AS (
    SELECT customer_id, registration_date, as_of, CAST(as_of - INTERVAL 1 YEAR AS DATE) AS earlier
    FROM customer_360
),

purchases AS (
    SELECT
        purchase_transactions.customer_id,
        purchase_date,
        as_of,
        earlier,
        registration_date IS NULL OR registration_date <= earlier AS known_earlier
    FROM purchase_transactions
    JOIN customers ON customers.customer_id = purchase_transactions.customer_id
    WHERE total_amount >= 0 AND purchase_date <= as_of
),

buyers AS (
    SELECT
        customer_id,
        COUNT(*) FILTER (WHERE purchase_date > as_of - 730 AND purchase_date <= as_of - 365) AS first_year,
        COUNT(*) FILTER (WHERE purchase_date > as_of - 365) AS second_year,
        COUNT(*) FILTER (WHERE known_earlier AND purchase_date > earlier - 730 AND purchase_date <= earlier - 365)
            AS earlier_first_year,
        COUNT(*) FILTER (WHERE known_earlier AND purchase_date > earlier - 365 AND purchase_date <= earlier)
            AS earlier_second_year
    FROM purchases
    GROUP BY customer_id
)

SELECT
    CAST(COUNT(*) FILTER (WHERE first_year > 0 AND second_year > 0) AS DOUBLE)
    / NULLIF(COUNT(*) FILTER (WHERE first_year > 0), 0) AS value,               -- A share, 0 to 1.
    CAST(COUNT(*) FILTER (WHERE earlier_first_year > 0 AND earlier_second_year > 0) AS DOUBLE)
    / NULLIF(COUNT(*) FILTER (WHERE earlier_first_year > 0), 0) AS previous_value   -- As known a year earlier.
FROM buyers
