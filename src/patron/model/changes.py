"""What of the shop's tables a customer's row is made of, beside the customer's own facts."""

# Of a product or a campaign, what the model reads: a new price changes nobody's row.
TELLING = {"product_catalog": ("category", "brand"), "marketing_campaigns": ("channel",)}
