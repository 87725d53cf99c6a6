-- Means, rates and values that are made of one customer's counts and sums. They are computed when they are read:
-- a row of counts is smaller to keep than one of fractions. Beside them it has all columns of customer_features.
-- Grain: one row per customer.
-- Kept as: view
WITH counted AS (
    SELECT
        *,
        CAST(satisfaction_points AS DOUBLE) / NULLIF(satisfaction_scores, 0)
            AS average_satisfaction_score,      -- Mean of the satisfaction scores given, 1 to 5.
        CAST(ABS(CAST(total_lifetime_value AS DECIMAL(38, 2))) * 100 AS BIGINT)
            AS cents                            -- total_lifetime_value in cents, without its sign.
    FROM customer_features
),

-- The bonus is cents * campaigns_liked / campaigns_engaged, rounded half up: in whole numbers, since floating
-- point would differ by a cent here and there; in two parts, since cents * campaigns could overflow.
valued AS (
    SELECT
        *,
        cents // NULLIF(campaigns_engaged, 0) * campaigns_liked
        + (2 * (cents % NULLIF(campaigns_engaged, 0)) * campaigns_liked + campaigns_engaged)
        // NULLIF(2 * campaigns_engaged, 0)
        AS bonus_cents  -- What liking campaigns adds to the value, in cents.
    FROM counted
)

SELECT
    *,
    CAST(purchased_amount AS DOUBLE)
    / NULLIF(total_purchases, 0) AS average_order_value,       -- Sum of total_amount of purchases that are no returns, per order.
    CAST(pages_viewed AS DOUBLE)
    / NULLIF(visits_with_pages, 0) AS average_pages_per_visit,  -- Mean pages viewed per session.
    CAST(time_spent AS DOUBLE)
    / NULLIF(visits_with_time, 0) AS average_time_spent_on_site,    -- Mean seconds per session.
    CAST(100 * resolved_interactions AS DOUBLE)
    / NULLIF(total_interactions, 0) AS resolution_rate,         -- Percent of contacts that were resolved.
    CAST(100 * campaigns_liked AS DOUBLE)
    / NULLIF(campaigns_engaged, 0) AS campaign_response_rate,   -- Percent of campaigns answered positively; never above 100.
    CAST(
        total_lifetime_value + SIGN(total_lifetime_value) * CAST(COALESCE(bonus_cents, 0) AS DECIMAL(18, 0)) * 0.01
        AS DECIMAL(18, 2)
    ) AS customer_lifetime_value,  -- total_lifetime_value * (1 + campaign_response_rate / 100), to the cent.
    CAST(
        LEAST(total_purchases, 10) * 10
        + LEAST(total_website_visits, 10) * 5
        + LEAST(campaigns_engaged, 5) * 10
        + LEAST(FLOOR(COALESCE(average_satisfaction_score, 0) + 0.5), 5) * 10
        AS INTEGER
    ) AS engagement_score           -- 0 to 250, of orders, visits, campaigns and satisfaction, each up to a limit.
FROM valued
