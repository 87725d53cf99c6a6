"""The whole sample, chunk of customers by chunk of customers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from patron.contract import IdType, Table, table_named
from patron.contract.tables import EARLIEST_YEAR, LATEST_YEAR
from patron.errors import SourceError
from patron.sources.sample.columns import Numbering
from patron.sources.sample.orders import make_orders, make_returns, purchases_batch
from patron.sources.sample.people import customers_batch, make_customers, name_pools
from patron.sources.sample.responses import PURCHASE, make_responses, responses_batch
from patron.sources.sample.service import contacts_batch, make_contacts
from patron.sources.sample.visits import make_views, make_visits, visits_batches
from patron.sources.sample.world import World, make_world

CHUNK = 20_000  # customers; part of what a seed means, so that changing it changes every sample
WORKERS = 2  # numpy lets go of Python's lock, so threads are enough; any number gives the same rows
LAST_DAY = date(2025, 12, 31)
EARLIEST_END = EARLIEST_YEAR + 110  # so that the oldest customer's birth is a date that the contract takes
Batches = dict[str, pa.RecordBatch]


@dataclass(frozen=True)
class Sample:
    """Which sample: how many customers, which of all possible shops, and the last day of its history.

    The same values give the same rows, wherever they go, as long as the versions of numpy and of mimesis,
    from which the people's names come, are the same. Ids count from 1, or are texts like C000000001.
    Raises SourceError when the number of customers, the seed or the last day makes no sense.
    """

    customers: int
    seed: int = 1
    end: date = LAST_DAY
    id_type: IdType = "bigint"

    def __post_init__(self) -> None:
        if self.customers < 1:
            raise SourceError(f"A sample needs at least one customer, not {self.customers}.")
        if self.seed < 0:
            raise SourceError(f"A seed must be 0 or more, not {self.seed}.")
        if not EARLIEST_END <= self.end.year <= LATEST_YEAR:
            raise SourceError(
                f"A sample can end in the years {EARLIEST_END} to {LATEST_YEAR}, not on {self.end}."
            )


def generate(sample: Sample) -> Iterator[tuple[Table, pa.RecordBatch]]:
    """Yield the sample's tables batch by batch: products and campaigns, then chunk by chunk of customers.

    Of each chunk come customer_info and then its facts, each by customer_id and day; parents come before
    children. Memory is that of a few chunks, however many customers there are.
    Raises SourceError where mimesis is not installed.
    """
    numbering = Numbering(sample.id_type)
    for batches in _all(sample):
        for name, batch in numbering.settle(batches).items():
            yield table_named(name), batch


def _all(sample: Sample) -> Iterator[Batches]:
    """The shop's own tables, then each chunk's, made ahead by the workers and handed on in order."""
    name_pools()
    world = make_world(_rng(sample, 0), sample.end, sample.customers)
    yield {
        "product_catalog": world.catalogue.batch(world.season.first),
        "marketing_campaigns": world.campaigns.batch(world.season.first),
    }
    chunks = iter(range(0, sample.customers, CHUNK))
    with ThreadPoolExecutor(WORKERS) as workers:
        ahead: deque[Future[Batches]] = deque()
        try:
            for first in chunks:
                ahead.append(workers.submit(make_chunk, sample, world, first))
                if len(ahead) > WORKERS:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            workers.shutdown(wait=True, cancel_futures=True)


def make_chunk(sample: Sample, world: World, first: int) -> Batches:
    """Return the tables of the chunk whose first customer is at `first`, with ids that count from 0."""
    rng = _rng(sample, 1 + first // CHUNK)
    count = min(CHUNK, sample.customers - first)
    customers = make_customers(rng, world, first, count, sample.customers)
    responses = make_responses(rng, world, customers)
    buying = responses.of(PURCHASE)
    prompted = responses.customer[buying], responses.day[buying]
    orders, lines = make_orders(rng, world, customers, prompted)
    returns = make_returns(rng, world, orders, lines)
    visits = make_visits(rng, world, customers, orders, responses)
    views = make_views(rng, world, customers, orders, lines, visits)
    sessions, viewed = visits_batches(rng, world, customers, visits, views)
    contacts = make_contacts(rng, world, customers, orders, lines, returns)
    return {
        "customer_info": customers_batch(rng, world, customers),
        "purchase_transactions": purchases_batch(world, customers, orders, lines, returns),
        "website_behavior": sessions,
        "product_views": viewed,
        "customer_service": contacts_batch(rng, world, customers, contacts),
        "campaign_responses": responses_batch(world, customers, responses),
    }


def _rng(sample: Sample, stream: int) -> np.random.Generator:
    """An own stream of random numbers for the shop (0) and for each chunk (from 1)."""
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence([sample.seed, stream])))
