"""Visits of one chunk's customers to the website: website_behavior and product_views."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from patron.contract import table_named
from patron.sources.sample.campaigns import CHANNELS
from patron.sources.sample.columns import dates, texts, to_batch
from patron.sources.sample.draw import Ints, Rng, chance, pick, pick_by_row, starts_of, waits
from patron.sources.sample.orders import Lines, Orders, choose_products, visit_days
from patron.sources.sample.people import Customers
from patron.sources.sample.responses import CLICK, Responses
from patron.sources.sample.world import DAYS, ONLINE_STORE, World

SOURCES = ("organic search", "direct", "paid ad", "social media", "email", "referral", "sms", "app")
EARLY_SOURCES = np.array([0.42, 0.26, 0.1, 0.07, 0.08, 0.07, 0.0, 0.0])
LATE_SOURCES = np.array([0.3, 0.22, 0.18, 0.13, 0.06, 0.05, 0.0, 0.06])
BEFORE_ONLINE_ORDER, BEFORE_STORE_ORDER = 0.93, 0.24  # share of orders that a visit leads up to
SAME_DAY = 0.72  # of these; the others come the day before
AFTER_CLICK = 0.5  # share of clicks on a campaign that end on the website
TRACKED_BEFORE_ORDER, TRACKED = 0.5, 0.22  # share of visits that note products, of those who let it
SEES_WHAT_IT_BUYS = 0.7
SECONDS_A_DAY = 86_400
HOURS = np.array([4, 2, 1, 1, 1, 2, 5, 9, 12, 14, 15, 16, 18, 16, 14, 14, 15, 17, 20, 25, 28, 26, 18, 9])


@dataclass(frozen=True)
class Visits:
    """Sessions by customer, then day; `order` is the order it led up to, or -1, `source` in SOURCES or -1."""

    customer: Ints
    day: Ints
    order: Ints
    source: Ints


@dataclass(frozen=True)
class Views:
    """Products seen, in the order of the sessions and within them of time."""

    visit: Ints
    product: Ints


def make_visits(rng: Rng, world: World, customers: Customers, orders: Orders, responses: Responses) -> Visits:
    """Return the visits that lead up to orders, follow clicks on campaigns, or are for looking around."""
    online = orders.store == ONLINE_STORE
    share = np.where(online, BEFORE_ONLINE_ORDER, BEFORE_STORE_ORDER)
    order = np.flatnonzero(chance(rng, share, len(share)))
    buyer = orders.customer[order]
    earlier = ~chance(rng, SAME_DAY, len(order))
    before = np.maximum(orders.day[order] - earlier, customers.known_from[buyer])
    clicks = responses.of(CLICK)
    clicks = clicks[chance(rng, AFTER_CLICK, len(clicks))]
    looking, looking_day = visit_days(rng, world, customers, customers.browse_rate, np.ones(len(customers)))
    channel = world.campaigns.channel[responses.campaign[clicks]]
    unknown = np.int64(-1)
    customer = np.concatenate([buyer, responses.customer[clicks], looking])
    day = np.concatenate([before, responses.day[clicks], looking_day])
    leads_to = np.concatenate([order, np.full(len(clicks) + len(looking), unknown)])
    source = np.concatenate(
        [np.full(len(order), unknown), _CHANNEL_SOURCE[channel], np.full(len(looking), unknown)]
    )
    by_day = np.argsort(customer * np.int64(DAYS) + day, kind="stable")
    return Visits(customer[by_day], day[by_day], leads_to[by_day], source[by_day])


_CHANNEL_SOURCE = np.array([SOURCES.index(channel.source) for channel in CHANNELS.values()])


def make_views(
    rng: Rng, world: World, customers: Customers, orders: Orders, lines: Lines, visits: Visits
) -> Views:
    """Return the products seen in visits: what the customer likes, and often what is bought next."""
    buying = visits.order >= 0
    share = customers.tracked[visits.customer] * np.where(buying, TRACKED_BEFORE_ORDER, TRACKED)
    noted = np.flatnonzero(chance(rng, share, len(share)))
    visit = np.repeat(noted, 1 + np.minimum(waits(rng, 1.05, len(noted)), 6))
    product = choose_products(rng, world, customers, visits.customer[visit], visits.day[visit])
    last = np.append(np.diff(visit) > 0, True)[: len(visit)]
    bought = np.flatnonzero(last & buying[visit] & chance(rng, SEES_WHAT_IT_BUYS, len(visit)))
    wanted = lines.product[orders.first_line[visits.order[visit[bought]]]]
    on_sale = world.catalogue.launch[wanted] <= visits.day[visit[bought]]
    product[bought] = np.where(on_sale, wanted, product[bought])
    return Views(visit, product)


def visits_batches(
    rng: Rng, world: World, customers: Customers, visits: Visits, views: Views
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return the rows of website_behavior and of product_views."""
    count = len(visits.day)
    seen = np.bincount(views.visit, minlength=count)
    pages = 1 + seen + waits(rng, np.where(visits.order >= 0, 6.5, 3.2), count)
    seconds = (pages * 38 * np.exp(rng.standard_normal(count, np.float32) * 0.6)).astype(np.int32)
    seconds = np.minimum(seconds, 4 * 3600)
    ids = np.arange(count)
    sessions = {
        "session_id": ids,
        "customer_id": visits.customer + customers.first_id,
        "visit_date": dates(world.season.to_dates(visits.day)),
        "pages_viewed": pages,
        "time_spent": seconds,
        "source": texts(pa.array(SOURCES), _sources(rng, visits)),
    }
    viewed = {
        "view_id": np.arange(len(views.visit)),
        "session_id": views.visit,
        "customer_id": visits.customer[views.visit] + customers.first_id,
        "product_id": views.product + 1,
        "viewed_at": _moments(rng, world, visits, views, seen, seconds),
    }
    return (
        to_batch(table_named("website_behavior"), sessions),
        to_batch(table_named("product_views"), viewed),
    )


def _sources(rng: Rng, visits: Visits) -> Ints:
    """Where visits came from; paid and social ones have become more over the years."""
    years = 6
    share = np.linspace(0, 1, years)[:, None]
    by_year = EARLY_SOURCES * (1 - share) + LATE_SOURCES * share
    drawn = pick_by_row(rng, by_year, visits.day * years // DAYS)
    return np.where(visits.source >= 0, visits.source, drawn)


def _moments(rng: Rng, world: World, visits: Visits, views: Views, seen: Ints, seconds: Ints) -> pa.Array:
    """When each product was seen: one after another within the session, which ends before midnight."""
    begin = pick(rng, HOURS, len(seen)) * 3600 + rng.integers(0, 3600, len(seen))
    begin = np.minimum(begin, SECONDS_A_DAY - 1 - seconds)
    place = np.arange(len(views.visit)) - starts_of(seen)[views.visit]
    share = (place + rng.random(len(place))) / seen[views.visit]
    second = begin[views.visit] + (share * seconds[views.visit]).astype(np.int64)
    day = visits.day[views.visit].astype(np.int64) + world.season.first
    return pa.array((day * SECONDS_A_DAY + second) * 1_000_000, pa.timestamp("us"))
