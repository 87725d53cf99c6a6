"""What the customers of one chunk buy and bring back: purchase_transactions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from patron.contract import table_named
from patron.sources.sample.catalogue import brand_shelf
from patron.sources.sample.columns import dates, money, to_batch
from patron.sources.sample.draw import Bools, Floats, Ints, Rng, chance, pick, pick_by_row, waits
from patron.sources.sample.people import TASTES, Customers
from patron.sources.sample.world import DAYS, ONLINE_STORE, World

MOST_LINES = 6
AT_HOME = 0.8  # share of visits to stores that go to the nearest one
TASTE_SHARES = np.array([0.42, 0.2, 0.12, 0.26])  # favourite categories, then any
DISCOUNTS = np.array([0.1, 0.15, 0.2, 0.25, 0.3])
DISCOUNTED, DISCOUNTED_IN_CAMPAIGN = 0.05, 0.38
REFUND_ONLY = 0.08  # of returns: money back, goods kept
LAST_RETURN = 45  # days


@dataclass(frozen=True)
class Orders:
    """Visits with a purchase by customer, then day; `customer` is a position in the chunk."""

    customer: Ints
    day: Ints
    store: Ints
    first_line: Ints  # position of its first line in Lines


@dataclass(frozen=True)
class Lines:
    """Lines of receipts, in the order of the orders."""

    order: Ints
    product: Ints
    quantity: Ints
    cents: Ints


@dataclass(frozen=True)
class Returns:
    """What was brought back: which line, on what day."""

    line: Ints
    day: Ints
    quantity: Ints
    cents: Ints


def visit_days(
    rng: Rng, world: World, customers: Customers, rate: Floats, fading: Floats
) -> tuple[Ints, Ints]:
    """Return customers and days of their visits: a Poisson process over their active spans.

    `rate` is visits a year; `fading` above 1 crowds them towards the beginning of a span.
    """
    low = world.season.demand_before(customers.begin).ravel()
    span = world.season.demand_before(customers.end).ravel() - low
    visits = rng.poisson(span * np.tile(rate, 2))
    spot = np.repeat(np.arange(len(visits)), visits)
    progress = rng.random(len(spot)) ** np.tile(fading, 2)[spot]
    return spot % len(customers), world.season.day_of(low[spot] + span[spot] * progress)


def make_orders(
    rng: Rng, world: World, customers: Customers, prompted: tuple[Ints, Ints]
) -> tuple[Orders, Lines]:
    """Return the chunk's orders; `prompted` are customers and days of those that a campaign brought about."""
    regular = visit_days(rng, world, customers, customers.order_rate, customers.fading)
    joining = np.flatnonzero(customers.buys & (customers.registered >= 0))
    joined = np.minimum(
        customers.known_from[joining] + waits(rng, 1.2, len(joining)) * waits(rng, 3, len(joining)), DAYS - 1
    )
    customer = np.concatenate([regular[0], joining, prompted[0]])
    day = np.concatenate([regular[1], joined, prompted[1]])
    order = np.argsort(customer * DAYS + day, kind="stable")
    customer, day = customer[order], day[order]
    sizes = np.minimum(1 + rng.poisson(customers.basket[customer]), MOST_LINES)
    lines = _make_lines(rng, world, customers, customer, day, sizes)
    first_line = np.searchsorted(lines.order, np.arange(len(customer)))
    return Orders(customer, day, _stores(rng, world, customers, customer, day), first_line), lines


def _stores(rng: Rng, world: World, customers: Customers, customer: Ints, day: Ints) -> Ints:
    """Where an order was placed: online more and more often, else mostly in the nearest store."""
    count = len(customer)
    online = chance(rng, customers.online[customer] * (0.5 + 0.4 * day / DAYS), count)
    place = customers.home_store[customer]
    away = np.flatnonzero(chance(rng, 1 - AT_HOME, count))
    place[away] = pick(rng, world.store_size, len(away))
    return np.where(online, ONLINE_STORE, ONLINE_STORE + 1 + place)


def choose_products(rng: Rng, world: World, customers: Customers, customer: Ints, day: Ints) -> Ints:
    """Return a product that each customer would like on that day."""
    count = len(customer)
    taste = pick(rng, TASTE_SHARES, count)
    category = customers.favourite[np.minimum(taste, TASTES - 1), customer]
    month = world.season.month[day]
    out_of_season = rng.random(count, np.float32) > world.category_season[month, category]
    anything = (taste == TASTES) | out_of_season
    some = np.flatnonzero(anything)
    category[some] = pick_by_row(rng, world.category_season * world.category_demand, month[some])
    loyal = np.flatnonzero(~anything & chance(rng, customers.loyalty[customer], count))
    shelf = category.copy()
    brand = customers.favourite_brand[taste[loyal], customer[loyal]]
    branded = brand_shelf(category[loyal], brand)
    shelf[loyal] = np.where(world.catalogue.shelves.stocked(branded, day[loyal]), branded, category[loyal])
    return world.catalogue.shelves.draw(rng, shelf, day)


def _make_lines(
    rng: Rng, world: World, customers: Customers, customer: Ints, day: Ints, sizes: Ints
) -> Lines:
    order = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    product = choose_products(rng, world, customers, customer[order], day[order])
    kept = ~_repeats(order, product)
    order, product = order[kept], product[kept]
    category = world.catalogue.category[product]
    who, when = customer[order], day[order]
    more = waits(rng, world.units[category] * 1.25, len(order))
    quantity = ((1 + more) * customers.bulk[who]).astype(np.int32)
    share = np.where(world.promoted[when], DISCOUNTED_IN_CAMPAIGN, DISCOUNTED)
    reduced = np.flatnonzero(chance(rng, share, len(order)))
    paid = np.ones(len(order))
    paid[reduced] -= DISCOUNTS[rng.integers(0, len(DISCOUNTS), len(reduced))]
    cents = np.rint(np.rint(world.catalogue.price_on(product, when) * paid) * quantity).astype(np.int64)
    return Lines(order, product, quantity, np.maximum(cents, 1))


def _repeats(order: Ints, product: Ints) -> Bools:
    """Whether a line has the product of an earlier line of its order."""
    repeats = np.zeros(len(order), np.bool_)
    for back in range(1, MOST_LINES):
        same = (order[back:] == order[:-back]) & (product[back:] == product[:-back])
        repeats[back:] |= same
    return repeats


def make_returns(rng: Rng, world: World, orders: Orders, lines: Lines) -> Returns:
    """Return what is brought back some days later, online sales more often."""
    share = world.returned[world.catalogue.category[lines.product]]
    online = orders.store[lines.order] == ONLINE_STORE
    line = np.flatnonzero(chance(rng, share * np.where(online, 1.5, 0.8), len(share)))
    day = orders.day[lines.order[line]] + 1 + np.minimum(waits(rng, 9, len(line)), LAST_RETURN - 1)
    line, day = line[day < DAYS], day[day < DAYS]
    bought, paid = lines.quantity[line], lines.cents[line]
    back = np.where(chance(rng, 0.7, len(line)), bought, rng.integers(1, bought + 1))
    refund_only = chance(rng, REFUND_ONLY, len(line))
    cents = np.rint(paid * np.where(refund_only, 0.3, back / bought)).astype(np.int64)
    return Returns(line, day, np.where(refund_only, 0, -back), -np.maximum(cents, 1))


def purchases_batch(
    world: World, customers: Customers, orders: Orders, lines: Lines, returns: Returns
) -> pa.RecordBatch:
    """Return the rows of purchase_transactions by customer, then day; a return keeps its sale's order."""
    line = np.concatenate([np.arange(len(lines.order)), returns.line])
    order = lines.order[line]
    day = np.concatenate([orders.day[lines.order], returns.day])
    by_customer_and_day = np.argsort(orders.customer[order] * np.int64(DAYS) + day, kind="stable")
    line, order, day = (column[by_customer_and_day] for column in (line, order, day))
    quantity = np.concatenate([lines.quantity, returns.quantity])[by_customer_and_day]
    cents = np.concatenate([lines.cents, returns.cents])[by_customer_and_day]
    numbered = world.numbers_receipts(orders.store)
    number = np.cumsum(numbered) - 1
    columns = {
        "transaction_id": np.arange(len(line)),
        "customer_id": orders.customer[order] + customers.first_id,
        "product_id": lines.product[line] + 1,
        "purchase_date": dates(world.season.to_dates(day)),
        "quantity": quantity,
        "total_amount": money(cents),
        "store_id": orders.store[order],
        "order_id": pa.array(number[order], mask=~numbered[order]),
    }
    return to_batch(table_named("purchase_transactions"), columns)
