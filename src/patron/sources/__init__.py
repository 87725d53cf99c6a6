"""Ways in: sample data, and files in the contract layout."""
