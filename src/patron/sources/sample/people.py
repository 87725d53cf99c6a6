"""The customers of one chunk: who they are, and the traits that everything they do follows from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.contract import table_named
from patron.errors import SourceError
from patron.sources.sample.columns import dates, texts, to_batch
from patron.sources.sample.draw import Bools, Floats, Ints, Rng, chance, pick
from patron.sources.sample.world import DAYS, YEAR, World

LEGACY_DAYS = 900  # some were customers already when the history begins
LEGACY_SHARE = 0.09
REGISTRATION_GROWTH = 0.09  # a year
NEVER_BUYS = 0.08
BULK = 0.035  # buy for many: an office, a club, a large family
ONE_OFF = 0.13  # of the rest: buy once and are not seen again
RETURNS_LATER = 0.3  # of those who fade away
MISSING = {"email": 0.04, "phone_number": 0.12, "date_of_birth": 0.07, "registration_date": 0.008}
TASTES = 3  # favourite categories, strongest first
MAIL_HOSTS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")
MOST_ORDERS = 110  # a year
ADULT, OLDEST = 18, 93


@dataclass(frozen=True)
class Customers:
    """One element a customer; days are days of the history.

    A customer is active in two spans (the second of most is empty): the shop's `begin` to `end`, shape
    (2, customers). Rates are per year of usual demand.
    """

    first_id: int
    registered: Ints  # below 0 before the history
    registration_missing: Bools
    begin: Floats
    end: Floats
    fading: Floats  # 1: buys steadily while active; above: ever less
    buys: Bools
    one_off: Bools
    order_rate: Floats
    browse_rate: Floats
    basket: Floats  # lines of a receipt beyond the first, on average
    bulk: Floats  # how many times what others buy of a thing
    favourite: Ints  # categories, shape (TASTES, customers)
    favourite_brand: Ints  # place among that category's brands, same shape
    loyalty: Floats  # to the favourite brand
    online: Floats
    home_store: Ints
    openness: Floats  # to campaigns
    tracked: Bools  # lets the website note the products seen
    email_missing: Bools
    phone_missing: Bools

    def __len__(self) -> int:
        """How many customers there are."""
        return len(self.buys)

    @property
    def known_from(self) -> Ints:
        """The first day of the history on which a customer can do anything."""
        return np.maximum(self.registered, 0)


def make_customers(rng: Rng, world: World, first: int, count: int, total: int) -> Customers:
    """Return customers `first` to `first + count - 1` (from 0) of `total`; ids rise with registration."""
    registered = _registrations(rng, (np.arange(first, first + count) + rng.random(count)) / total)
    buys = ~chance(rng, NEVER_BUYS, count)
    one_off = buys & chance(rng, ONE_OFF, count)
    begin, end = _spans(rng, np.maximum(registered, 0).astype(np.float64), one_off)
    order_rate = np.minimum(np.exp(rng.normal(1.0, 0.88, count)), MOST_ORDERS) * buys * ~one_off
    favourite = pick(rng, world.category_demand, TASTES * count).reshape(TASTES, count)
    brands = world.brands_of[favourite]
    online = rng.random(count) ** 1.15
    return Customers(
        first_id=first + 1,
        registered=registered,
        registration_missing=chance(rng, MISSING["registration_date"], count),
        begin=begin,
        end=end,
        fading=np.where(end[0] < DAYS, rng.uniform(1, 2.2, count), 1.0),
        buys=buys,
        one_off=one_off,
        order_rate=order_rate,
        browse_rate=(1.5 + 0.6 * np.sqrt(order_rate)) * (0.3 + online) * rng.gamma(1.2, 1.5, count),
        basket=rng.gamma(2.2, 0.8, count),
        bulk=np.where(chance(rng, BULK, count), rng.uniform(1.5, 6, count), 1.0),
        favourite=favourite,
        favourite_brand=(rng.random((TASTES, count)) ** 1.4 * brands).astype(np.int32),
        loyalty=rng.random(count) * 0.75,
        online=online,
        home_store=pick(rng, world.store_size, count),
        openness=rng.gamma(1.0, 0.27, count),
        tracked=chance(rng, 0.6, count),
        email_missing=chance(rng, MISSING["email"], count),
        phone_missing=chance(rng, MISSING["phone_number"], count),
    )


def _registrations(rng: Rng, quantile: Floats) -> Ints:
    """The day that the given share of all customers had registered by."""
    growth = (1 + REGISTRATION_GROWTH) ** (np.arange(DAYS) / YEAR)
    months = np.tile([1.0, 0.95, 1.0, 1.0, 1.0, 0.97, 0.95, 0.95, 1.0, 1.02, 1.18, 1.15], 7)
    growth *= np.interp(np.arange(DAYS), np.arange(84) * YEAR / 12, months)
    edges = LEGACY_SHARE + (1 - LEGACY_SHARE) * np.cumsum(growth) / growth.sum()
    legacy = (quantile / LEGACY_SHARE - 1) * LEGACY_DAYS
    return np.where(quantile < LEGACY_SHARE, np.floor(legacy), np.searchsorted(edges, quantile)).astype(
        np.int64
    )


def _spans(rng: Rng, begin: Floats, one_off: Bools) -> tuple[Floats, Floats]:
    """When customers come, fade away, and, some of them, come back."""
    count = len(begin)
    patience = np.where(one_off, 4.0, rng.gamma(0.85, 3.9 * YEAR, count) + 20)
    end = np.minimum(begin + patience, DAYS)
    again = np.minimum(end + 120 + rng.exponential(300, count), DAYS)
    until = np.minimum(again + rng.gamma(0.8, 1.6 * YEAR, count), DAYS)
    until = np.where(~one_off & chance(rng, RETURNS_LATER, count), until, again)
    return np.stack([begin, again]), np.stack([end, until])


def customers_batch(rng: Rng, world: World, customers: Customers) -> pa.RecordBatch:
    """Return the rows of customer_info."""
    count = len(customers)
    ids = np.arange(customers.first_id, customers.first_id + count)
    pools = name_pools()
    woman = chance(rng, 0.54, count)
    given = np.where(woman, _common(rng, pools.women, count), pools.men_from + _common(rng, pools.men, count))
    first_name = texts(pools.given, given)
    last_name = texts(pools.family, _common(rng, len(pools.family), count))
    age = np.clip(rng.normal(41, 14.5, count), ADULT, OLDEST)
    born = customers.registered - (age * YEAR).astype(np.int64) - rng.integers(0, 365, count)
    columns = {
        "customer_id": ids,
        "first_name": first_name,
        "last_name": last_name,
        "email": _emails(rng, first_name, last_name, ids, customers.email_missing),
        "phone_number": _phones(rng, customers.phone_missing),
        "date_of_birth": dates(born + world.season.first, chance(rng, MISSING["date_of_birth"], count)),
        "registration_date": dates(customers.registered + world.season.first, customers.registration_missing),
    }
    return to_batch(table_named("customer_info"), columns)


@dataclass(frozen=True)
class NamePools:
    """Names of people: `given` has the women's first, then the men's from `men_from`."""

    given: pa.Array
    family: pa.Array
    women: int
    men: int

    @property
    def men_from(self) -> int:
        """Where the men's names begin."""
        return self.women


@lru_cache(maxsize=1)
def name_pools() -> NamePools:
    """Return the names that mimesis knows, the same ones for every sample.

    Raises SourceError where mimesis is not installed.
    """
    try:
        from mimesis import Gender, Locale, Person
    except ImportError as error:
        raise SourceError(
            "Sample data needs the package mimesis for people's names; "
            "install it with: pip install 'patron[sample]'."
        ) from error
    person = Person(Locale.EN, seed=2)
    women = list(dict.fromkeys(person.first_name(Gender.FEMALE) for _ in range(900)))
    men = list(dict.fromkeys(person.first_name(Gender.MALE) for _ in range(900)))
    family = list(dict.fromkeys(person.last_name() for _ in range(2500)))
    return NamePools(pa.array(women + men), pa.array(family), len(women), len(men))


def _common(rng: Rng, pool: int, count: int) -> Ints:
    """Places in a pool of names, of which the first are common and the last are rare."""
    return pick(rng, 1.0 / (np.arange(pool) + 25.0), count)


def _emails(rng: Rng, first: pa.Array, last: pa.Array, ids: Ints, missing: Bools) -> pa.Array:
    """Addresses at hosts that are reserved for examples, so that no letter ever reaches anyone."""
    given, family = (pc.replace_substring_regex(pc.utf8_lower(name), "[^a-z]", "") for name in (first, last))
    short = pc.if_else(pa.array(chance(rng, 0.25, len(ids))), pc.utf8_slice_codeunits(given, 0, 1), given)
    host = texts(pa.array(MAIL_HOSTS), pick(rng, np.arange(len(MAIL_HOSTS), 0, -1), len(ids)))
    local = pc.binary_join_element_wise(
        short, pc.binary_join_element_wise(family, pa.array(ids).cast("string"), ""), "."
    )
    return pc.if_else(pa.array(missing), None, pc.binary_join_element_wise(local, host, "@"))


def _phones(rng: Rng, missing: Bools) -> pa.Array:
    """Numbers of the exchange 555, which is given to nobody, written in two ways."""
    count = len(missing)
    area = pa.array(rng.integers(201, 990, count)).cast("string")
    line = pc.utf8_lpad(pa.array(rng.integers(0, 10000, count)).cast("string"), 4, "0")
    plain = pc.binary_join_element_wise("+1", area, "555", line, "-")
    local = pc.binary_join_element_wise("(", area, ") 555-", line, "")
    return pc.if_else(pa.array(missing), None, pc.if_else(pa.array(chance(rng, 0.8, count)), plain, local))
