-- Customers alike in everything that figures can be narrowed by. Any filter leaves some slices whole and drops the
-- others, so figures are sums over slices.
-- Grain: one row per combination of the filters' columns that some customer has.
-- Kept as: shop table
WITH found AS (
    SELECT
        customer_segment,
        rfm_segment,
        churn_risk_score,
        favorite_product_category,
        preferred_marketing_channel,
        MIN(customer_id) AS first_customer,
        COUNT(*) AS customers,
        SUM(total_lifetime_value) AS value
    FROM customer_360
    GROUP BY
        customer_segment, rfm_segment, churn_risk_score, favorite_product_category, preferred_marketing_channel
),

numbered AS (
    SELECT found.*, slice_numbers.slice_id AS number
    FROM found
    LEFT JOIN slice_numbers
        ON slice_numbers.customer_segment = found.customer_segment
        AND slice_numbers.rfm_segment = found.rfm_segment
        AND COALESCE(slice_numbers.churn_risk_score, 0) = COALESCE(found.churn_risk_score, 0)
        AND slice_numbers.favorite_product_category IS NOT DISTINCT FROM found.favorite_product_category
        AND slice_numbers.preferred_marketing_channel IS NOT DISTINCT FROM found.preferred_marketing_channel
),

taken AS (
    SELECT COALESCE(MAX(slice_id), 0) AS highest FROM slice_numbers
)

SELECT
    CAST(COALESCE(
        number,
        highest + ROW_NUMBER() OVER (PARTITION BY CASE WHEN number IS NULL THEN 0 ELSE 1 END ORDER BY first_customer)
    ) AS INTEGER) AS slice_id,          -- Its number, which it keeps from build to build.
    customer_segment,                   -- High, Medium or Low Value.
    rfm_segment,                        -- Name of the RFM segment.
    churn_risk_score,                   -- 1 to 5, or None.
    favorite_product_category,          -- Category bought most, or None.
    preferred_marketing_channel,        -- Channel liked most, or None.
    customers,                          -- Customers of the slice.
    CAST(value AS DECIMAL(18, 2)) AS value  -- Sum of their total_lifetime_value.
FROM numbered
CROSS JOIN taken
