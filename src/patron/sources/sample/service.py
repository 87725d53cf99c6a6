"""Contacts of one chunk's customers with customer service: customer_service."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from patron.contract import table_named
from patron.sources.sample.columns import dates, texts, to_batch
from patron.sources.sample.draw import Ints, Rng, chance, pick_by_row, waits
from patron.sources.sample.orders import Lines, Orders, Returns, visit_days
from patron.sources.sample.people import Customers
from patron.sources.sample.world import DAYS, World

TYPES = ("complaint", "inquiry", "feedback")
STATUSES = ("Resolved", "resolved", "Open", "Escalated")
AFTER_ORDER, AFTER_RETURN, A_YEAR = 0.12, 0.4, 0.61
# Types of what follows an order, of what follows a return, and of all other contacts.
TYPE_SHARES = np.array([[0.46, 0.32, 0.22], [0.66, 0.34, 0.0], [0.12, 0.6, 0.28]])
RESOLVED = np.array([0.74, 0.92, 0.88])  # by type, once there was time
TIME_TO_RESOLVE = 6.0  # days
OLD_SYSTEM = 0.3  # until this share of the history the help desk wrote in small letters
NAMES_PRODUCT = 0.25  # of contacts that follow nothing
GIVES_SCORE = 0.62
# Scores 1 to 5 of resolved and unresolved contacts, then of resolved and unresolved complaints.
SCORES = np.array(
    [
        [0.02, 0.04, 0.14, 0.38, 0.42],
        [0.2, 0.27, 0.3, 0.16, 0.07],
        [0.05, 0.1, 0.23, 0.37, 0.25],
        [0.46, 0.29, 0.16, 0.07, 0.02],
    ]
)


@dataclass(frozen=True)
class Contacts:
    """Contacts by customer, then day; `product` is -1 where it was about none."""

    customer: Ints
    day: Ints
    type: Ints
    product: Ints


def make_contacts(
    rng: Rng, world: World, customers: Customers, orders: Orders, lines: Lines, returns: Returns
) -> Contacts:
    """Return contacts that follow orders and returns, and those that follow nothing."""
    order = np.flatnonzero(chance(rng, AFTER_ORDER, len(orders.day)))
    order_day = orders.day[order] + 1 + waits(rng, 6, len(order))
    back = np.flatnonzero(chance(rng, AFTER_RETURN, len(returns.day)))
    back_order = lines.order[returns.line[back]]
    back_day = returns.day[back] + waits(rng, 2, len(back))
    rate = np.where(customers.buys, A_YEAR * (0.6 + 0.1 * np.sqrt(customers.order_rate)), 0.1)
    other, other_day = visit_days(rng, world, customers, rate, np.ones(len(customers)))
    other_product = rng.integers(0, len(world.catalogue.launch), len(other))
    known = world.catalogue.launch[other_product] <= other_day
    other_product[~known | ~chance(rng, NAMES_PRODUCT, len(other))] = -1
    customer = np.concatenate([orders.customer[order], orders.customer[back_order], other])
    day = np.concatenate([order_day, back_day, other_day])
    cause = np.repeat([0, 1, 2], [len(order), len(back), len(other)])
    product = np.concatenate(
        [lines.product[orders.first_line[order]], lines.product[returns.line[back]], other_product]
    )
    kept = np.flatnonzero(day < DAYS)
    kept = kept[np.argsort(customer[kept] * np.int64(DAYS) + day[kept], kind="stable")]
    kind = pick_by_row(rng, TYPE_SHARES, cause)
    return Contacts(customer[kept], day[kept], kind[kept], product[kept])


def contacts_batch(rng: Rng, world: World, customers: Customers, contacts: Contacts) -> pa.RecordBatch:
    """Return the rows of customer_service: how each contact ended, and how satisfied the customer was."""
    count = len(contacts.day)
    age = DAYS - contacts.day
    resolved = chance(rng, RESOLVED[contacts.type] * (1 - np.exp(-age / TIME_TO_RESOLVE)), count)
    small = contacts.day < OLD_SYSTEM * DAYS
    small ^= chance(rng, 0.03, count)  # a few type it as they like
    waiting = chance(rng, np.where(age < 30, 0.8, 0.35), count)
    status = np.where(resolved, np.where(small, 1, 0), np.where(waiting, 2, 3))
    complaint = contacts.type == TYPES.index("complaint")
    score = 1 + pick_by_row(rng, SCORES, np.where(resolved, 0, 1) + 2 * complaint)
    columns = {
        "interaction_id": np.arange(count),
        "customer_id": contacts.customer + customers.first_id,
        "interaction_date": dates(world.season.to_dates(contacts.day)),
        "interaction_type": texts(pa.array(TYPES), contacts.type),
        "product_id": pa.array(contacts.product + 1, mask=contacts.product < 0),
        "resolution_status": texts(pa.array(STATUSES), status),
        "satisfaction_score": pa.array(score, mask=~chance(rng, GIVES_SCORE, count)),
    }
    return to_batch(table_named("customer_service"), columns)
