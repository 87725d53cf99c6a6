-- What was bought and brought back in each order on each day; rows without an order_id are taken together.
-- Grain: one row per customer, order and day.
-- Kept as: batch step
SELECT
    customer_id,                                                            -- The customer's key.
    order_id,                                                               -- The order; None for rows without one.
    purchase_date,                                                          -- The day of it.
    CAST(SUM(total_amount) AS DECIMAL(18, 2)) AS revenue,                   -- Paid, less what came back.
    CAST(SUM(total_amount) FILTER (WHERE total_amount >= 0) AS DECIMAL(18, 2))
        AS purchased_amount,                                                -- Paid; None where all are returns.
    COUNT(*) FILTER (WHERE total_amount >= 0) AS purchases                  -- Rows that are no returns.
FROM purchase_transactions
WHERE purchase_date <= $as_of
GROUP BY customer_id, order_id, purchase_date
