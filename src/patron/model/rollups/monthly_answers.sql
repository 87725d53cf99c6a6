-- How satisfied customers were in each calendar month.
-- Grain: one row per slice, month and satisfaction score given.
-- Kept as: shop sum
SELECT
    slice_id,                                                   -- The slice.
    CAST(DATE_TRUNC('month', answered_on) AS DATE) AS month,    -- The month's first day.
    score,                                                      -- The score, 1 to 5.
    CAST(SUM(answers) AS BIGINT) AS answers,                    -- How often it was given.
    COUNT(*) AS entries                                         -- Rows behind it.
FROM customer_answers
JOIN customer_slices ON customer_slices.customer_id = customer_answers.customer_id
GROUP BY slice_id, CAST(DATE_TRUNC('month', answered_on) AS DATE), score
ORDER BY month
