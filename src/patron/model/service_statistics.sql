-- Each customer's contacts with customer service, and the latest of them; on one day the contact with the
-- highest interaction_id is the latest.
-- Grain: one row per customer who was in touch.
-- Kept as: batch step
WITH contacts AS (
    SELECT customer_id, interaction_id, interaction_date, interaction_type, resolution_status, satisfaction_score
    FROM customer_service
    WHERE interaction_date <= $as_of
),

totals AS (
    SELECT
        customer_id,
        COUNT(*) AS total_interactions,
        COUNT(*) FILTER (WHERE LOWER(resolution_status) = 'resolved') AS resolved_interactions,
        SUM(satisfaction_score) AS satisfaction_points,
        COUNT(satisfaction_score) AS satisfaction_scores,
        MAX(interaction_date) AS interaction_date
    FROM contacts
    GROUP BY customer_id
),

latest AS (
    SELECT customer_id, MAX(interaction_id) AS interaction_id
    FROM contacts
    INNER JOIN totals USING (customer_id, interaction_date)
    GROUP BY customer_id
)

SELECT
    totals.customer_id,                                          -- The customer's key.
    totals.total_interactions,                                   -- Contacts with customer service.
    totals.resolved_interactions,                                -- Contacts that were resolved.
    CAST(totals.satisfaction_points AS BIGINT) AS satisfaction_points,  -- Sum of the scores given.
    totals.satisfaction_scores,                                  -- Scores given.
    totals.interaction_date AS last_interaction_date,            -- The latest contact's day.
    contacts.interaction_type AS last_interaction_type           -- The latest contact's kind.
FROM totals
INNER JOIN latest ON latest.customer_id = totals.customer_id
INNER JOIN contacts
    ON contacts.customer_id = latest.customer_id AND contacts.interaction_id = latest.interaction_id
