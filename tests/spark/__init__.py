"""The model on engines behind Spark Connect, and publishing what they built."""
