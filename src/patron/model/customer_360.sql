-- The one row per customer that everything else in Patron stands on.
-- Grain: one row per customer.
-- Kept as: view
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
    days_since_last_purchase,       -- Days from last_purchase_date to as_of.
    days_since_last_visit,          -- Days from last_visit_date to as_of.
    annual_spend,                   -- total_lifetime_value per day since registration, times 365.
    resolution_rate,                -- Percent of contacts that were resolved.
    campaign_response_rate,         -- Percent of campaigns answered positively; never above 100.
    customer_lifetime_value,        -- total_lifetime_value * (1 + campaign_response_rate / 100), to the cent.
    customer_segment,               -- High, Medium or Low Value by total_lifetime_value.
    recency_score,                  -- 1 to 5 by last_purchase_date, 5 the latest; None without a purchase.
    frequency_score,                -- 1 to 5 by total_purchases, 5 the most; None without a purchase.
    monetary_score,                 -- 1 to 5 by total_lifetime_value, 5 the most; None without a purchase.
    CASE
        WHEN recency_score IS NULL THEN 'No Purchases'
        WHEN recency_score = 5 THEN
            CASE WHEN frequency_score = 1 THEN 'New Customers'
                WHEN frequency_score <= 3 THEN 'Potential Loyalists' ELSE 'Champions' END
        WHEN recency_score = 4 THEN
            CASE WHEN frequency_score = 1 THEN 'Promising'
                WHEN frequency_score <= 3 THEN 'Potential Loyalists' ELSE 'Loyal Customers' END
        WHEN recency_score = 3 THEN
            CASE WHEN frequency_score <= 2 THEN 'About to Sleep'
                WHEN frequency_score = 3 THEN 'Need Attention' ELSE 'Loyal Customers' END
        WHEN frequency_score <= 2 THEN 'Hibernating'
        WHEN frequency_score <= 4 THEN 'At Risk'
        ELSE 'Can''t Lose Them'
    END AS rfm_segment,             -- Name of the pair of recency_score and frequency_score.
    churn_risk_score,               -- 1 to 5 by days since the last purchase, or since registration without one.
    engagement_score,               -- 0 to 250, of orders, visits, campaigns and satisfaction, each up to a limit.
    as_of                           -- The build's date: no later fact is counted.
FROM customer_scores
