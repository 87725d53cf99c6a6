"""What all customers of a sample share: calendar, catalogue, campaigns and stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from patron.sources.sample.campaigns import Campaigns, make_campaigns
from patron.sources.sample.catalogue import Catalogue, make_catalogue
from patron.sources.sample.draw import Bools, Floats, Ints, Rng, popularity
from patron.sources.sample.merchandise import DEPARTMENTS
from patron.sources.sample.season import DAYS, YEAR, Season, make_season

__all__ = ["DAYS", "ONLINE_STORE", "YEAR", "World", "make_world"]

ONLINE_STORE = 1
OLD_TILLS = 3  # every third store's tills give receipts no number, so its lines have no order_id


@dataclass(frozen=True)
class World:
    """The shop. Stores 2 and up are places, `store_size` says how many customers live near each."""

    season: Season
    catalogue: Catalogue
    campaigns: Campaigns
    promoted: Bools  # by day: whether any campaign runs
    category_demand: Floats
    category_season: Floats  # interest by month and category, at most 1
    brands_of: Ints  # brands by category
    units: Floats  # by category: bought beyond the first
    returned: Floats  # by category: share brought back
    store_size: Floats

    @property
    def stores(self) -> int:
        """How many stores there are, the online one included."""
        return len(self.store_size) + ONLINE_STORE

    def numbers_receipts(self, store: Ints) -> Bools:
        """Return whether a store's sales carry an order_id."""
        return np.asarray(store % OLD_TILLS != 0)


def make_world(rng: Rng, end: date, customers: int) -> World:
    """Return the shop whose history ends on `end` and that has about so many customers."""
    campaigns = make_campaigns(rng, end, customers)
    lifts = zip(campaigns.start.tolist(), campaigns.end.tolist(), campaigns.lift.tolist(), strict=True)
    return World(
        season=make_season(rng, end, lifts),
        catalogue=make_catalogue(rng, customers),
        campaigns=campaigns,
        promoted=campaigns.running(DAYS),
        category_demand=np.array([department.demand for department in DEPARTMENTS]),
        category_season=np.array([department.season for department in DEPARTMENTS]).T,
        brands_of=np.array([len(department.brands) for department in DEPARTMENTS]),
        units=np.array([department.units for department in DEPARTMENTS]),
        returned=np.array([department.returned for department in DEPARTMENTS]),
        store_size=popularity(rng, 1 + round(2 * (customers / 1000) ** 0.5)),
    )
