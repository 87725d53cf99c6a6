-- The build that customer_360 shows, and the settings it was made with.
-- Grain: one row; none before the first build.
-- Kept as: shop table
SELECT
    CAST($build_id AS BIGINT) AS build_id,                                   -- The build's number.
    CAST($as_of AS DATE) AS as_of,                                           -- The last day whose facts count.
    CAST($high_value_above AS DECIMAL(18, 2)) AS high_value_above,           -- 'High Value' lies above.
    CAST($medium_value_above AS DECIMAL(18, 2)) AS medium_value_above,       -- 'Medium Value' lies above.
    CAST($churn_days_1 AS INTEGER) AS churn_days_1,                          -- More days of silence: risk 2.
    CAST($churn_days_2 AS INTEGER) AS churn_days_2,                          -- More days of silence: risk 3.
    CAST($churn_days_3 AS INTEGER) AS churn_days_3,                          -- More days of silence: risk 4.
    CAST($churn_days_4 AS INTEGER) AS churn_days_4                           -- More days of silence: risk 5.
