-- Title: Satisfaction
-- Unit: points
-- Period: by the day of the contact
-- What customers said after a contact with customer service: their mean score, and CSAT, the share of 4 and 5.
-- Both are None where nobody said anything.
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
    CAST(SUM(score * answers) AS DOUBLE) / NULLIF(SUM(answers), 0) AS mean, -- Mean score, 1 to 5.
    CAST(COALESCE(SUM(answers) FILTER (WHERE score >= 4), 0) AS DOUBLE)
    / NULLIF(SUM(answers), 0) AS csat,                                      -- Share of 4 and 5, 0 to 1.
    CAST(COALESCE(SUM(answers), 0) AS BIGINT) AS answers                    -- Scores given.
FROM chosen
