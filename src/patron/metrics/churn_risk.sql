-- Title: Churn risk
-- Unit: customers
-- How many customers have been silent for how long. Unknown where there is neither a purchase nor a
-- registration date.
SELECT
    churn_risk_score,                                                       -- 1 to 5, 5 the longest silence.
    CASE churn_risk_score
        WHEN 1 THEN 'Very low' WHEN 2 THEN 'Low' WHEN 3 THEN 'Medium' WHEN 4 THEN 'High' WHEN 5 THEN 'Very high'
        ELSE 'Unknown'
    END AS label,                                                           -- The score in words.
    CAST(SUM(customers) AS BIGINT) AS customers,                            -- Customers of that score.
    CAST(SUM(customers) AS DOUBLE) / SUM(SUM(customers)) OVER () AS share   -- Of all customers, 0 to 1.
FROM slices
GROUP BY churn_risk_score
ORDER BY churn_risk_score ASC NULLS LAST
