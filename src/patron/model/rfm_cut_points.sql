-- The cut points of the RFM scores: discrete percentiles among customers with a purchase, or fixed ones where
-- the settings give them. A score is 1 plus the number of cut points that the customer's value exceeds.
-- Grain: one row per cut point, four in all.
-- Kept as: shop table
WITH percentiles AS (
    SELECT
        PERCENTILE_DISC([0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY last_purchase_date) AS recency,
        PERCENTILE_DISC([0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY total_purchases) AS frequency,
        PERCENTILE_DISC([0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY total_lifetime_value) AS monetary
    FROM customer_features
    WHERE total_purchases > 0
),

cuts AS (
    SELECT 1 AS cut_point, recency[1] AS recency, frequency[1] AS frequency, monetary[1] AS monetary,
        $recency_cut_1 AS days, $frequency_cut_1 AS orders, $monetary_cut_1 AS amount
    FROM percentiles
    UNION ALL
    SELECT 2, recency[2], frequency[2], monetary[2], $recency_cut_2, $frequency_cut_2, $monetary_cut_2
    FROM percentiles
    UNION ALL
    SELECT 3, recency[3], frequency[3], monetary[3], $recency_cut_3, $frequency_cut_3, $monetary_cut_3
    FROM percentiles
    UNION ALL
    SELECT 4, recency[4], frequency[4], monetary[4], $recency_cut_4, $frequency_cut_4, $monetary_cut_4
    FROM percentiles
)

SELECT
    CAST(cut_point AS INTEGER) AS cut_point,                                               -- 1 to 4, the lowest first.
    COALESCE($as_of - CAST(days AS INTEGER), CAST(recency AS DATE)) AS recency,            -- A last_purchase_date.
    COALESCE(CAST(orders AS BIGINT), CAST(frequency AS BIGINT)) AS frequency,              -- A number of orders.
    CAST(COALESCE(CAST(amount AS DECIMAL(18, 2)), CAST(monetary AS DECIMAL(18, 2))) AS DECIMAL(18, 2))
        AS monetary                                                                        -- A total_lifetime_value.
FROM cuts
