"""The dashboard's metrics: plain SQL, one file each, over what the latest build has kept.

Each file opens with its title, its unit and its meaning, and each column says what it is; nothing is said twice.

Example:
    >>> registry()["total_customers"].title
    'Customers'
"""

from patron.metrics.compute import Build, Database, Figure, Forgotten, compute, current_build, dashboard
from patron.metrics.filters import FILTERS, UNKNOWN, Filters, Period
from patron.metrics.registry import Metric, Option, Query, metric, registry

__all__ = [
    "FILTERS",
    "UNKNOWN",
    "Build",
    "Database",
    "Figure",
    "Filters",
    "Forgotten",
    "Metric",
    "Option",
    "Period",
    "Query",
    "compute",
    "current_build",
    "dashboard",
    "metric",
    "registry",
]
