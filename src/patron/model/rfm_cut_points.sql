-- The cut points of the RFM scores: discrete percentiles among customers with a purchase, or fixed ones where
-- the settings give them. A score is 1 plus the number of cut points that the customer's value exceeds.
-- Days and numbers of orders are few, so customers are counted up to each of them: a percentile is the first up to
-- which there are enough. Amounts are many, and sorted.
-- Grain: one row per cut point, four in all.
-- Kept as: shop table
WITH days AS (
    SELECT
        last_purchase_date AS day,
        SUM(COUNT(*)) OVER (ORDER BY last_purchase_date) AS up_to_it,
        SUM(COUNT(*)) OVER () AS customers
    FROM customer_features
    WHERE total_purchases > 0
    GROUP BY last_purchase_date
),

order_numbers AS (
    SELECT
        total_purchases AS orders,
        SUM(COUNT(*)) OVER (ORDER BY total_purchases) AS up_to_it,
        SUM(COUNT(*)) OVER () AS customers
    FROM customer_features
    WHERE total_purchases > 0
    GROUP BY total_purchases
),

amounts AS (
    SELECT PERCENTILE_DISC([0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY total_lifetime_value) AS monetary
    FROM customer_features
    WHERE total_purchases > 0
),

cuts AS (
    SELECT 1 AS cut_point, monetary[1] AS monetary,
        $recency_cut_1 AS days, $frequency_cut_1 AS orders, $monetary_cut_1 AS amount
    FROM amounts
    UNION ALL
    SELECT 2, monetary[2], $recency_cut_2, $frequency_cut_2, $monetary_cut_2 FROM amounts
    UNION ALL
    SELECT 3, monetary[3], $recency_cut_3, $frequency_cut_3, $monetary_cut_3 FROM amounts
    UNION ALL
    SELECT 4, monetary[4], $recency_cut_4, $frequency_cut_4, $monetary_cut_4 FROM amounts
),

recency AS (
    SELECT cut_point, MIN(day) AS day
    FROM cuts
    JOIN days ON up_to_it * 5 >= days.customers * cut_point
    GROUP BY cut_point
),

frequency AS (
    SELECT cut_point, MIN(order_numbers.orders) AS orders
    FROM cuts
    JOIN order_numbers ON up_to_it * 5 >= order_numbers.customers * cut_point
    GROUP BY cut_point
)

SELECT
    CAST(cuts.cut_point AS INTEGER) AS cut_point,                                          -- 1 to 4, the lowest first.
    COALESCE($as_of - CAST(cuts.days AS INTEGER), CAST(recency.day AS DATE)) AS recency,   -- A last_purchase_date.
    COALESCE(CAST(cuts.orders AS BIGINT), CAST(frequency.orders AS BIGINT)) AS frequency,  -- A number of orders.
    CAST(COALESCE(CAST(amount AS DECIMAL(18, 2)), CAST(monetary AS DECIMAL(18, 2))) AS DECIMAL(18, 2))
        AS monetary                                                                        -- A total_lifetime_value.
FROM cuts
LEFT JOIN recency ON recency.cut_point = cuts.cut_point
LEFT JOIN frequency ON frequency.cut_point = cuts.cut_point
