-- Products with their category and brand as numbers that rise in alphabet: numbers are grouped and compared
-- faster than words. Both are None where they are unknown.
-- Grain: one row per product.
-- Kept as: build step
SELECT
    product_id,                                                         -- The product's key.
    category,                                                           -- Its category.
    CASE WHEN category IS NOT NULL
        THEN CAST(DENSE_RANK() OVER (ORDER BY category) AS INTEGER)
    END AS category_number,                                             -- The category's place in the alphabet.
    brand,                                                              -- Its brand.
    CASE WHEN brand IS NOT NULL
        THEN CAST(DENSE_RANK() OVER (ORDER BY brand) AS INTEGER)
    END AS brand_number                                                 -- The brand's place in the alphabet.
FROM product_catalog
