-- Each customer's preferred marketing channel: the one with most positive answers; of equals the one answered
-- latest; of equals the first in alphabet. Campaigns of an unknown channel do not compete.
-- Grain: one row per customer who answered positively on a known channel.
-- Kept as: batch step
WITH channel_answers AS (
    SELECT
        customer_id,
        channel,
        SUM(positive_answers) AS answers,
        MAX(last_positive_answer) AS last_answer
    FROM campaign_answers
    INNER JOIN marketing_campaigns USING (campaign_id)
    WHERE positive_answers > 0 AND channel IS NOT NULL
    GROUP BY customer_id, channel
),

most_answers AS (
    SELECT customer_id, MAX(answers) AS answers
    FROM channel_answers
    GROUP BY customer_id
),

most_answered AS (
    SELECT customer_id, channel, last_answer
    FROM channel_answers
    INNER JOIN most_answers USING (customer_id, answers)
),

latest_answer AS (
    SELECT customer_id, MAX(last_answer) AS last_answer
    FROM most_answered
    GROUP BY customer_id
)

SELECT
    customer_id,                               -- The customer's key.
    MIN(channel) AS preferred_marketing_channel  -- Channel with most positive answers, then latest, then first.
FROM most_answered
INNER JOIN latest_answer USING (customer_id, last_answer)
GROUP BY customer_id
