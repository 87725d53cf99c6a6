-- How often each satisfaction score was given.
SELECT
    satisfaction_score AS score,    -- 1 to 5.
    COUNT(*) AS answers             -- How often it was given.
FROM customer_service
JOIN customer_360 ON customer_360.customer_id = customer_service.customer_id
WHERE satisfaction_score IS NOT NULL AND interaction_date BETWEEN $from_day AND $to_day
GROUP BY satisfaction_score
ORDER BY satisfaction_score
