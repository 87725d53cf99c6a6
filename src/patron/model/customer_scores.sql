-- What depends on the date or on the other customers: how long ago things were, and the RFM scores. It is
-- computed when it is read, from the date and the cut points of the build, so it is never out of step with them.
-- Beside the scores it has all columns of customer_rates and current_build.
-- Grain: one row per customer.
-- Kept as: view
WITH cuts AS (
    SELECT
        MAX(recency) FILTER (WHERE cut_point = 1) AS recency_1,
        MAX(recency) FILTER (WHERE cut_point = 2) AS recency_2,
        MAX(recency) FILTER (WHERE cut_point = 3) AS recency_3,
        MAX(recency) FILTER (WHERE cut_point = 4) AS recency_4,
        MAX(frequency) FILTER (WHERE cut_point = 1) AS frequency_1,
        MAX(frequency) FILTER (WHERE cut_point = 2) AS frequency_2,
        MAX(frequency) FILTER (WHERE cut_point = 3) AS frequency_3,
        MAX(frequency) FILTER (WHERE cut_point = 4) AS frequency_4,
        MAX(monetary) FILTER (WHERE cut_point = 1) AS monetary_1,
        MAX(monetary) FILTER (WHERE cut_point = 2) AS monetary_2,
        MAX(monetary) FILTER (WHERE cut_point = 3) AS monetary_3,
        MAX(monetary) FILTER (WHERE cut_point = 4) AS monetary_4
    FROM rfm_cut_points
),

dated AS (
    SELECT
        customer_rates.*,
        current_build.*,
        CAST(DATE_DIFF('day', last_purchase_date, as_of) AS INTEGER) AS days_since_last_purchase,  -- Days up to as_of.
        CAST(DATE_DIFF('day', last_visit_date, as_of) AS INTEGER) AS days_since_last_visit,        -- Days up to as_of.
        CAST(DATE_DIFF('day', registration_date, as_of) AS INTEGER) AS days_since_registration     -- Days up to as_of.
    FROM customer_rates
    CROSS JOIN current_build
)

SELECT
    dated.*,
    CAST(total_lifetime_value AS DOUBLE) / NULLIF(days_since_registration, 0) * 365
        AS annual_spend,                        -- total_lifetime_value per day since registration, times 365.
    CASE
        WHEN total_lifetime_value > high_value_above THEN 'High Value'
        WHEN total_lifetime_value > medium_value_above THEN 'Medium Value'
        ELSE 'Low Value'
    END AS customer_segment,                    -- High, Medium or Low Value by total_lifetime_value.
    CASE WHEN total_purchases > 0 THEN 1
        + CASE WHEN last_purchase_date > recency_1 THEN 1 ELSE 0 END
        + CASE WHEN last_purchase_date > recency_2 THEN 1 ELSE 0 END
        + CASE WHEN last_purchase_date > recency_3 THEN 1 ELSE 0 END
        + CASE WHEN last_purchase_date > recency_4 THEN 1 ELSE 0 END
    END AS recency_score,                       -- 1 to 5 by last_purchase_date; 5 bought latest.
    CASE WHEN total_purchases > 0 THEN 1
        + CASE WHEN total_purchases > frequency_1 THEN 1 ELSE 0 END
        + CASE WHEN total_purchases > frequency_2 THEN 1 ELSE 0 END
        + CASE WHEN total_purchases > frequency_3 THEN 1 ELSE 0 END
        + CASE WHEN total_purchases > frequency_4 THEN 1 ELSE 0 END
    END AS frequency_score,                     -- 1 to 5 by total_purchases; 5 bought most often.
    CASE WHEN total_purchases > 0 THEN 1
        + CASE WHEN total_lifetime_value > monetary_1 THEN 1 ELSE 0 END
        + CASE WHEN total_lifetime_value > monetary_2 THEN 1 ELSE 0 END
        + CASE WHEN total_lifetime_value > monetary_3 THEN 1 ELSE 0 END
        + CASE WHEN total_lifetime_value > monetary_4 THEN 1 ELSE 0 END
    END AS monetary_score,                      -- 1 to 5 by total_lifetime_value; 5 spent most.
    CASE WHEN COALESCE(days_since_last_purchase, days_since_registration) IS NULL THEN NULL ELSE 1
        + CASE WHEN COALESCE(days_since_last_purchase, days_since_registration) > churn_days_1 THEN 1 ELSE 0 END
        + CASE WHEN COALESCE(days_since_last_purchase, days_since_registration) > churn_days_2 THEN 1 ELSE 0 END
        + CASE WHEN COALESCE(days_since_last_purchase, days_since_registration) > churn_days_3 THEN 1 ELSE 0 END
        + CASE WHEN COALESCE(days_since_last_purchase, days_since_registration) > churn_days_4 THEN 1 ELSE 0 END
    END AS churn_risk_score                     -- 1 to 5 by days since the last purchase, or else registration.
FROM dated
CROSS JOIN cuts
