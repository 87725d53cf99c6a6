-- Customers alike in everything that figures can be narrowed by. Any filter leaves some slices whole and drops the
-- others, so figures are sums over slices.
-- Grain: one row per combination of the filters' columns that some customer has.
-- Kept as: shop table
SELECT
    CAST(ROW_NUMBER() OVER (ORDER BY MIN(customer_id)) AS INTEGER) AS slice_id,   -- A number for it, of this build.
    customer_segment,                                                   -- High, Medium or Low Value.
    rfm_segment,                                                        -- Name of the RFM segment.
    churn_risk_score,                                                   -- 1 to 5, or None.
    favorite_product_category,                                          -- Category bought most, or None.
    preferred_marketing_channel,                                        -- Channel liked most, or None.
    COUNT(*) AS customers,                                              -- Customers of the slice.
    CAST(SUM(total_lifetime_value) AS DECIMAL(18, 2)) AS value          -- Sum of their total_lifetime_value.
FROM customer_360
GROUP BY
    customer_segment, rfm_segment, churn_risk_score, favorite_product_category, preferred_marketing_channel
