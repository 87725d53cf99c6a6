-- Everything known of a customer that depends neither on the other customers nor on how long ago things were.
-- A build computes these rows anew only for the customers whose facts changed.
-- Grain: one row per customer.
-- Kept as: customer table
WITH joined AS (
    SELECT
        customer_base.customer_id, first_name, last_name, email, phone_number, date_of_birth, registration_date,
        COALESCE(total_purchases, 0) AS total_purchases,
        COALESCE(total_returns, 0) AS total_returns,
        CAST(COALESCE(total_lifetime_value, 0) AS DECIMAL(18, 2)) AS total_lifetime_value,
        CAST(purchased_amount AS DOUBLE) / NULLIF(total_purchases, 0) AS average_order_value,
        first_purchase_date, last_purchase_date, favorite_product_category, favorite_brand,
        COALESCE(total_interactions, 0) AS total_interactions,
        COALESCE(resolved_interactions, 0) AS resolved_interactions,
        average_satisfaction_score, last_interaction_date, last_interaction_type,
        COALESCE(campaigns_engaged, 0) AS campaigns_engaged,
        campaigns_liked,
        COALESCE(positive_responses, 0) AS positive_responses,
        preferred_marketing_channel,
        COALESCE(total_website_visits, 0) AS total_website_visits,
        average_pages_per_visit, average_time_spent_on_site, last_visit_date, most_viewed_product_category,
        CAST(ABS(CAST(total_lifetime_value AS DECIMAL(38, 2))) * 100 AS BIGINT) AS cents
    FROM customer_base
    LEFT JOIN purchase_statistics ON purchase_statistics.customer_id = customer_base.customer_id
    LEFT JOIN favorite_category ON favorite_category.customer_id = customer_base.customer_id
    LEFT JOIN favorite_brand ON favorite_brand.customer_id = customer_base.customer_id
    LEFT JOIN service_statistics ON service_statistics.customer_id = customer_base.customer_id
    LEFT JOIN campaign_engagement ON campaign_engagement.customer_id = customer_base.customer_id
    LEFT JOIN preferred_channel ON preferred_channel.customer_id = customer_base.customer_id
    LEFT JOIN web_statistics ON web_statistics.customer_id = customer_base.customer_id
    LEFT JOIN most_viewed_category ON most_viewed_category.customer_id = customer_base.customer_id
),

-- What liking campaigns adds to a value: cents * campaigns_liked / campaigns_engaged, rounded half up. In whole
-- numbers, since floating point would differ by a cent here and there; in two parts, since cents * campaigns
-- could overflow.
valued AS (
    SELECT
        *,
        cents // NULLIF(campaigns_engaged, 0) * campaigns_liked
        + (2 * (cents % NULLIF(campaigns_engaged, 0)) * campaigns_liked + campaigns_engaged) // NULLIF(2 * campaigns_engaged, 0)
            AS bonus_cents
    FROM joined
)

SELECT
    customer_id,                    -- The customer's key.
    first_name,                     -- Given name, as it is.
    last_name,                      -- Family name, as it is.
    email,                          -- E-mail address, as it is.
    phone_number,                   -- Telephone number, as it is.
    date_of_birth,                  -- Date of birth, as it is.
    registration_date,              -- The day the customer became known; None where nobody knows.
    total_purchases,                -- Orders: distinct order_id among purchases, plus purchases without one.
    total_returns,                  -- Return rows: those with a total_amount below 0.
    total_lifetime_value,           -- Sum of total_amount, returns included.
    average_order_value,            -- Sum of total_amount of purchases that are no returns, per order.
    first_purchase_date,            -- The first purchase that is no return.
    last_purchase_date,             -- The latest purchase that is no return.
    favorite_product_category,      -- Category with most purchase rows, then most spend, then first in alphabet.
    favorite_brand,                 -- Brand with most purchase rows, then most spend, then first in alphabet.
    total_interactions,             -- Contacts with customer service.
    resolved_interactions,          -- Contacts whose status is 'resolved', in any letter case.
    average_satisfaction_score,     -- Mean of the satisfaction scores given, 1 to 5.
    last_interaction_date,          -- The latest contact's day.
    last_interaction_type,          -- The latest contact's kind; on one day, of the highest interaction_id.
    campaigns_engaged,              -- Distinct campaigns answered, in whatever way.
    positive_responses,             -- Answers of a positive type: click, purchase, positive, unless set otherwise.
    preferred_marketing_channel,    -- Channel with most positive answers, then latest, then first in alphabet.
    total_website_visits,           -- Sessions on the website.
    average_pages_per_visit,        -- Mean pages viewed per session.
    average_time_spent_on_site,     -- Mean seconds per session.
    last_visit_date,                -- The latest session's day.
    most_viewed_product_category,   -- Category with most product views, then latest, then first in alphabet.
    CAST(100 * resolved_interactions AS DOUBLE)
    / NULLIF(total_interactions, 0) AS resolution_rate,         -- Percent of contacts that were resolved.
    CAST(100 * campaigns_liked AS DOUBLE)
    / NULLIF(campaigns_engaged, 0) AS campaign_response_rate,   -- Percent of campaigns answered positively; never above 100.
    CAST(
        total_lifetime_value + SIGN(total_lifetime_value) * CAST(COALESCE(bonus_cents, 0) AS DECIMAL(18, 0)) * 0.01
        AS DECIMAL(18, 2)
    ) AS customer_lifetime_value,   -- total_lifetime_value * (1 + campaign_response_rate / 100), to the cent.
    CAST(
        LEAST(total_purchases, 10) * 10
        + LEAST(total_website_visits, 10) * 5
        + LEAST(campaigns_engaged, 5) * 10
        + LEAST(FLOOR(COALESCE(average_satisfaction_score, 0) + 0.5), 5) * 10
        AS INTEGER
    ) AS engagement_score           -- 0 to 250, of orders, visits, campaigns and satisfaction, each up to a limit.
FROM valued
