"""The product catalogue: made once for the whole sample, and drawn from for every line of a receipt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product as combinations

import numpy as np
import pyarrow as pa

from patron.contract import table_named
from patron.sources.sample.columns import dates, money, texts, to_batch
from patron.sources.sample.draw import Bools, Floats, Ints, Rng, chance, pick, popularity, starts_of
from patron.sources.sample.merchandise import BRAND_LEVELS, DEPARTMENTS
from patron.sources.sample.season import DAYS, YEARS

CATEGORIES = tuple(department.category for department in DEPARTMENTS)
BRANDS = tuple(sorted({brand for department in DEPARTMENTS for brand in department.brands}))
MOST_BRANDS = max(len(department.brands) for department in DEPARTMENTS)
ESTABLISHED = 0.6  # share of the range that was on sale before the history begins
NOVELTY = 0.07  # share of lines that go to what has just come out
INFLATION = 0.025  # a year; a price holds for one
ENDINGS = np.array([99, 99, 99, 49, 95, 0])  # cents that prices end in


@dataclass(frozen=True)
class Shelves:
    """Where products are drawn from: each category is a shelf, and each brand in a category is one.

    On a shelf products stand by launch date, so that what is on sale on a day is its beginning. Columns are
    of all shelves one after another; products are positions in the catalogue.
    """

    products: Ints
    start: Ints  # by shelf: where it begins in `products`
    end: Ints  # by shelf and day, flat: where what is on sale ends
    running: Floats  # popularity of all products before each, one element more than products

    def stocked(self, shelf: Ints, day: Ints) -> Bools:
        """Return whether anything on each shelf is on sale on that day."""
        return np.asarray(self.end[shelf * DAYS + day] > self.start[shelf])

    def draw(self, rng: Rng, shelf: Ints, day: Ints) -> Ints:
        """Return a product of each shelf, which is stocked on that day: by popularity, some the newest."""
        start, end = self.start[shelf], self.end[shelf * DAYS + day]
        low = self.running[start]
        target = low + (self.running[end] - low) * rng.random(len(shelf))
        place = np.searchsorted(self.running, target, side="right") - 1
        new = np.flatnonzero(chance(rng, NOVELTY, len(shelf)))
        place[new] = end[new] - 1 - rng.integers(0, 3, len(new))
        return np.asarray(self.products[np.clip(place, start, end - 1)])


@dataclass(frozen=True)
class Catalogue:
    """Products in the order of their ids less one, which is that of their launch."""

    category: Ints
    brand: Ints
    name: pa.Array
    prices: Ints  # cents, by year of the history and product
    launch: Ints  # day of the history, below 0 before it
    shelves: Shelves

    def price_on(self, product: Ints, day: Ints) -> Ints:
        """Return the list price of the time, in cents."""
        return np.asarray(self.prices[day * YEARS // DAYS, product])

    def batch(self, first: int) -> pa.RecordBatch:
        """Return the rows of product_catalog; `first` is day 0 in days since 1970."""
        columns = {
            "product_id": np.arange(1, len(self.launch) + 1),
            "product_name": self.name,
            "category": texts(pa.array(CATEGORIES), self.category),
            "brand": texts(pa.array(BRANDS), self.brand),
            "price": money(self.prices[-1]),
            "launch_date": dates(self.launch + first),
        }
        return to_batch(table_named("product_catalog"), columns)


PRICE_LEVELS = (1 + INFLATION) ** np.arange(1.0 - YEARS, 1)  # by year; today's is 1


def brand_shelf(category: Ints, place: Ints) -> Ints:
    """Return the shelf of the brand at `place` among the category's brands."""
    return np.asarray(len(CATEGORIES) + category * MOST_BRANDS + place)


def size_for(customers: int) -> int:
    """Return how many products a shop of so many customers sells: 24 for one, 4,000 for a million."""
    return max(2 * len(CATEGORIES), min(5000, round(12 * math.pow(customers, 0.42))))


def make_catalogue(rng: Rng, customers: int) -> Catalogue:
    """Return the range of a shop with so many customers."""
    category, place, names, usual = _range(rng, size_for(customers))
    launch = _launches(rng, category)
    order = np.argsort(launch, kind="stable")
    category, place, launch = category[order], place[order], launch[order]
    brands = [DEPARTMENTS[number].brands[at] for number, at in zip(category, place, strict=True)]
    level = np.array([BRAND_LEVELS.get(brand, 1.0) for brand in brands])
    price = usual[order] * level * np.exp(rng.normal(0, 0.16, len(order)))
    weight = popularity(rng, len(order)) * price**-0.25
    return Catalogue(
        category=category,
        brand=np.array([BRANDS.index(brand) for brand in brands]),
        name=pa.array(names).take(pa.array(order)),
        prices=_list_prices(rng, price),
        launch=launch,
        shelves=_make_shelves(category, place, launch, weight),
    )


def _make_shelves(category: Ints, place: Ints, launch: Ints, weight: Floats) -> Shelves:
    """Sort products, which come by launch date, onto the shelves."""
    of_brand = brand_shelf(category, place)
    count = len(CATEGORIES) * (1 + MOST_BRANDS)
    shelves = [np.flatnonzero((category == shelf) | (of_brand == shelf)) for shelf in range(count)]
    start = starts_of(np.array([len(shelf) for shelf in shelves]))
    on_sale = [np.searchsorted(launch[shelf], np.arange(DAYS), side="right") for shelf in shelves]
    products = np.concatenate(shelves)
    running = np.concatenate([[0.0], np.cumsum(weight[products])])
    return Shelves(products, start, (np.stack(on_sale) + start[:, None]).ravel(), running)


def _range(rng: Rng, count: int) -> tuple[Ints, Ints, list[str], Floats]:
    """Which articles the shop keeps: category, place of the brand in it, name and usual price."""
    kept: list[tuple[int, int, str, float]] = []
    for number, department in enumerate(DEPARTMENTS):
        possible = list(
            combinations(range(len(department.brands)), department.styles, department.articles.items())
        )
        share = len(department.articles) / sum(len(one.articles) for one in DEPARTMENTS)
        wanted = min(max(2, round(count * share)), len(possible))
        for position in rng.choice(len(possible), wanted, replace=False):
            brand, style, (article, usual) = possible[position]
            kept.append((number, brand, f"{department.brands[brand]} {style} {article}", usual))
    category, brands, names, usual_prices = zip(*kept, strict=True)
    return np.array(category), np.array(brands), list(names), np.array(usual_prices)


def _launches(rng: Rng, category: Ints) -> Ints:
    """The first day on sale: most were there before, and each category has one that was."""
    established = rng.random(len(category)) < ESTABLISHED
    established[np.unique(category, return_index=True)[1]] = True
    before = -rng.integers(1, 4 * 365, len(category))
    return np.where(established, before, rng.integers(0, DAYS - 20, len(category)))


def _list_prices(rng: Rng, price: Floats) -> Ints:
    """Each year's prices in cents as shops write them: 19.99, 4.49; from 200 on without cents, as 249."""
    exact = PRICE_LEVELS[:, None] * price
    small = np.maximum(np.floor(exact), 1) * 100 + ENDINGS[pick(rng, np.ones(len(ENDINGS)), len(price))]
    large = np.round(exact / 10) * 1000 - 100
    return np.where(price < 200, small, large).astype(np.int64)
