-- customer_360 by hand on PostgreSQL, over the tables and indexes that Patron's procedure has, into a table with a
-- primary key. Of each preference several ways were timed (window functions, MAX and join back, arrays of keys);
-- DISTINCT ON over numbers instead of words was the fastest. "C" makes the alphabet that of code points.
-- Spend is added up as floating point and rounded to whole cents, which is exact at such sums and faster than numeric.
-- {as_of} is the build's date.

CREATE TEMP TABLE product ON COMMIT DROP AS
SELECT
    product_id,
    CASE WHEN category IS NOT NULL THEN DENSE_RANK() OVER (ORDER BY category COLLATE "C") END::int AS c,
    CASE WHEN brand IS NOT NULL THEN DENSE_RANK() OVER (ORDER BY brand COLLATE "C") END::int AS b
FROM product_catalog;

ANALYZE product;

CREATE TEMP TABLE category_name ON COMMIT DROP AS
SELECT DISTINCT c, category FROM product JOIN product_catalog USING (product_id) WHERE c IS NOT NULL;

ANALYZE category_name;

CREATE TEMP TABLE brand_name ON COMMIT DROP AS
SELECT DISTINCT b, brand FROM product JOIN product_catalog USING (product_id) WHERE b IS NOT NULL;

ANALYZE brand_name;

CREATE TEMP TABLE purchases ON COMMIT DROP AS
SELECT
    customer_id,
    COUNT(*) FILTER (WHERE total_amount >= 0 AND order_id IS NULL) AS single_orders,
    COUNT(*) FILTER (WHERE total_amount < 0) AS total_returns,
    SUM(total_amount) AS value,
    SUM(total_amount) FILTER (WHERE total_amount >= 0) AS bought,
    MIN(purchase_date) FILTER (WHERE total_amount >= 0) AS first_purchase_date,
    MAX(purchase_date) FILTER (WHERE total_amount >= 0) AS last_purchase_date
FROM purchase_transactions
WHERE purchase_date <= {as_of}
GROUP BY customer_id;

ANALYZE purchases;

CREATE TEMP TABLE baskets ON COMMIT DROP AS
SELECT customer_id, COUNT(*) AS baskets
FROM (
    SELECT DISTINCT customer_id, order_id
    FROM purchase_transactions
    WHERE purchase_date <= {as_of} AND total_amount >= 0 AND order_id IS NOT NULL
) AS orders
GROUP BY customer_id;

ANALYZE baskets;

CREATE TEMP TABLE favorite_category ON COMMIT DROP AS
SELECT DISTINCT ON (customer_id) customer_id, c
FROM (
    SELECT customer_id, c, COUNT(*) AS n, ROUND(SUM(total_amount::float8) * 100) AS cents
    FROM purchase_transactions JOIN product USING (product_id)
    WHERE purchase_date <= {as_of} AND total_amount >= 0 AND c IS NOT NULL
    GROUP BY customer_id, c
) AS counted
ORDER BY customer_id, n DESC, cents DESC, c;

ANALYZE favorite_category;

CREATE TEMP TABLE favorite_brand ON COMMIT DROP AS
SELECT DISTINCT ON (customer_id) customer_id, b
FROM (
    SELECT customer_id, b, COUNT(*) AS n, ROUND(SUM(total_amount::float8) * 100) AS cents
    FROM purchase_transactions JOIN product USING (product_id)
    WHERE purchase_date <= {as_of} AND total_amount >= 0 AND b IS NOT NULL
    GROUP BY customer_id, b
) AS counted
ORDER BY customer_id, n DESC, cents DESC, b;

ANALYZE favorite_brand;

CREATE TEMP TABLE service ON COMMIT DROP AS
SELECT
    customer_id,
    COUNT(*) AS total_interactions,
    COUNT(*) FILTER (WHERE LOWER(resolution_status) = 'resolved') AS resolved_interactions,
    SUM(satisfaction_score)::float8 / NULLIF(COUNT(satisfaction_score), 0) AS average_satisfaction_score
FROM customer_service
WHERE interaction_date <= {as_of}
GROUP BY customer_id;

ANALYZE service;

CREATE TEMP TABLE last_contact ON COMMIT DROP AS
SELECT DISTINCT ON (customer_id)
    customer_id, interaction_date AS last_interaction_date, interaction_type AS last_interaction_type
FROM customer_service
WHERE interaction_date <= {as_of}
ORDER BY customer_id, interaction_date DESC, interaction_id DESC;

ANALYZE last_contact;

CREATE TEMP TABLE answers ON COMMIT DROP AS
SELECT
    customer_id,
    campaign_id,
    COUNT(*) FILTER (WHERE LOWER(response_type) IN ('click', 'purchase', 'positive')) AS positive,
    MAX(response_date) FILTER (WHERE LOWER(response_type) IN ('click', 'purchase', 'positive')) AS latest
FROM campaign_responses
WHERE response_date <= {as_of}
GROUP BY customer_id, campaign_id;

ANALYZE answers;

CREATE TEMP TABLE campaigns ON COMMIT DROP AS
SELECT
    customer_id,
    COUNT(*) AS campaigns_engaged,
    COUNT(*) FILTER (WHERE positive > 0) AS liked,
    SUM(positive)::bigint AS positive_responses
FROM answers
GROUP BY customer_id;

ANALYZE campaigns;

CREATE TEMP TABLE preferred_channel ON COMMIT DROP AS
SELECT DISTINCT ON (customer_id) customer_id, channel
FROM (
    SELECT customer_id, channel, SUM(positive) AS n, MAX(latest) AS latest
    FROM answers JOIN marketing_campaigns USING (campaign_id)
    WHERE positive > 0 AND channel IS NOT NULL
    GROUP BY customer_id, channel
) AS counted
ORDER BY customer_id, n DESC, latest DESC, channel COLLATE "C";

ANALYZE preferred_channel;

CREATE TEMP TABLE web ON COMMIT DROP AS
SELECT
    customer_id,
    COUNT(*) AS total_website_visits,
    SUM(pages_viewed)::float8 / NULLIF(COUNT(pages_viewed), 0) AS average_pages_per_visit,
    SUM(time_spent)::float8 / NULLIF(COUNT(time_spent), 0) AS average_time_spent_on_site,
    MAX(visit_date) AS last_visit_date
FROM website_behavior
WHERE visit_date <= {as_of}
GROUP BY customer_id;

ANALYZE web;

CREATE TEMP TABLE viewed ON COMMIT DROP AS
SELECT DISTINCT ON (customer_id) customer_id, c
FROM (
    SELECT customer_id, c, COUNT(*) AS n, MAX(viewed_at)::date AS latest
    FROM product_views JOIN product USING (product_id)
    WHERE viewed_at < {as_of} + 1 AND c IS NOT NULL
    GROUP BY customer_id, c
) AS counted
ORDER BY customer_id, n DESC, latest DESC, c;

ANALYZE viewed;

CREATE TEMP TABLE features ON COMMIT DROP AS
SELECT
    customer_info.*,
    COALESCE(single_orders, 0) + COALESCE(baskets, 0) AS total_purchases,
    COALESCE(total_returns, 0) AS total_returns,
    COALESCE(value, 0)::numeric(18, 2) AS total_lifetime_value,
    bought::float8 / NULLIF(COALESCE(single_orders, 0) + COALESCE(baskets, 0), 0) AS average_order_value,
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
    viewed_category.category AS most_viewed_product_category,
    {as_of} - last_purchase_date AS days_since_last_purchase,
    {as_of} - last_visit_date AS days_since_last_visit,
    {as_of} - registration_date AS age
FROM customer_info
LEFT JOIN purchases USING (customer_id)
LEFT JOIN baskets USING (customer_id)
LEFT JOIN favorite_category USING (customer_id)
LEFT JOIN favorite_brand USING (customer_id)
LEFT JOIN service USING (customer_id)
LEFT JOIN last_contact USING (customer_id)
LEFT JOIN campaigns USING (customer_id)
LEFT JOIN preferred_channel USING (customer_id)
LEFT JOIN web USING (customer_id)
LEFT JOIN viewed USING (customer_id)
LEFT JOIN category_name AS bought_category ON bought_category.c = favorite_category.c
LEFT JOIN category_name AS viewed_category ON viewed_category.c = viewed.c
LEFT JOIN brand_name ON brand_name.b = favorite_brand.b
WHERE registration_date IS NULL OR registration_date <= {as_of};

CREATE TEMP TABLE cuts ON COMMIT DROP AS
SELECT
    PERCENTILE_DISC(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY last_purchase_date) AS r,
    PERCENTILE_DISC(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY total_purchases) AS f,
    PERCENTILE_DISC(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY total_lifetime_value) AS m
FROM features
WHERE total_purchases > 0;

CREATE TABLE by_hand.customer_360 AS
SELECT
    customer_id, first_name, last_name, email, phone_number, date_of_birth, registration_date,
    total_purchases, total_returns, total_lifetime_value, average_order_value, first_purchase_date,
    last_purchase_date, favorite_product_category, favorite_brand, total_interactions, resolved_interactions,
    average_satisfaction_score, last_interaction_date, last_interaction_type, campaigns_engaged,
    positive_responses, preferred_marketing_channel, total_website_visits, average_pages_per_visit,
    average_time_spent_on_site, last_visit_date, most_viewed_product_category, days_since_last_purchase,
    days_since_last_visit,
    total_lifetime_value::float8 / NULLIF(age, 0) * 365 AS annual_spend,
    100 * resolved_interactions::float8 / NULLIF(total_interactions, 0) AS resolution_rate,
    100 * liked::float8 / NULLIF(campaigns_engaged, 0) AS campaign_response_rate,
    (total_lifetime_value + COALESCE(ROUND(total_lifetime_value * liked / NULLIF(campaigns_engaged, 0), 2), 0))::numeric(18, 2)
        AS customer_lifetime_value,
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
    (LEAST(total_purchases, 10) * 10 + LEAST(total_website_visits, 10) * 5 + LEAST(campaigns_engaged, 5) * 10
        + LEAST(FLOOR(COALESCE(average_satisfaction_score, 0) + 0.5), 5) * 10)::int AS engagement_score,
    {as_of} AS as_of
FROM (
    SELECT
        features.*,
        CASE WHEN total_purchases > 0 THEN 1 + (last_purchase_date > r[1])::int + (last_purchase_date > r[2])::int
            + (last_purchase_date > r[3])::int + (last_purchase_date > r[4])::int END AS recency_score,
        CASE WHEN total_purchases > 0 THEN 1 + (total_purchases > f[1])::int + (total_purchases > f[2])::int
            + (total_purchases > f[3])::int + (total_purchases > f[4])::int END AS frequency_score,
        CASE WHEN total_purchases > 0 THEN 1 + (total_lifetime_value > m[1])::int + (total_lifetime_value > m[2])::int
            + (total_lifetime_value > m[3])::int + (total_lifetime_value > m[4])::int END AS monetary_score
    FROM features CROSS JOIN cuts
) AS scored;

ALTER TABLE by_hand.customer_360 ADD PRIMARY KEY (customer_id);

ANALYZE by_hand.customer_360;
