"""How the customers of one chunk answer campaigns: campaign_responses, and the orders they lead to.

Every customer meets every campaign that reaches them, one cell of a customers by campaigns table. What
they have received before tires them: they answer ever less, and some unsubscribe for good.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from patron.contract import table_named
from patron.sources.sample.campaigns import CHANNEL_NAMES, CHANNELS
from patron.sources.sample.catalogue import CATEGORIES
from patron.sources.sample.columns import dates, texts, to_batch
from patron.sources.sample.draw import Bools, Floats, Ints, Rng, chance, waits
from patron.sources.sample.people import Customers
from patron.sources.sample.world import DAYS, YEAR, World

TYPES = ("open", "click", "purchase", "unsubscribe")
OPEN, CLICK, PURCHASE, UNSUBSCRIBE = range(4)
TIRING = 35.0  # campaigns after which the will to answer has fallen a long way towards ...
PATIENT = np.float32(0.25)  # ... the part of it that lasts
INACTIVE = 0.2  # how willing those are who do not buy at the time
CLICKS = 0.36  # of those who open
BUYS = 0.16  # of those who click
LEAVES = 0.015  # of the rested who answer a direct campaign; rises as they tire
NEWCOMER_DAYS, LOYAL_DAYS = 150, 400


@dataclass(frozen=True)
class Responses:
    """Answers by customer, then day; days are days of the history."""

    customer: Ints
    campaign: Ints
    day: Ints
    type: Ints

    def of(self, kind: int) -> Ints:
        """Return the positions of the answers of one type."""
        return np.flatnonzero(self.type == kind)


def make_responses(rng: Rng, world: World, customers: Customers) -> Responses:
    """Return the chunk's answers; each 'purchase' is on the day of an order that is to be placed."""
    campaigns = world.campaigns
    customer, campaign, leaves = _answered(rng, world, customers)
    channel = campaigns.channel[campaign]
    length = (campaigns.end - campaigns.start)[campaign]
    day = campaigns.start[campaign] + np.minimum(waits(rng, 1 + length / 6, len(length)), length)
    opens = _by_channel("shows_opening")[channel] > 0
    clicks = ~leaves & (~opens | chance(rng, CLICKS, len(day)))
    buys = clicks & customers.buys[customer] & chance(rng, BUYS, len(day))
    bought = np.minimum(day + waits(rng, 0.8, len(day)), campaigns.end[campaign])
    parts = [
        (opens & ~leaves, OPEN, day),
        (clicks, CLICK, day),
        (buys, PURCHASE, bought),
        (leaves, UNSUBSCRIBE, day),
    ]
    cell = np.concatenate([np.flatnonzero(chosen) for chosen, _, _ in parts])
    kind = np.concatenate([np.full(chosen.sum(), number) for chosen, number, _ in parts])
    when = np.concatenate([days[chosen] for chosen, _, days in parts])
    order = np.lexsort((kind, campaign[cell], customer[cell] * np.int64(DAYS) + when))
    cell = cell[order]
    return Responses(customer[cell], campaign[cell], when[order], kind[order])


def _answered(rng: Rng, world: World, customers: Customers) -> tuple[Ints, Ints, Bools]:
    """Which customer answered which campaign, and whether by unsubscribing."""
    campaigns = world.campaigns
    received = _reached(world, customers)
    tired = np.cumsum(received, axis=1, dtype=np.float32) / np.float32(TIRING)
    willing = customers.openness[:, None].astype(np.float32) * _active(world, customers)
    willing *= _by_channel("response")[campaigns.channel].astype(np.float32)
    willing *= PATIENT + (1 - PATIENT) * np.exp(-tired)
    answered = received & (rng.random(received.shape, np.float32) < willing)
    direct = _by_channel("direct")[campaigns.channel] > 0
    customer, campaign = np.nonzero(answered)
    leaves = direct[campaign] & chance(rng, LEAVES * (1 + 2 * tired[customer, campaign]), len(campaign))
    first = np.full(len(customers), len(direct))
    np.minimum.at(first, customer[leaves], campaign[leaves])
    kept = ~direct[campaign] | (campaign <= first[customer])
    return customer[kept], campaign[kept], leaves[kept]


def _active(world: World, customers: Customers) -> Floats:
    """How willing each customer is at the start of each campaign, by whether they buy at the time."""
    start = world.campaigns.start[None, :]
    active = np.zeros((len(customers), len(world.campaigns.start)), np.bool_)
    for begin, end in zip(customers.begin, customers.end, strict=True):
        active |= (begin[:, None] <= start) & (start < end[:, None])
    return np.where(active, np.float32(1), np.float32(INACTIVE))


def _reached(world: World, customers: Customers) -> Bools:
    """Who receives which campaign: those known by then whom it is meant for and who have the address."""
    campaigns = world.campaigns
    age = campaigns.start[None, :] - customers.registered[:, None]
    reached = age >= 0
    since_end = campaigns.start[None, :] - customers.end[0][:, None]
    for number, audience in enumerate(campaigns.audiences):
        if audience == "New customers":
            reached[:, number] &= age[:, number] <= NEWCOMER_DAYS
        elif audience == "Loyal customers":
            reached[:, number] &= (age[:, number] >= LOYAL_DAYS) & customers.buys
        elif audience == "Lapsed customers":
            reached[:, number] &= since_end[:, number] > YEAR / 4
        elif audience in CATEGORIES:
            reached[:, number] &= (customers.favourite[:2] == CATEGORIES.index(audience)).any(axis=0)
    reached[np.ix_(customers.email_missing, campaigns.channel == CHANNEL_NAMES.index("email"))] = False
    reached[np.ix_(customers.phone_missing, campaigns.channel == CHANNEL_NAMES.index("sms"))] = False
    return reached


def _by_channel(field: str) -> Floats:
    return np.array([float(getattr(channel, field)) for channel in CHANNELS.values()])


def responses_batch(world: World, customers: Customers, responses: Responses) -> pa.RecordBatch:
    """Return the rows of campaign_responses."""
    columns = {
        "response_id": np.arange(len(responses.day)),
        "campaign_id": responses.campaign + 1,
        "customer_id": responses.customer + customers.first_id,
        "response_date": dates(world.season.to_dates(responses.day)),
        "response_type": texts(pa.array(TYPES), responses.type),
    }
    return to_batch(table_named("campaign_responses"), columns)
