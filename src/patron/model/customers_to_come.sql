-- Customers with something dated after as_of: a later build must compute them again even if nothing new is loaded.
-- Grain: one row per customer with a registration or a fact after as_of.
-- Kept as: customer table
WITH coming AS (
    SELECT customer_id, registration_date AS day FROM customer_info WHERE registration_date > $as_of
    UNION ALL
    SELECT customer_id, purchase_date FROM purchase_transactions WHERE purchase_date > $as_of
    UNION ALL
    SELECT customer_id, interaction_date FROM customer_service WHERE interaction_date > $as_of
    UNION ALL
    SELECT customer_id, response_date FROM campaign_responses WHERE response_date > $as_of
    UNION ALL
    SELECT customer_id, visit_date FROM website_behavior WHERE visit_date > $as_of
    UNION ALL
    SELECT customer_id, CAST(viewed_at AS DATE) FROM product_views WHERE CAST(viewed_at AS DATE) > $as_of
)

SELECT
    customer_id,               -- The customer's key.
    MIN(day) AS comes_on       -- The first day on which a build sees it.
FROM coming
GROUP BY customer_id
