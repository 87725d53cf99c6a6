"""The shop's campaigns: those of `merchandise.PROMOTIONS`, every year, a row for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from patron.contract import table_named
from patron.sources.sample.columns import dates, texts, to_batch
from patron.sources.sample.draw import Bools, Floats, Ints, Rng
from patron.sources.sample.merchandise import PROMOTIONS, Promotion
from patron.sources.sample.season import first_day

FRIDAY = 4


@dataclass(frozen=True)
class Channel:
    """How people take what comes this way.

    `response` compares the share who answer; a `direct` channel can be unsubscribed from; where it
    `shows_opening`, opening is an answer of its own. `source` is what the website calls visits from it.
    """

    response: float
    direct: bool
    shows_opening: bool
    source: str


CHANNELS: dict[str, Channel] = {
    "email": Channel(1.0, True, True, "email"),
    "social media": Channel(0.4, False, False, "social media"),
    "TV": Channel(0.14, False, False, "direct"),
    "sms": Channel(0.9, True, True, "sms"),
    "push": Channel(0.8, True, True, "app"),
    "direct mail": Channel(0.3, True, False, "direct"),
}
CHANNEL_NAMES = tuple(CHANNELS)


@dataclass(frozen=True)
class Campaigns:
    """All campaigns by start, one element a campaign; days are days of the history."""

    names: tuple[str, ...]
    audiences: tuple[str, ...]
    channel: Ints  # position in CHANNEL_NAMES
    start: Ints
    end: Ints
    lift: Floats

    def running(self, days: int) -> Bools:
        """Return for each day whether any campaign runs on it."""
        running = np.zeros(days, np.bool_)
        for start, end in zip(self.start, self.end, strict=True):
            running[start : end + 1] = True
        return running

    def batch(self, first: int) -> pa.RecordBatch:
        """Return the rows of marketing_campaigns; `first` is day 0 in days since 1970."""
        columns = {
            "campaign_id": np.arange(1, len(self.names) + 1),
            "campaign_name": pa.array(self.names),
            "start_date": dates(self.start + first),
            "end_date": dates(self.end + first),
            "channel": texts(pa.array(CHANNEL_NAMES), self.channel),
            "target_audience": pa.array(self.audiences),
        }
        return to_batch(table_named("marketing_campaigns"), columns)


def make_campaigns(rng: Rng, end: date, customers: int) -> Campaigns:
    """Return what a shop of so many customers ran in the years up to `end`."""
    start = first_day(end)
    size = np.log10(customers + 1)
    kept = PROMOTIONS[: int(4 + 3 * size)]
    rows: list[tuple[int, int, str, str, int, float]] = []
    for year in range(start.year, end.year + 1):
        for promotion in kept:
            begin = (_begin(promotion, year, rng) - start).days
            last = begin + promotion.days - 1
            if begin < 0 or last > (end - start).days:
                continue
            name = f"{promotion.name} {year}"
            lift = promotion.lift * float(rng.uniform(0.8, 1.2))
            for place, channel in enumerate(promotion.channels[: int(1 + size / 1.8)]):
                lift_once = lift if place == 0 else 0.0  # the promotion lifts demand, not each channel again
                number = CHANNEL_NAMES.index(channel)
                rows.append((begin, last, name, promotion.audience, number, lift_once))
    rows.sort(key=lambda row: row[:2])
    begins, lasts, names, audiences, channels, lifts = zip(*rows, strict=True)
    return Campaigns(
        names,
        audiences,
        np.array(channels),
        np.array(begins, np.int32),
        np.array(lasts, np.int32),
        np.array(lifts),
    )


def _begin(promotion: Promotion, year: int, rng: Rng) -> date:
    """Black Friday follows the fourth Thursday of November; the others move by a few days a year."""
    begin = date(year, promotion.month, promotion.day)
    if promotion.name == "Black Friday":
        return begin + timedelta((FRIDAY - begin.weekday()) % 7)
    return begin + timedelta(int(rng.integers(-3, 4)))
