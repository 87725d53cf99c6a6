-- customer_360 with the columns and names of the first founding document, for those who wrote against it.
-- Grain: one row per customer.
-- Kept as: view
SELECT
    customer_id,                    -- The customer's key.
    first_name,                     -- Given name, as it is.
    last_name,                      -- Family name, as it is.
    email,                          -- E-mail address, as it is.
    phone_number,                   -- Telephone number, as it is.
    date_of_birth,                  -- Date of birth, as it is.
    registration_date,              -- The day the customer became known.
    total_lifetime_value,           -- Sum of total_amount, returns included.
    total_purchases,                -- Orders, each counted once.
    last_purchase_date,             -- The latest purchase.
    favorite_product_category,      -- Category bought most.
    favorite_brand,                 -- Brand bought most.
    average_order_value,            -- Value of purchases per order.
    customer_segment,               -- High, Medium or Low Value.
    recency_score,                  -- 1 to 5, 5 bought latest.
    frequency_score,                -- 1 to 5, 5 bought most often.
    monetary_score,                 -- 1 to 5, 5 spent most.
    last_interaction_date,          -- The latest contact's day.
    last_interaction_type,          -- The latest contact's kind.
    average_satisfaction_score,     -- Mean of the satisfaction scores given.
    total_website_visits,           -- Sessions on the website.
    average_time_spent_on_site,     -- Mean seconds per session.
    most_viewed_product_category,   -- Category viewed most.
    campaign_response_rate,         -- Percent of campaigns answered positively.
    preferred_marketing_channel,    -- Channel with most positive answers.
    churn_risk_score                -- 1 to 5 by days of silence.
FROM customer_360
