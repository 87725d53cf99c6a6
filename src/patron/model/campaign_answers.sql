-- How each customer answered each campaign.
-- Grain: one row per customer and campaign answered.
-- Kept as: batch step
SELECT
    customer_id,                                                                        -- The customer's key.
    campaign_id,                                                                        -- The campaign.
    COUNT(*) AS answers,                                                                -- Answers of whatever type.
    COUNT(*) FILTER (
        WHERE LOWER(response_type) = ANY ($positive_response_types)
    ) AS positive_answers,                                                              -- Positive answers.
    MAX(response_date) FILTER (
        WHERE LOWER(response_type) = ANY ($positive_response_types)
    ) AS last_positive_answer                                                           -- The latest one's day.
FROM campaign_responses
WHERE response_date <= $as_of
GROUP BY customer_id, campaign_id
