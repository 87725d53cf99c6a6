-- What a customer is found by: the names, each word of them and what begins after a hyphen, the e-mail address, the
-- digits of the phone number, the id.
-- Grain: one row per customer and term; a term may repeat.
WITH spelled AS (
    SELECT
        customer_id,
        first_name,
        last_name,
        email,
        phone_number,
        LOWER(first_name) AS given,
        LOWER(last_name) AS family,
        REGEXP_REPLACE(phone_number, '[^0-9]', '', 'g') AS digits
    FROM customer_features
),

listed AS (
    SELECT given AS term, FALSE AS is_personal, spelled.* FROM spelled
    UNION ALL
    SELECT family, FALSE, spelled.* FROM spelled
    UNION ALL
    SELECT UNNEST(STRING_TO_ARRAY(given, ' ')), FALSE, spelled.* FROM spelled WHERE given LIKE '% %'
    UNION ALL
    SELECT UNNEST(STRING_TO_ARRAY(family, ' ')), FALSE, spelled.* FROM spelled WHERE family LIKE '% %'
    UNION ALL
    SELECT UNNEST(STRING_TO_ARRAY(REPLACE(given, '-', ' '), ' ')), FALSE, spelled.* FROM spelled WHERE given LIKE '%-%'
    UNION ALL
    SELECT UNNEST(STRING_TO_ARRAY(REPLACE(family, '-', ' '), ' ')), FALSE, spelled.* FROM spelled WHERE family LIKE '%-%'
    UNION ALL
    SELECT CAST(customer_id AS TEXT), FALSE, spelled.* FROM spelled
    UNION ALL
    SELECT LOWER(email), TRUE, spelled.* FROM spelled
    UNION ALL
    SELECT digits, TRUE, spelled.* FROM spelled
    UNION ALL
    SELECT SUBSTRING(digits, LENGTH(digits) - 9), TRUE, spelled.* FROM spelled WHERE LENGTH(digits) > 10
)

SELECT
    term,
    is_personal,
    customer_id,
    first_name,
    last_name,
    email,
    phone_number
FROM listed
WHERE term <> ''
