-- How satisfied each customer was, day by day.
-- Grain: one row per customer, day and satisfaction score given.
-- Kept as: customer table
SELECT
    customer_service.customer_id,                   -- Who answered.
    interaction_date AS answered_on,                -- The day of the contact.
    satisfaction_score AS score,                    -- The score, 1 to 5.
    COUNT(*) AS answers                             -- How often it was given.
FROM customer_service
JOIN customer_info
    ON customer_info.customer_id = customer_service.customer_id
    AND (registration_date IS NULL OR registration_date <= $as_of)
WHERE interaction_date <= $as_of AND satisfaction_score IS NOT NULL
GROUP BY customer_service.customer_id, interaction_date, satisfaction_score
