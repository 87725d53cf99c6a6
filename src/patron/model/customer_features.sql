-- What is counted and added up of each customer, and what each likes best: all that depends neither on the other
-- customers nor on how long ago things were. A build computes these rows anew only for the customers whose facts
-- changed. Means, rates and scores are made of them when they are read.
-- Grain: one row per customer registered on or before as_of, or on a day nobody knows.
-- Kept as: customer table
WITH registered AS (
    SELECT customer_id, first_name, last_name, email, phone_number, date_of_birth, registration_date
    FROM customer_info
    WHERE registration_date IS NULL OR registration_date <= $as_of
)

SELECT
    registered.customer_id,               -- The customer's key.
    first_name,                           -- Given name, as it is.
    last_name,                            -- Family name, as it is.
    email,                                -- E-mail address, as it is.
    phone_number,                         -- Telephone number, as it is.
    date_of_birth,                        -- Date of birth, as it is.
    registration_date,                    -- The day the customer became known; None where nobody knows.
    COALESCE(total_purchases, 0)
    AS total_purchases,                   -- Orders: distinct order_id among purchases, plus purchases without one.
    COALESCE(purchase_rows, 0)
    AS purchase_rows,                     -- Purchase rows that are no returns.
    COALESCE(total_returns, 0)
    AS total_returns,                     -- Return rows: those with a total_amount below 0.
    CAST(COALESCE(total_lifetime_value, 0) AS DECIMAL(18, 2))
    AS total_lifetime_value,              -- Sum of total_amount, returns included.
    purchased_amount,                     -- Sum of total_amount of purchases that are no returns.
    first_purchase_date,                  -- The first purchase that is no return.
    last_purchase_date,                   -- The latest purchase that is no return.
    favorite_product_category,            -- Category with most purchase rows, then most spend, then first in alphabet.
    favorite_brand,                       -- Brand with most purchase rows, then most spend, then first in alphabet.
    COALESCE(total_interactions, 0)
    AS total_interactions,                -- Contacts with customer service.
    COALESCE(resolved_interactions, 0)
    AS resolved_interactions,             -- Contacts whose status is 'resolved', in any letter case.
    satisfaction_points,                  -- Sum of the satisfaction scores given.
    satisfaction_scores,                  -- Satisfaction scores given.
    last_interaction_date,                -- The latest contact's day.
    last_interaction_type,                -- The latest contact's kind; on one day, of the highest interaction_id.
    COALESCE(campaigns_engaged, 0)
    AS campaigns_engaged,                 -- Distinct campaigns answered, in whatever way.
    campaigns_liked,                      -- Distinct campaigns answered positively.
    COALESCE(answers, 0)
    AS answers,                           -- Answers to campaigns, of whatever type.
    COALESCE(positive_responses, 0)
    AS positive_responses,                -- Answers of a positive type: click, purchase, positive, unless set otherwise.
    preferred_marketing_channel,          -- Channel with most positive answers, then latest, then first in alphabet.
    COALESCE(total_website_visits, 0)
    AS total_website_visits,              -- Sessions on the website.
    pages_viewed,                         -- Pages seen in all sessions.
    visits_with_pages,                    -- Sessions whose pages are known.
    time_spent,                           -- Seconds spent in all sessions.
    visits_with_time,                     -- Sessions whose length is known.
    last_visit_date,                      -- The latest session's day.
    COALESCE(view_statistics.product_views, 0)
    AS product_views,                     -- Products looked at on the website, each time counted.
    most_viewed_product_category          -- Category with most product views, then latest, then first in alphabet.
FROM registered
LEFT JOIN purchase_statistics USING (customer_id)
LEFT JOIN favorite_category USING (customer_id)
LEFT JOIN favorite_brand USING (customer_id)
LEFT JOIN service_statistics USING (customer_id)
LEFT JOIN campaign_engagement USING (customer_id)
LEFT JOIN preferred_channel USING (customer_id)
LEFT JOIN web_statistics USING (customer_id)
LEFT JOIN view_statistics USING (customer_id)
LEFT JOIN most_viewed_category USING (customer_id)
