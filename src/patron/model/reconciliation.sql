-- Figures of the result against the sources, each counted by a way of its own: the sources' side never touches
-- the steps above. Each table of facts is read once for all its figures. Facts of customers that the build does not
-- see yet are counted apart and taken off, which is cheap since there are few. A build whose figures differ replaces
-- nothing. Orders are not counted again: telling them apart costs as much as the whole step that counts them.
-- Grain: one row per figure.
-- Kept as: check
WITH unseen AS (
    SELECT customer_id FROM customer_info WHERE registration_date > $as_of
),

result AS (
    SELECT
        COUNT(*) AS customers,
        SUM(total_lifetime_value) AS revenue,
        SUM(purchase_rows) AS purchase_rows,
        SUM(total_returns) AS return_rows,
        SUM(total_interactions) AS contacts,
        SUM(answers) AS answers,
        SUM(positive_responses) AS positive_answers,
        SUM(total_website_visits) AS visits,
        SUM(product_views) AS product_views
    FROM customer_features
),

registered AS (
    SELECT COUNT(*) AS customers FROM customer_info WHERE registration_date IS NULL OR registration_date <= $as_of
),

purchases AS (
    SELECT
        SUM(total_amount) AS revenue,
        COUNT(*) FILTER (WHERE total_amount >= 0) AS purchase_rows,
        COUNT(*) FILTER (WHERE total_amount < 0) AS return_rows
    FROM purchase_transactions
    WHERE purchase_date <= $as_of
),

unseen_purchases AS (
    SELECT
        COALESCE(SUM(total_amount), 0) AS revenue,
        COUNT(*) FILTER (WHERE total_amount >= 0) AS purchase_rows,
        COUNT(*) FILTER (WHERE total_amount < 0) AS return_rows
    FROM purchase_transactions
    WHERE purchase_date <= $as_of AND customer_id IN (SELECT customer_id FROM unseen)
),

contacts AS (
    SELECT COUNT(*) AS contacts FROM customer_service WHERE interaction_date <= $as_of
),

unseen_contacts AS (
    SELECT COUNT(*) AS contacts
    FROM customer_service
    WHERE interaction_date <= $as_of AND customer_id IN (SELECT customer_id FROM unseen)
),

answers AS (
    SELECT
        COALESCE(SUM(answers), 0) AS answers,
        COALESCE(SUM(answers) FILTER (WHERE LOWER(response_type) = ANY ($positive_response_types)), 0)
            AS positive_answers
    FROM (
        SELECT response_type, COUNT(*) AS answers
        FROM campaign_responses
        WHERE response_date <= $as_of
        GROUP BY response_type
    ) AS by_type
),

unseen_answers AS (
    SELECT
        COUNT(*) AS answers,
        COUNT(*) FILTER (WHERE LOWER(response_type) = ANY ($positive_response_types)) AS positive_answers
    FROM campaign_responses
    WHERE response_date <= $as_of AND customer_id IN (SELECT customer_id FROM unseen)
),

visits AS (
    SELECT COUNT(*) AS visits FROM website_behavior WHERE visit_date <= $as_of
),

unseen_visits AS (
    SELECT COUNT(*) AS visits
    FROM website_behavior
    WHERE visit_date <= $as_of AND customer_id IN (SELECT customer_id FROM unseen)
),

viewed AS (
    SELECT COUNT(*) AS product_views FROM product_views WHERE CAST(viewed_at AS DATE) <= $as_of
),

unseen_viewed AS (
    SELECT COUNT(*) AS product_views
    FROM product_views
    WHERE CAST(viewed_at AS DATE) <= $as_of AND customer_id IN (SELECT customer_id FROM unseen)
),

figures AS (
    SELECT 'customers' AS figure, registered.customers AS in_sources, result.customers AS in_result
    FROM registered CROSS JOIN result
    UNION ALL
    SELECT 'revenue', purchases.revenue - unseen_purchases.revenue, result.revenue
    FROM purchases CROSS JOIN unseen_purchases CROSS JOIN result
    UNION ALL
    SELECT 'purchase rows', purchases.purchase_rows - unseen_purchases.purchase_rows, result.purchase_rows
    FROM purchases CROSS JOIN unseen_purchases CROSS JOIN result
    UNION ALL
    SELECT 'returns', purchases.return_rows - unseen_purchases.return_rows, result.return_rows
    FROM purchases CROSS JOIN unseen_purchases CROSS JOIN result
    UNION ALL
    SELECT 'service contacts', contacts.contacts - unseen_contacts.contacts, result.contacts
    FROM contacts CROSS JOIN unseen_contacts CROSS JOIN result
    UNION ALL
    SELECT 'answers', answers.answers - unseen_answers.answers, result.answers
    FROM answers CROSS JOIN unseen_answers CROSS JOIN result
    UNION ALL
    SELECT 'positive answers', answers.positive_answers - unseen_answers.positive_answers, result.positive_answers
    FROM answers CROSS JOIN unseen_answers CROSS JOIN result
    UNION ALL
    SELECT 'website visits', visits.visits - unseen_visits.visits, result.visits
    FROM visits CROSS JOIN unseen_visits CROSS JOIN result
    UNION ALL
    SELECT 'product views', viewed.product_views - unseen_viewed.product_views, result.product_views
    FROM viewed CROSS JOIN unseen_viewed CROSS JOIN result
    UNION ALL
    SELECT 'customers by slice', registered.customers, SUM(slices.customers)
    FROM registered CROSS JOIN slices
    GROUP BY registered.customers
    UNION ALL
    SELECT 'revenue by month', purchases.revenue - unseen_purchases.revenue, SUM(monthly_sales.revenue)
    FROM purchases CROSS JOIN unseen_purchases CROSS JOIN monthly_sales
    GROUP BY purchases.revenue - unseen_purchases.revenue
    UNION ALL
    SELECT 'revenue by category', purchases.revenue - unseen_purchases.revenue, SUM(category_sales.revenue)
    FROM purchases CROSS JOIN unseen_purchases CROSS JOIN category_sales
    GROUP BY purchases.revenue - unseen_purchases.revenue
)

SELECT
    figure,                                                             -- What was counted.
    CAST(COALESCE(in_sources, 0) AS DECIMAL(38, 2)) AS in_sources,      -- Its value in the contract tables.
    CAST(COALESCE(in_result, 0) AS DECIMAL(38, 2)) AS in_result         -- Its value in what the build made.
FROM figures
