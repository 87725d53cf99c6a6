"""The days that a figure counts, split into whole months, which rollups have, and the parts of months beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from patron.metrics.filters import Period

FIRST_DAY = date(1, 1, 1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """Days from `from_day` to `to_day`; months from `whole_from` up to, without it, `whole_to` are whole.

    Where no month is whole, `whole_from` and `whole_to` are `from_day`.
    """

    from_day: date
    to_day: date
    whole_from: date
    whole_to: date

    @property
    def has_parts(self) -> bool:
        """Whether there are days beside the whole months."""
        return self.from_day < self.whole_from or self.whole_to <= self.to_day

    def parameters(self) -> dict[str, date]:
        """Return the values of the parameters of the same names."""
        return dict(vars(self))


def window(period: Period, as_of: date) -> Window:
    """Return the days that count: nothing after as_of does, and the month of as_of ends with it."""
    end = as_of if period.end is None else min(period.end, as_of)
    return _split(period.start or FIRST_DAY, end, as_of)


def window_before(now: Window, as_of: date) -> Window:
    """Return the same dates a year before."""
    return _split(year_before(now.from_day), year_before(now.to_day), as_of)


def _split(start: date, end: date, as_of: date) -> Window:
    whole_from = start if start.day == 1 else _next_month(start)
    whole_to = _next_month(end) if end == as_of or (end + DAY).day == 1 else end.replace(day=1)
    if whole_from >= whole_to:
        whole_from = whole_to = start
    return Window(start, end, whole_from, whole_to)


def is_always(period: Period, as_of: date) -> bool:
    """Whether a period leaves nothing out."""
    return period.start is None and (period.end is None or period.end >= as_of)


def year_before(day: date) -> date:
    """Return the same date a year before; for the 29th of February the 28th."""
    if day.year == 1:
        return day
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
