"""Questions about customers: lists of them, one of them, what they did, and why a value of theirs is what it is.

Each function takes an engine and plain values and returns plain rows; the API's routes are thin layers over these.
"""
