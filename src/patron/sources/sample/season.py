"""The shop's calendar: six years of days, and how much is bought on each.

Customers' visits are a Poisson process whose rate follows `demand`: growth, the week, the year's
seasons and what campaigns add. Its running total turns one uniform number into a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from patron.sources.sample.columns import days_since_epoch
from patron.sources.sample.draw import Floats, Ints, Rng

YEARS = 6
DAYS = 2192  # six years and their leap days
YEAR = 365.25
GROWTH = 0.03  # a year, in what one customer buys; the number of customers grows besides
WEEK = np.array([0.86, 0.82, 0.88, 0.96, 1.14, 1.36, 0.98])  # Monday to Sunday
MONTH = np.array([0.86, 0.88, 0.95, 0.98, 1.0, 1.0, 0.96, 0.93, 0.98, 1.02, 1.12, 1.3])
CLOSED = {(1, 1): 0.35, (12, 25): 0.2, (12, 26): 0.7}  # only the online shop, hardly


@dataclass(frozen=True)
class Season:
    """Day 0 is the first of the history and `DAYS - 1` the last, which is the date `end`."""

    first: int  # day 0, in days since 1970
    month: Ints  # of each day, 0 to 11
    running: Floats  # demand of all days before each one, in average years; one element more than days

    def demand_before(self, day: Floats | Ints) -> Floats:
        """Return how much demand there was before `day`, which may have a fraction."""
        return np.interp(day, np.arange(DAYS + 1), self.running)

    def day_of(self, demand: Floats) -> Ints:
        """Return the day on which the running demand reaches `demand`."""
        found = np.searchsorted(self.running, demand, side="right") - 1
        return np.clip(found, 0, DAYS - 1).astype(np.int32)

    def to_dates(self, day: Ints) -> Ints:
        """Return days of the history as days since 1970."""
        return (day + self.first).astype(np.int32)


def make_season(rng: Rng, end: date, lifts: Iterable[tuple[int, int, float]]) -> Season:
    """Return the calendar that ends on `end`; a lift is a campaign's first and last day and its share."""
    start = first_day(end)
    days = [start + timedelta(number) for number in range(DAYS)]
    month = np.array([day.month - 1 for day in days], np.int32)
    demand = (1 + GROWTH) ** (np.arange(DAYS) / YEAR)
    demand *= WEEK[[day.weekday() for day in days]]
    demand *= _smooth_months(days)
    demand *= np.array([CLOSED.get((day.month, day.day), 1.0) for day in days])
    for first, last, lift in lifts:
        demand[max(first, 0) : max(last + 1, 0)] *= 1 + lift
    demand *= np.exp(rng.normal(0, 0.03, DAYS))  # weather and the like
    running = np.concatenate([[0.0], np.cumsum(demand)]) / (demand.mean() * YEAR)
    return Season(days_since_epoch(start), month, running)


def first_day(end: date) -> date:
    """Return day 0 of the history that ends on `end`."""
    return end - timedelta(DAYS - 1)


def _smooth_months(days: list[date]) -> Floats:
    """Months' levels pass into each other: each stands for the middle of its month."""
    middles = np.arange(-0.5, 13) / 12
    levels = np.concatenate([MONTH[-1:], MONTH, MONTH[:1]])
    position = np.array([day.timetuple().tm_yday / 366 for day in days])
    return np.asarray(np.interp(position, middles, levels))
