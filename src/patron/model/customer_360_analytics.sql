-- customer_360 with the columns, names and types of the second founding document, for those who wrote against it.
-- Grain: one row per customer.
-- Kept as: view
SELECT
    customer_id,                                                        -- The customer's key.
    first_name,                                                         -- Given name, as it is.
    last_name,                                                          -- Family name, as it is.
    email,                                                              -- E-mail address, as it is.
    phone_number,                                                       -- Telephone number, as it is.
    date_of_birth,                                                      -- Date of birth, as it is.
    registration_date,                                                  -- The day the customer became known.
    CAST(total_purchases AS INTEGER) AS total_purchases,                -- Orders, each counted once.
    CAST(total_lifetime_value AS REAL) AS total_spend,                  -- total_lifetime_value.
    CAST(average_order_value AS REAL) AS avg_order_value,               -- average_order_value.
    last_purchase_date,                                                 -- The latest purchase.
    favorite_product_category AS favorite_category,                     -- favorite_product_category.
    favorite_brand,                                                     -- Brand bought most.
    CAST(total_interactions AS INTEGER) AS total_interactions,          -- Contacts with customer service.
    CAST(average_satisfaction_score AS REAL) AS avg_satisfaction_score, -- average_satisfaction_score.
    CAST(resolved_interactions AS INTEGER) AS resolved_interactions,    -- Contacts that were resolved.
    CAST(campaigns_engaged AS INTEGER) AS campaigns_engaged,            -- Distinct campaigns answered.
    CAST(positive_responses AS INTEGER) AS positive_responses,          -- Positive answers.
    CAST(total_website_visits AS INTEGER) AS total_sessions,            -- total_website_visits.
    CAST(average_pages_per_visit AS REAL) AS avg_pages_per_session,     -- average_pages_per_visit.
    CAST(FLOOR(average_time_spent_on_site + 0.5) AS INTEGER) AS avg_time_per_session, -- Whole seconds, half up.
    last_visit_date,                                                    -- The latest session's day.
    days_since_last_purchase,                                           -- Days to as_of.
    days_since_last_visit,                                              -- Days to as_of.
    CAST(annual_spend AS REAL) AS annual_spend,                         -- Value per day since registration * 365.
    CAST(resolution_rate AS REAL) AS resolution_rate,                   -- Percent of contacts resolved.
    CAST(campaign_response_rate AS REAL) AS campaign_response_rate,     -- Percent of campaigns answered positively.
    CAST(customer_lifetime_value AS DECIMAL(12, 2)) AS customer_lifetime_value, -- As in customer_360.
    CAST(customer_segment AS VARCHAR(20)) AS customer_segment,          -- High, Medium or Low Value.
    churn_risk_score,                                                   -- 1 to 5 by days of silence.
    engagement_score                                                    -- 0 to 250, as in customer_360.
FROM customer_360
