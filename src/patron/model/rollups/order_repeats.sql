-- Days on which something was bought in an order that had begun on an earlier day, of customers that are seen.
-- Grain: one row per customer, order, category (None for the order as a whole) and day but the first.
-- Kept as: customer table
SELECT
    later_order_days.customer_id,       -- Who ordered.
    category,                           -- Product category; None for the order as a whole.
    purchase_date AS sold_on,           -- The day itself.
    previous_day                        -- The order's day before it.
FROM later_order_days
JOIN customer_info
    ON customer_info.customer_id = later_order_days.customer_id
    AND (registration_date IS NULL OR registration_date <= $as_of)
