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
)

SELECT
    customer_id,                              -- The customer's key.
    channel AS preferred_marketing_channel    -- Channel with most positive answers, then latest, then first.
FROM channel_answers
QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY answers DESC, last_answer DESC, channel) = 1
