-- Whose row there is: customers registered on or before as_of, or on a day nobody knows.
-- Grain: one row per customer.
-- Kept as: batch step
SELECT
    customer_id,        -- The customer's key.
    first_name,         -- Given name, as it is.
    last_name,          -- Family name, as it is.
    email,              -- E-mail address, as it is.
    phone_number,       -- Telephone number, as it is.
    date_of_birth,      -- Date of birth, as it is.
    registration_date   -- The day the customer became known; None where nobody knows.
FROM customer_info
WHERE registration_date IS NULL OR registration_date <= $as_of
