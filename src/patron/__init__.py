"""Patron: an open customer data platform for retailers.

The way data goes is the way the packages read: `contract` (the shop's tables) -> `sources` (ways in) ->
`model` (customer_360, as SQL) run by `engines` (DuckDB, PostgreSQL) -> `cli`.
"""

__version__ = "0.1.0"
