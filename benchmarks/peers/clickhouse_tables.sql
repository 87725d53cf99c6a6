-- The contract tables as one would lay them out on ClickHouse for facts that come day by day: MergeTree by date,
-- words of few values as LowCardinality.

CREATE TABLE customer_info (
    customer_id Int64, first_name Nullable(String), last_name Nullable(String), email Nullable(String),
    phone_number Nullable(String), date_of_birth Nullable(Date32), registration_date Nullable(Date32)
) ENGINE = MergeTree ORDER BY customer_id;

CREATE TABLE product_catalog (
    product_id Int64, product_name Nullable(String), category LowCardinality(Nullable(String)),
    brand LowCardinality(Nullable(String)), price Nullable(Decimal(18, 2)), launch_date Nullable(Date32)
) ENGINE = MergeTree ORDER BY product_id;

CREATE TABLE marketing_campaigns (
    campaign_id Int64, campaign_name Nullable(String), start_date Nullable(Date32), end_date Nullable(Date32),
    channel LowCardinality(Nullable(String)), target_audience Nullable(String)
) ENGINE = MergeTree ORDER BY campaign_id;

CREATE TABLE purchase_transactions (
    transaction_id Int64, customer_id Int64, product_id Nullable(Int64), purchase_date Date32,
    quantity Nullable(Int32), total_amount Decimal(18, 2), store_id Nullable(Int64), order_id Nullable(Int64)
) ENGINE = MergeTree ORDER BY purchase_date;

CREATE TABLE customer_service (
    interaction_id Int64, customer_id Int64, interaction_date Date32,
    interaction_type LowCardinality(Nullable(String)), product_id Nullable(Int64),
    resolution_status LowCardinality(Nullable(String)), satisfaction_score Nullable(Int32)
) ENGINE = MergeTree ORDER BY interaction_date;

CREATE TABLE campaign_responses (
    response_id Int64, campaign_id Int64, customer_id Int64, response_date Date32,
    response_type LowCardinality(Nullable(String))
) ENGINE = MergeTree ORDER BY response_date;

CREATE TABLE website_behavior (
    session_id Int64, customer_id Int64, visit_date Date32, pages_viewed Nullable(Int32),
    time_spent Nullable(Int32), source LowCardinality(Nullable(String))
) ENGINE = MergeTree ORDER BY visit_date;

CREATE TABLE product_views (
    view_id Int64, session_id Nullable(Int64), customer_id Int64, product_id Nullable(Int64),
    viewed_at DateTime64(6, 'UTC')
) ENGINE = MergeTree ORDER BY viewed_at;
