"""The copies that a server has beside its database: made in the background, used as long as they are what is there."""

from __future__ import annotations

import errno

import structlog

from patron.customers.copies import NoRoom, Room
from patron.customers.quick import CopiedCustomers, CopiedFacts, copy_customers, copy_facts
from patron.customers.search import PREPARE_SECONDS
from patron.engines.base import Engine
from patron.engines.serving import Serving


class Copies:
    """Copies of a build's customers and of all facts, where the database is slow to look them up."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._customers: CopiedCustomers | None = None
        self._facts: CopiedFacts | None = None
        self._wanted = serving.settings.server.copied_bytes > 0

    @property
    def facts(self) -> CopiedFacts | None:
        """The facts, unless some may have changed since they were copied."""
        copied = self._facts
        return copied if copied is not None and copied.changes == self._serving.changes else None

    def customers_of(self, build_id: int | None) -> CopiedCustomers | None:
        """Return the customers of a build, if they are copied."""
        copied = self._customers
        return copied if copied is not None and copied.build_id == build_id else None

    def bring_up_to_date(self, build_id: int | None) -> None:
        """Copy what is not copied as it is; where that fails the database answers, after want of room for good."""
        if self.customers_of(build_id) is None:
            self._customers = None
        if self.facts is None:
            self._facts = None
        folder, changes = self._serving.folder, self._serving.changes
        if folder is None or changes is None or build_id is None or not self._wanted:
            return
        most = self._serving.settings.server.copied_bytes
        try:
            room = Room(folder, most - sum(one.bytes for one in (self._customers, self._facts) if one))
            with self._serving.reading(PREPARE_SECONDS) as engine:
                if self._customers is None and _latest(engine) == build_id:
                    self._customers = copy_customers(engine, build_id, room)
                if self._facts is None:
                    self._facts = copy_facts(engine, changes, room)
        except Exception as error:  # whatever it is, no answer depends on copies
            self._wanted = not (isinstance(error, NoRoom) or getattr(error, "errno", None) == errno.ENOSPC)
            structlog.get_logger().warning(
                "preparing", said="copies are left out, and answers stay slow", kind=type(error).__name__
            )


def _latest(engine: Engine) -> int | None:
    """Return the build that is shown: it may be a later one than when the copies were asked for."""
    rows = engine.query("SELECT build_id FROM current_build")
    return rows[0]["build_id"] if rows else None
