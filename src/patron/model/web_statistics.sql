-- Each customer's visits to the website.
-- Grain: one row per customer who visited.
-- Kept as: batch step
SELECT
    customer_id,                                                                          -- The customer's key.
    COUNT(*) AS total_website_visits,                                                     -- Sessions on the website.
    CAST(SUM(pages_viewed) AS DOUBLE) / COUNT(pages_viewed) AS average_pages_per_visit,   -- Mean pages.
    CAST(SUM(time_spent) AS DOUBLE) / COUNT(time_spent) AS average_time_spent_on_site,    -- Mean seconds.
    MAX(visit_date) AS last_visit_date                                                    -- Latest visit.
FROM website_behavior
WHERE visit_date <= $as_of
GROUP BY customer_id
