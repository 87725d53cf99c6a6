-- customer_360 by hand on DuckDB, over facts in the order in which they came (by date, customers mixed).
-- Of each preference several ways were timed (row_number, arg_max of a row, one packed key, MAX and join back);
-- what stands here was the fastest. Categories and brands become numbers in alphabetical order, so that the
-- first in alphabet is the smallest and keys stay narrow.

SET preserve_insertion_order = false;

-- GROUP BY customer_id by array instead of by hash table, where ids are as dense as these.
SET perfect_ht_threshold = 20;

CREATE TEMP TABLE product AS
SELECT
    product_id,
    CAST(CASE WHEN category IS NOT NULL THEN DENSE_RANK() OVER (ORDER BY category NULLS LAST) END AS SMALLINT) AS c,
    CAST(CASE WHEN brand IS NOT NULL THEN DENSE_RANK() OVER (ORDER BY brand NULLS LAST) END AS SMALLINT) AS b
FROM product_catalog;

CREATE TEMP TABLE category_name AS
SELECT DISTINCT c, category FROM product INNER JOIN product_catalog USING (product_id) WHERE c IS NOT NULL;

CREATE TEMP TABLE brand_name AS
SELECT DISTINCT b, brand FROM product INNER JOIN product_catalog USING (product_id) WHERE b IS NOT NULL;

CREATE TEMP TABLE purchases AS
SELECT
    customer_id,
    COUNT(*) FILTER (WHERE total_amount >= 0 AND order_id IS NULL) AS single_orders,
    COUNT(*) FILTER (WHERE total_amount < 0) AS total_returns,
    CAST(SUM(total_amount) AS DECIMAL(18, 2)) AS value,
    CAST(SUM(total_amount) FILTER (WHERE total_amount >= 0) AS DECIMAL(18, 2)) AS bought,
    MIN(purchase_date) FILTER (WHERE total_amount >= 0) AS first_purchase_date,
    MAX(purchase_date) FILTER (WHERE total_amount >= 0) AS last_purchase_date
FROM purchase_transactions
WHERE purchase_date <= $as_of
GROUP BY customer_id;

CREATE TEMP TABLE baskets AS
SELECT customer_id, COUNT(*) AS baskets
FROM (
    SELECT DISTINCT customer_id, order_id
    FROM purchase_transactions
    WHERE purchase_date <= $as_of AND total_amount >= 0 AND order_id IS NOT NULL
)
GROUP BY customer_id;

CREATE TEMP TABLE favorite_category AS
SELECT customer_id, ARG_MAX(c, (n, spend, -c)) AS c
FROM (
    SELECT customer_id, c, COUNT(*) AS n, CAST(SUM(total_amount) AS DECIMAL(18, 2)) AS spend
    FROM purchase_transactions INNER JOIN product USING (product_id)
    WHERE purchase_date <= $as_of AND total_amount >= 0 AND c IS NOT NULL
    GROUP BY customer_id, c
)
GROUP BY customer_id;

CREATE TEMP TABLE favorite_brand AS
SELECT customer_id, ARG_MAX(b, (n, spend, -b)) AS b
FROM (
    SELECT customer_id, b, COUNT(*) AS n, CAST(SUM(total_amount) AS DECIMAL(18, 2)) AS spend
    FROM purchase_transactions INNER JOIN product USING (product_id)
    WHERE purchase_date <= $as_of AND total_amount >= 0 AND b IS NOT NULL
    GROUP BY customer_id, b
)
GROUP BY customer_id;

CREATE TEMP TABLE service AS
SELECT
    customer_id,
    COUNT(*) AS total_interactions,
    COUNT(*) FILTER (WHERE LOWER(resolution_status) = 'resolved') AS resolved_interactions,
    AVG(satisfaction_score) AS average_satisfaction_score,
    MAX(interaction_date) AS last_interaction_date,
    ARG_MAX_NULL(interaction_type, (interaction_date, interaction_id)) AS last_interaction_type
FROM customer_service
WHERE interaction_date <= $as_of
GROUP BY customer_id;

CREATE TEMP TABLE answers AS
SELECT
    customer_id,
    campaign_id,
    COUNT(*) FILTER (WHERE LOWER(response_type) IN ('click', 'purchase', 'positive')) AS positive,
    MAX(response_date) FILTER (WHERE LOWER(response_type) IN ('click', 'purchase', 'positive')) AS latest
FROM campaign_responses
WHERE response_date <= $as_of
GROUP BY customer_id, campaign_id;

CREATE TEMP TABLE campaigns AS
SELECT
    customer_id,
    COUNT(*) AS campaigns_engaged,
    COUNT(*) FILTER (WHERE positive > 0) AS liked,
    CAST(SUM(positive) AS BIGINT) AS positive_responses
FROM answers
GROUP BY customer_id;

CREATE TEMP TABLE preferred_channel AS
SELECT customer_id, ARG_MAX(channel, (n, latest, -rank)) AS channel
FROM (
    SELECT customer_id, channel, rank, SUM(positive) AS n, MAX(latest) AS latest
    FROM answers
    INNER JOIN (
        SELECT campaign_id, channel, DENSE_RANK() OVER (ORDER BY channel) AS rank
        FROM marketing_campaigns
        WHERE channel IS NOT NULL
    ) USING (campaign_id)
    WHERE positive > 0
    GROUP BY customer_id, channel, rank
)
GROUP BY customer_id;

CREATE TEMP TABLE web AS
SELECT
    customer_id,
    COUNT(*) AS total_website_visits,
    AVG(pages_viewed) AS average_pages_per_visit,
    AVG(time_spent) AS average_time_spent_on_site,
    MAX(visit_date) AS last_visit_date
FROM website_behavior
WHERE visit_date <= $as_of
GROUP BY customer_id;

CREATE TEMP TABLE viewed AS
SELECT customer_id, ARG_MAX(c, (n, latest, -c)) AS c
FROM (
    SELECT customer_id, c, COUNT(*) AS n, MAX(CAST(viewed_at AS DATE)) AS latest
    FROM product_views INNER JOIN product USING (product_id)
    WHERE CAST(viewed_at AS DATE) <= $as_of AND c IS NOT NULL
    GROUP BY customer_id, c
)
GROUP BY customer_id;

CREATE TEMP TABLE features AS
SELECT
    customer_info.*,
    COALESCE(single_orders, 0) + COALESCE(baskets, 0) AS total_purchases,
    COALESCE(total_returns, 0) AS total_returns,
    CAST(COALESCE(value, 0) AS DECIMAL(18, 2)) AS total_lifetime_value,
    CAST(bought AS DOUBLE) / NULLIF(COALESCE(single_orders, 0) + COALESCE(baskets, 0), 0) AS average_order_value,
    first_purchase_date,
    last_purchase_date,
    bought_category.category AS favorite_product_category,
    brand AS favorite_brand,
    COALESCE(total_interactions, 0) AS total_interactions,
    COALESCE(resolved_interactions, 0) AS resolved_interactions,
    average_satisfaction_score,
    last_interaction_date,
    last_interaction_type,
    COALESCE(campaigns_engaged, 0) AS campaigns_engaged,
    COALESCE(positive_responses, 0) AS positive_responses,
    liked,
    channel AS preferred_marketing_channel,
    COALESCE(total_website_visits, 0) AS total_website_visits,
    average_pages_per_visit,
    average_time_spent_on_site,
    last_visit_date,
    viewed_category.category AS most_viewed_product_category
FROM customer_info
LEFT JOIN purchases USING (customer_id)
LEFT JOIN baskets USING (customer_id)
LEFT JOIN favorite_category USING (customer_id)
LEFT JOIN favorite_brand USING (customer_id)
LEFT JOIN service USING (customer_id)
LEFT JOIN campaigns USING (customer_id)
LEFT JOIN preferred_channel USING (customer_id)
LEFT JOIN web USING (customer_id)
LEFT JOIN viewed USING (customer_id)
LEFT JOIN category_name AS bought_category ON bought_category.c = favorite_category.c
LEFT JOIN category_name AS viewed_category ON viewed_category.c = viewed.c
LEFT JOIN brand_name ON brand_name.b = favorite_brand.b
WHERE registration_date IS NULL OR registration_date <= $as_of;

CREATE TEMP TABLE cuts AS
SELECT
    QUANTILE_DISC(last_purchase_date, [0.2, 0.4, 0.6, 0.8]) AS r,
    QUANTILE_DISC(total_purchases, [0.2, 0.4, 0.6, 0.8]) AS f,
    QUANTILE_DISC(total_lifetime_value, [0.2, 0.4, 0.6, 0.8]) AS m
FROM features
WHERE total_purchases > 0;

CREATE TABLE customer_360 AS
WITH scored AS (
    SELECT
        *,
        CAST($as_of - last_purchase_date AS INTEGER) AS days_since_last_purchase,
        CAST($as_of - last_visit_date AS INTEGER) AS days_since_last_visit,
        $as_of - registration_date AS age,
        CASE WHEN total_purchases > 0 THEN 1 + (last_purchase_date > r[1])::INT + (last_purchase_date > r[2])::INT
            + (last_purchase_date > r[3])::INT + (last_purchase_date > r[4])::INT END AS recency_score,
        CASE WHEN total_purchases > 0 THEN 1 + (total_purchases > f[1])::INT + (total_purchases > f[2])::INT
            + (total_purchases > f[3])::INT + (total_purchases > f[4])::INT END AS frequency_score,
        CASE WHEN total_purchases > 0 THEN 1 + (total_lifetime_value > m[1])::INT + (total_lifetime_value > m[2])::INT
            + (total_lifetime_value > m[3])::INT + (total_lifetime_value > m[4])::INT END AS monetary_score,
        CAST(ABS(total_lifetime_value) * 100 AS BIGINT) AS cents
    FROM features CROSS JOIN cuts
)

SELECT
    customer_id, first_name, last_name, email, phone_number, date_of_birth, registration_date,
    total_purchases, total_returns, total_lifetime_value, average_order_value, first_purchase_date,
    last_purchase_date, favorite_product_category, favorite_brand, total_interactions, resolved_interactions,
    average_satisfaction_score, last_interaction_date, last_interaction_type, campaigns_engaged,
    positive_responses, preferred_marketing_channel, total_website_visits, average_pages_per_visit,
    average_time_spent_on_site, last_visit_date, most_viewed_product_category, days_since_last_purchase,
    days_since_last_visit,
    CAST(total_lifetime_value AS DOUBLE) / NULLIF(age, 0) * 365 AS annual_spend,
    100.0::DOUBLE * resolved_interactions / NULLIF(total_interactions, 0) AS resolution_rate,
    100.0::DOUBLE * liked / NULLIF(campaigns_engaged, 0) AS campaign_response_rate,
    CAST(total_lifetime_value + SIGN(total_lifetime_value)
        * CAST(COALESCE((2 * cents * liked + campaigns_engaged) // NULLIF(2 * campaigns_engaged, 0), 0) AS DECIMAL(18, 0))
        * 0.01 AS DECIMAL(18, 2)) AS customer_lifetime_value,
    CASE WHEN total_lifetime_value > 10000 THEN 'High Value' WHEN total_lifetime_value > 5000 THEN 'Medium Value'
        ELSE 'Low Value' END AS customer_segment,
    recency_score, frequency_score, monetary_score,
    CASE
        WHEN recency_score IS NULL THEN 'No Purchases'
        WHEN recency_score = 5 THEN CASE WHEN frequency_score = 1 THEN 'New Customers'
            WHEN frequency_score <= 3 THEN 'Potential Loyalists' ELSE 'Champions' END
        WHEN recency_score = 4 THEN CASE WHEN frequency_score = 1 THEN 'Promising'
            WHEN frequency_score <= 3 THEN 'Potential Loyalists' ELSE 'Loyal Customers' END
        WHEN recency_score = 3 THEN CASE WHEN frequency_score <= 2 THEN 'About to Sleep'
            WHEN frequency_score = 3 THEN 'Need Attention' ELSE 'Loyal Customers' END
        WHEN frequency_score <= 2 THEN 'Hibernating'
        WHEN frequency_score <= 4 THEN 'At Risk'
        ELSE 'Can''t Lose Them'
    END AS rfm_segment,
    CASE
        WHEN COALESCE(days_since_last_purchase, age) > 365 THEN 5
        WHEN COALESCE(days_since_last_purchase, age) > 180 THEN 4
        WHEN COALESCE(days_since_last_purchase, age) > 90 THEN 3
        WHEN COALESCE(days_since_last_purchase, age) > 30 THEN 2
        WHEN COALESCE(days_since_last_purchase, age) IS NOT NULL THEN 1
    END AS churn_risk_score,
    CAST(LEAST(total_purchases, 10) * 10 + LEAST(total_website_visits, 10) * 5 + LEAST(campaigns_engaged, 5) * 10
        + LEAST(FLOOR(COALESCE(average_satisfaction_score, 0) + 0.5), 5) * 10 AS INTEGER) AS engagement_score,
    $as_of AS as_of
FROM scored;
