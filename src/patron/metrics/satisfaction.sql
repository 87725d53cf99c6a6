-- Title: Satisfaction
-- Unit: points
-- Period: by the day of the contact
-- What customers said after a contact with customer service: their mean score, and CSAT, the share of 4 and 5.
-- Both are None where nobody said anything.
SELECT
    AVG(CAST(satisfaction_score AS DOUBLE)) AS mean,                        -- Mean score, 1 to 5.
    CAST(COUNT(*) FILTER (WHERE satisfaction_score >= 4) AS DOUBLE)
    / NULLIF(COUNT(*), 0) AS csat,                                          -- Share of 4 and 5, 0 to 1.
    COUNT(*) AS answers                                                     -- Scores given.
FROM customer_service
JOIN customer_360 ON customer_360.customer_id = customer_service.customer_id
WHERE satisfaction_score IS NOT NULL AND interaction_date BETWEEN $from_day AND $to_day
