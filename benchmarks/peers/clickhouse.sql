-- customer_360 by hand on ClickHouse (chDB), over MergeTree tables in the order of the facts' dates. Of each
-- preference argMax of a tuple, MAX of a tuple and one packed key were timed; the packed key was the fastest.
-- Categories, brands and channels become numbers in alphabetical order, so that the first in alphabet is the
-- smallest. {as_of} is the build's date.

CREATE TABLE product ENGINE = Memory AS
SELECT
    product_id, category, brand,
    toInt64(if(category IS NULL, 0, dense_rank() OVER (ORDER BY category ASC NULLS LAST))) AS c,
    toInt64(if(brand IS NULL, 0, dense_rank() OVER (ORDER BY brand ASC NULLS LAST))) AS b
FROM product_catalog;

CREATE TABLE campaign ENGINE = Memory AS
SELECT campaign_id, channel, toInt64(dense_rank() OVER (ORDER BY channel)) AS c
FROM marketing_campaigns
WHERE channel IS NOT NULL;

CREATE TABLE purchases ENGINE = Memory AS
SELECT
    customer_id,
    countIf(total_amount >= 0 AND order_id IS NULL) AS single_orders,
    countIf(total_amount < 0) AS total_returns,
    sum(total_amount) AS value,
    sumIf(total_amount, total_amount >= 0) AS bought,
    minIf(purchase_date, total_amount >= 0) AS first_purchase_date,
    maxIf(purchase_date, total_amount >= 0) AS last_purchase_date
FROM purchase_transactions
WHERE purchase_date <= {as_of}
GROUP BY customer_id;

CREATE TABLE baskets ENGINE = Memory AS
SELECT customer_id, count() AS baskets
FROM (
    SELECT customer_id, assumeNotNull(order_id) AS basket
    FROM purchase_transactions
    WHERE purchase_date <= {as_of} AND total_amount >= 0 AND order_id IS NOT NULL
    GROUP BY customer_id, basket
)
GROUP BY customer_id;

CREATE TABLE favorite_category ENGINE = Memory AS
SELECT customer_id, 999 - max(toInt128(n) * toInt128('1000000000000000000000') + toInt128(cents) * 1000 + 999 - c) % 1000 AS c
FROM (
    SELECT customer_id, c, count() AS n, toInt64(sum(total_amount) * 100) AS cents
    FROM purchase_transactions INNER JOIN product USING (product_id)
    WHERE purchase_date <= {as_of} AND total_amount >= 0 AND c > 0
    GROUP BY customer_id, c
)
GROUP BY customer_id;

CREATE TABLE favorite_brand ENGINE = Memory AS
SELECT customer_id, 99999 - max(toInt128(n) * toInt128('10000000000000000000000') + toInt128(cents) * 100000 + 99999 - b) % 100000 AS b
FROM (
    SELECT customer_id, b, count() AS n, toInt64(sum(total_amount) * 100) AS cents
    FROM purchase_transactions INNER JOIN product USING (product_id)
    WHERE purchase_date <= {as_of} AND total_amount >= 0 AND b > 0
    GROUP BY customer_id, b
)
GROUP BY customer_id;

CREATE TABLE service ENGINE = Memory AS
SELECT
    customer_id,
    count() AS total_interactions,
    countIf(lower(resolution_status) = 'resolved') AS resolved_interactions,
    avg(satisfaction_score) AS average_satisfaction_score,
    max(interaction_date) AS last_interaction_date,
    tupleElement(argMax(tuple(interaction_type), (interaction_date, interaction_id)), 1) AS last_interaction_type
FROM customer_service
WHERE interaction_date <= {as_of}
GROUP BY customer_id;

CREATE TABLE answers ENGINE = Memory AS
SELECT
    customer_id, campaign_id,
    countIf(lower(response_type) IN ('click', 'purchase', 'positive')) AS positive,
    maxIf(response_date, lower(response_type) IN ('click', 'purchase', 'positive')) AS latest
FROM campaign_responses
WHERE response_date <= {as_of}
GROUP BY customer_id, campaign_id;

CREATE TABLE campaigns ENGINE = Memory AS
SELECT customer_id, count() AS campaigns_engaged, countIf(positive > 0) AS liked, sum(positive) AS positive_responses
FROM answers
GROUP BY customer_id;

CREATE TABLE preferred_channel ENGINE = Memory AS
SELECT customer_id, 999 - max(toInt128(n) * 100000000000 + toInt64(latest) * 1000 + 999 - c) % 1000 AS c
FROM (
    SELECT customer_id, c, sum(positive) AS n, toInt64(max(toInt32(latest))) + 100000 AS latest
    FROM answers INNER JOIN campaign USING (campaign_id)
    WHERE positive > 0
    GROUP BY customer_id, c
)
GROUP BY customer_id;

CREATE TABLE web ENGINE = Memory AS
SELECT
    customer_id,
    count() AS total_website_visits,
    avg(pages_viewed) AS average_pages_per_visit,
    avg(time_spent) AS average_time_spent_on_site,
    max(visit_date) AS last_visit_date
FROM website_behavior
WHERE visit_date <= {as_of}
GROUP BY customer_id;

CREATE TABLE viewed ENGINE = Memory AS
SELECT customer_id, 999 - max(toInt128(n) * 100000000000 + toInt64(latest) * 1000 + 999 - c) % 1000 AS c
FROM (
    SELECT customer_id, c, count() AS n, toInt64(max(toInt32(toDate32(viewed_at)))) + 100000 AS latest
    FROM product_views INNER JOIN product USING (product_id)
    WHERE toDate32(viewed_at) <= {as_of} AND c > 0
    GROUP BY customer_id, c
)
GROUP BY customer_id;

CREATE TABLE features ENGINE = Memory AS
SELECT
    customer_info.customer_id AS customer_id, first_name, last_name, email, phone_number, date_of_birth,
    registration_date,
    coalesce(single_orders, 0) + coalesce(baskets, 0) AS total_purchases,
    coalesce(total_returns, 0) AS total_returns,
    CAST(coalesce(value, 0) AS Decimal(18, 2)) AS total_lifetime_value,
    toFloat64(bought) / nullIf(total_purchases, 0) AS average_order_value,
    if(total_purchases > 0, first_purchase_date, NULL) AS first_purchase_date,
    if(total_purchases > 0, last_purchase_date, NULL) AS last_purchase_date,
    favorite_category.c AS favorite_c, favorite_brand.b AS favorite_b,
    coalesce(total_interactions, 0) AS total_interactions,
    coalesce(resolved_interactions, 0) AS resolved_interactions,
    average_satisfaction_score, last_interaction_date, last_interaction_type,
    coalesce(campaigns_engaged, 0) AS campaigns_engaged,
    coalesce(positive_responses, 0) AS positive_responses,
    liked, preferred_channel.c AS channel_c,
    coalesce(total_website_visits, 0) AS total_website_visits,
    average_pages_per_visit, average_time_spent_on_site, last_visit_date,
    viewed.c AS viewed_c
FROM customer_info
LEFT JOIN purchases ON purchases.customer_id = customer_info.customer_id
LEFT JOIN baskets ON baskets.customer_id = customer_info.customer_id
LEFT JOIN favorite_category ON favorite_category.customer_id = customer_info.customer_id
LEFT JOIN favorite_brand ON favorite_brand.customer_id = customer_info.customer_id
LEFT JOIN service ON service.customer_id = customer_info.customer_id
LEFT JOIN campaigns ON campaigns.customer_id = customer_info.customer_id
LEFT JOIN preferred_channel ON preferred_channel.customer_id = customer_info.customer_id
LEFT JOIN web ON web.customer_id = customer_info.customer_id
LEFT JOIN viewed ON viewed.customer_id = customer_info.customer_id
WHERE registration_date IS NULL OR registration_date <= {as_of};

-- Discrete percentiles: the values at the places ceil(n * k / 5).
CREATE TABLE cuts ENGINE = Memory AS
WITH arrayMap(k -> intDiv(count() * k + 4, 5), [1, 2, 3, 4]) AS places
SELECT
    arrayMap(place -> arraySort(groupArray(assumeNotNull(last_purchase_date)))[place], places) AS r,
    arrayMap(place -> arraySort(groupArray(total_purchases))[place], places) AS f,
    arrayMap(place -> arraySort(groupArray(total_lifetime_value))[place], places) AS m
FROM features
WHERE total_purchases > 0;

CREATE TABLE customer_360 ENGINE = MergeTree ORDER BY customer_id AS
WITH
    dateDiff('day', last_purchase_date, {as_of}) AS since_purchase,
    dateDiff('day', last_visit_date, {as_of}) AS since_visit,
    dateDiff('day', registration_date, {as_of}) AS age,
    coalesce(since_purchase, age) AS silence,
    toInt128(abs(total_lifetime_value) * 100) AS cents,
    coalesce(intDiv(2 * cents * liked + campaigns_engaged, nullIf(2 * campaigns_engaged, 0)), 0) AS bonus,
    (SELECT r FROM cuts) AS r, (SELECT f FROM cuts) AS f, (SELECT m FROM cuts) AS m,
    if(total_purchases > 0, toInt32(1 + arrayCount(cut -> assumeNotNull(last_purchase_date) > cut, r)), NULL) AS rs,
    if(total_purchases > 0, toInt32(1 + arrayCount(cut -> total_purchases > cut, f)), NULL) AS fs
SELECT
    customer_id, first_name, last_name, email, phone_number, date_of_birth, registration_date,
    total_purchases, total_returns, total_lifetime_value, average_order_value, first_purchase_date,
    last_purchase_date,
    CAST(favorite.category AS Nullable(String)) AS favorite_product_category,
    CAST(brand.brand AS Nullable(String)) AS favorite_brand,
    total_interactions, resolved_interactions, average_satisfaction_score, last_interaction_date,
    CAST(last_interaction_type AS Nullable(String)) AS last_interaction_type,
    campaigns_engaged, positive_responses,
    CAST(channel.channel AS Nullable(String)) AS preferred_marketing_channel,
    total_website_visits, average_pages_per_visit, average_time_spent_on_site, last_visit_date,
    CAST(looked_at.category AS Nullable(String)) AS most_viewed_product_category,
    since_purchase AS days_since_last_purchase,
    since_visit AS days_since_last_visit,
    toFloat64(total_lifetime_value) / nullIf(age, 0) * 365 AS annual_spend,
    100.0 * resolved_interactions / nullIf(total_interactions, 0) AS resolution_rate,
    100.0 * liked / nullIf(campaigns_engaged, 0) AS campaign_response_rate,
    CAST(total_lifetime_value + sign(total_lifetime_value) * toDecimal128(bonus, 2) / 100 AS Decimal(18, 2))
        AS customer_lifetime_value,
    multiIf(total_lifetime_value > 10000, 'High Value', total_lifetime_value > 5000, 'Medium Value', 'Low Value')
        AS customer_segment,
    rs AS recency_score, fs AS frequency_score,
    if(total_purchases > 0, toInt32(1 + arrayCount(cut -> total_lifetime_value > cut, m)), NULL) AS monetary_score,
    multiIf(rs IS NULL, 'No Purchases',
        rs = 5, multiIf(fs = 1, 'New Customers', fs <= 3, 'Potential Loyalists', 'Champions'),
        rs = 4, multiIf(fs = 1, 'Promising', fs <= 3, 'Potential Loyalists', 'Loyal Customers'),
        rs = 3, multiIf(fs <= 2, 'About to Sleep', fs = 3, 'Need Attention', 'Loyal Customers'),
        fs <= 2, 'Hibernating', fs <= 4, 'At Risk', 'Can''t Lose Them') AS rfm_segment,
    multiIf(silence > 365, 5, silence > 180, 4, silence > 90, 3, silence > 30, 2, silence IS NULL, NULL, 1)
        AS churn_risk_score,
    toInt32(least(total_purchases, 10) * 10 + least(total_website_visits, 10) * 5 + least(campaigns_engaged, 5) * 10
        + least(floor(coalesce(average_satisfaction_score, 0) + 0.5), 5) * 10) AS engagement_score,
    {as_of} AS as_of
FROM features
LEFT JOIN (SELECT DISTINCT c, category FROM product WHERE c > 0) AS favorite ON favorite.c = favorite_c
LEFT JOIN (SELECT DISTINCT b, brand FROM product WHERE b > 0) AS brand ON brand.b = favorite_b
LEFT JOIN (SELECT DISTINCT c, channel FROM campaign) AS channel ON channel.c = channel_c
LEFT JOIN (SELECT DISTINCT c, category FROM product WHERE c > 0) AS looked_at ON looked_at.c = viewed_c;
