"""Ways in: sample data, files in the contract layout, and anything else by a mapping."""
