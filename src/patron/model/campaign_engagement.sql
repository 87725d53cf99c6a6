-- How each customer takes to campaigns on the whole.
-- Grain: one row per customer who answered a campaign.
-- Kept as: batch step
SELECT
    customer_id,                                                      -- The customer's key.
    COUNT(*) AS campaigns_engaged,                                    -- Campaigns answered.
    COUNT(*) FILTER (WHERE positive_answers > 0) AS campaigns_liked,  -- Campaigns answered positively.
    CAST(SUM(answers) AS BIGINT) AS answers,                          -- Answers of whatever type.
    CAST(SUM(positive_answers) AS BIGINT) AS positive_responses       -- Positive answers.
FROM campaign_answers
GROUP BY customer_id
