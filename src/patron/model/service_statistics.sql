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
        COUNT(satisfaction_score) AS satisfaction_scores
    FROM contacts
    GROUP BY customer_id
),

latest AS (
    SELECT customer_id, interaction_date, interaction_type
    FROM contacts
    QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY interaction_date DESC, interaction_id DESC) = 1
)

SELECT
    customer_id,                                                   -- The customer's key.
    totals.total_interactions,                                     -- Contacts with customer service.
    totals.resolved_interactions,                                  -- Contacts that were resolved.
    CAST(totals.satisfaction_points AS BIGINT)
        AS satisfaction_points,                                    -- Sum of the scores given.
    totals.satisfaction_scores,                                    -- Scores given.
    latest.interaction_date AS last_interaction_date,              -- The latest contact's day.
    latest.interaction_type AS last_interaction_type               -- The latest contact's kind.
FROM totals
INNER JOIN latest USING (customer_id)
