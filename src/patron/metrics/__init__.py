"""The dashboard's figures: plain SQL, one figure a file, over customer_360 and the facts it was made from.

Each file opens with its title, its unit and its meaning, and each column says what it is; nothing is said twice.

Example:
    >>> figure("total_customers").title
    'Customers'
"""

from patron.metrics.figures import Figure, figure, figures

__all__ = ["Figure", "figure", "figures"]
