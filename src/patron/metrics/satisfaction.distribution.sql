-- How often each satisfaction score was given.
WITH chosen AS (
    SELECT slices.slice_id, score, answers
    FROM total_answers
    JOIN slices ON slices.slice_id = total_answers.slice_id
    WHERE $is_always
    UNION ALL
    SELECT slices.slice_id, score, answers
    FROM monthly_answers
    JOIN slices ON slices.slice_id = monthly_answers.slice_id
    WHERE NOT $is_always AND month >= $whole_from AND month < $whole_to
    UNION ALL
    SELECT slices.slice_id, score, answers
    FROM customer_answers
    JOIN customer_slices ON customer_slices.customer_id = customer_answers.customer_id
    JOIN slices ON slices.slice_id = customer_slices.slice_id
    WHERE $has_parts AND answered_on >= $from_day AND answered_on <= $to_day
        AND (answered_on < $whole_from OR answered_on >= $whole_to)
)

SELECT
    score,                                          -- 1 to 5.
    CAST(SUM(answers) AS BIGINT) AS answers         -- How often it was given.
FROM chosen
GROUP BY score
ORDER BY score
