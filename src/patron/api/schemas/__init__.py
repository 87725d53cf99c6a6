"""The documents of the API, made from what the model and the metrics say of themselves: nothing is said twice."""
