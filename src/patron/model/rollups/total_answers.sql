-- How satisfied customers were in all.
-- Grain: one row per slice and satisfaction score given.
-- Kept as: shop table
SELECT
    slice_id,                                           -- The slice.
    score,                                              -- The score, 1 to 5.
    CAST(SUM(answers) AS BIGINT) AS answers             -- How often it was given.
FROM monthly_answers
GROUP BY slice_id, score
