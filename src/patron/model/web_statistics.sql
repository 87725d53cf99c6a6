-- Each customer's visits to the website.
-- Grain: one row per customer who visited.
-- Kept as: batch step
SELECT
    customer_id,                                            -- The customer's key.
    COUNT(*) AS total_website_visits,                       -- Sessions on the website.
    CAST(SUM(pages_viewed) AS BIGINT) AS pages_viewed,      -- Pages seen in all sessions.
    COUNT(pages_viewed) AS visits_with_pages,               -- Sessions whose pages are known.
    CAST(SUM(time_spent) AS BIGINT) AS time_spent,          -- Seconds spent in all sessions.
    COUNT(time_spent) AS visits_with_time,                  -- Sessions whose length is known.
    MAX(visit_date) AS last_visit_date                      -- Latest visit.
FROM website_behavior
WHERE visit_date <= $as_of
GROUP BY customer_id
