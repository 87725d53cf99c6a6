"""What every route gets: the database, who may ask, the latest build, and what is kept in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import structlog
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, Request

from patron.access import AccessStore, AuditEntry, access_store
from patron.api.batching import Batches
from patron.api.builds import Builder
from patron.api.copying import Copies
from patron.api.cursors import Cursors
from patron.api.figurecache import FigureCache
from patron.api.limits import Buckets
from patron.api.noting import Notes
from patron.api.observing import Meters
from patron.api.problems import Refusal
from patron.customers.profiles import profiles
from patron.customers.search import PREPARE_SECONDS, prepare, search
from patron.customers.timeline import ToldPage, first_pages, told_page
from patron.engines.base import Engine, Row
from patron.engines.serving import Serving, serve
from patron.errors import DatabaseError, NoDatabase
from patron.memory import Memory, remember, remember_days
from patron.metrics import Forgotten
from patron.settings import Auth, Settings

if TYPE_CHECKING:
    from patron.api.oidc import Tokens

T = TypeVar("T")
PREPARE_AGAIN_SECONDS = 30.0  # after it failed
GLANCE_SECONDS = 1.0  # how long a look at which build is the latest is good for
# Figures made from memory at a time: Python makes one, and what compresses another leaves Python to it.
MEMORY_READERS = 2
WAITING = 20  # requests a reader may have before it; more are sent away at once
STRANGERS_A_SECOND, STRANGERS_BURST = 1.0, 20  # credentials that are no good, from one address


@dataclass(frozen=True)
class Mark:
    """The build that customer_360 shows."""

    build_id: int
    as_of: date


class Context:
    """One server's database and memory; `opened` makes one.

    Where there are no credentials it is `open_to_all`, and everybody is an admin; that is for loopback alone.
    """

    def __init__(self, url: str, settings: Settings, serving: Serving, access: AccessStore) -> None:
        server, self.url = settings.server, url
        self.settings, self.serving, self.access, self.meters = settings, serving, access, Meters()
        active = any(key.state == "active" for key in access.all_keys())
        self.open_to_all = not active and settings.auth.issuer is None
        self.tokens = _tokens(settings.auth)
        self.token_header = settings.auth.header or ""  # no request has a header without a name
        self.buckets = Buckets(server.requests_a_second, server.burst)
        self.strangers = Buckets(STRANGERS_A_SECOND, STRANGERS_BURST)
        self.figures = FigureCache(server.cached_figures)
        self.cursors = Cursors(access.secret("cursors"))
        self.notes = Notes(self._note)
        self.builder = Builder(serving, self.meters, self._built)
        self._profiles: Batches[Any, Row] = Batches(partial(self.read, profiles))
        self._first_pages: Batches[tuple[Any, int], ToldPage] = Batches(partial(self.read, _first_pages))
        self.terms_kept = False  # whether search has its table
        self.memory: Memory | None = None  # what filtered figures are made of
        self.copies = Copies(serving)  # what profiles, timelines and search are made of
        self._days_wanted = False  # whether anybody asked for figures of chosen days
        self._prepared: Mark | None = None  # the build that they are of
        self._prepare_again = float("-inf")  # when, after it failed
        self._preparation = threading.Lock()
        self._readers = CapacityLimiter(server.readers)
        self._from_memory = CapacityLimiter(MEMORY_READERS)
        self._mark: Mark | None = None
        self._looked = float("-inf")
        self._preparing = self._prepare_aside()

    async def read(
        self, function: Callable[..., T], *arguments: Any, seconds: float | None = None, **named: Any
    ) -> T:
        """Return `function(engine, …)`, called in a thread with an engine that reads one snapshot.

        Raises QueryTimeout after `seconds` (or the setting query_seconds), Refusal when too many wait already.
        """

        def run() -> T:
            with self.serving.reading(seconds or self.settings.server.query_seconds) as engine:
                return function(engine, *arguments, **named)

        return await self._in_thread(run, self._readers)

    async def figure(self, function: Callable[[Engine | None, Memory | None], T], *, of_days: bool) -> T:
        """Return `function(None, memory)` where that does, and else `function(engine, memory)` as `read` does.

        Figures of all time are made at once where they are quick: to hand them to a thread takes longer than most of
        them. Those of chosen days look through many more rows.
        """
        memory = self.memory
        if memory is not None and self._mark is not None and memory.build.build_id == self._mark.build_id:
            made = partial(function, None, memory)
            try:
                if of_days or not memory.is_quick:
                    return await self._in_thread(made, self._from_memory)
                return made()
            except Forgotten as what:
                if what.of_days:
                    self._want_days(memory)
        return await self.read(function, memory)

    async def search(self, words: Sequence[str], limit: int, *, personal: bool) -> list[Row]:
        """Return the customers whom words find, as `customers.search` does."""
        if (copied := self.copies.customers_of(self._build_id)) is not None:
            found = partial(copied.search, words, limit, personal=personal)
            is_quick = copied.is_quick(words, personal=personal)
            return found() if is_quick else await self._in_thread(found, self._from_memory)
        return await self.read(search, words, limit, personal=personal, indexed=self.terms_kept)

    async def profile(self, customer: Any) -> Row | None:
        """Return a customer's row: of a copy at once, or of the database together with others who ask."""
        if (copied := self.copies.customers_of(self._build_id)) is not None:
            return copied.profile(customer)
        return await self._profiles.get(customer)

    async def first_page(self, customer: Any, limit: int) -> ToldPage | None:
        """Return the first page of a customer's timeline, None of who is not known; from where `profile` has it."""
        if (copied := self.copies.facts) is not None and (
            page := copied.first_page(customer, limit)
        ) is not None:
            return page
        return await self._first_pages.get((customer, limit))

    @property
    def _build_id(self) -> int | None:
        return self._mark.build_id if self._mark else None

    async def _in_thread(self, function: Callable[[], T], limiter: CapacityLimiter) -> T:
        if limiter.statistics().tasks_waiting >= WAITING * self.settings.server.readers:
            raise Refusal(503, "too-busy", "Too many requests wait for an answer.", {"Retry-After": "1"})
        return await run_sync(function, limiter=limiter)

    async def mark(self) -> Mark | None:
        """Return the latest build as of at most a second ago, or None before the first one."""
        now = time.monotonic()
        if now - self._looked > GLANCE_SECONDS:
            if self._mark is not None:
                self._looked = now  # who asks meanwhile is content with the former answer
            try:
                self._mark = await self.read(_mark)
            except DatabaseError:
                self._looked = float("-inf")
                raise
            self._looked = now
            if self._mark != self._prepared:  # built by somebody else, or preparing failed
                self.terms_kept = False
                if not self._preparing.is_alive() and now >= self._prepare_again:
                    self._preparing = self._prepare_aside()
            self.meters.build_id.set(self._mark.build_id if self._mark else 0)
        return self._mark

    @property
    def latest(self) -> Mark | None:
        """The latest build if that was looked up within the last second, or None."""
        return self._mark if time.monotonic() - self._looked <= GLANCE_SECONDS else None

    def look_again(self) -> None:
        """Forget which build is the latest."""
        self._looked = float("-inf")

    def prepare(self) -> None:
        """Make what quickens answers about the latest build, unless it is there; without it they are only slower."""
        with self._preparation:
            try:
                with self.serving.reading(PREPARE_SECONDS) as engine:
                    mark = _mark(engine)
                    if mark is not None and (
                        self.memory is None or self.memory.build.build_id != mark.build_id
                    ):
                        self.memory = None  # of another build
                        self.memory = _remembered(engine)
                if mark != self._prepared or not self.terms_kept:
                    self.terms_kept = False  # until they are those of this build
                    self.terms_kept = prepare(self.serving)
                self._prepared = mark
                self.copies.bring_up_to_date(mark.build_id if mark and self.terms_kept else None)
                if self._days_wanted:
                    self._remember_days()
            except Exception as error:
                self._prepare_again = time.monotonic() + PREPARE_AGAIN_SECONDS
                structlog.get_logger().warning(
                    "preparing", said="answers stay slow", kind=type(error).__name__
                )

    def _want_days(self, memory: Memory) -> None:
        """Have days remembered from now on: they take more time and room than all else, and not every shop asks."""
        self._days_wanted = True
        if not memory.has_days and not self._preparing.is_alive() and time.monotonic() >= self._prepare_again:
            self._preparing = self._prepare_aside()

    def _remember_days(self) -> None:
        with self.serving.reading(PREPARE_SECONDS) as engine:
            mark, memory = _mark(engine), self.memory
            if mark is not None and memory is not None and memory.build.build_id == mark.build_id:
                remember_days(engine, memory)

    def _prepare_aside(self) -> threading.Thread:
        thread = threading.Thread(target=self.prepare, name="patron-preparing", daemon=True)
        thread.start()
        return thread

    @property
    def preparing(self) -> bool:
        """Whether that is being made, or was not made yet of the latest build: after a failure it is tried again."""
        return self._preparing.is_alive() or self._mark not in (None, self._prepared)

    def _built(self) -> None:
        self.look_again()
        self.terms_kept = False
        self._preparing = self._prepare_aside()

    async def ask_access(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return `function(…)` of the access store, in a thread where that is far away."""
        return await run_sync(function, *arguments) if self.access.is_remote else function(*arguments)

    async def _note(self, entries: Sequence[AuditEntry]) -> None:
        await self.ask_access(self.access.note, *entries)

    def stop(self) -> None:
        """Stop what runs in the background, or wait for it."""
        self.builder.stop(self.settings.server.shutdown_seconds)
        self._preparing.join(self.settings.server.shutdown_seconds)


@contextmanager
def opened(url: str, settings: Settings) -> Iterator[Context]:
    """Open the database at `url` for a server, and close it at the end of the block; raises DatabaseError."""
    with ExitStack() as stack:
        serving = stack.enter_context(serve(url, settings))
        access = stack.enter_context(access_store(url))
        context = Context(url, settings, serving, access)
        stack.callback(context.stop)
        yield context


def _tokens(auth: Auth) -> Tokens | None:
    """Return what checks tokens, which takes a while to import, where the settings name an issuer."""
    if auth.issuer is None:
        return None
    from patron.api.oidc import Tokens

    return Tokens(auth)


def context_of(request: Request) -> Context:
    """Return the context of the server that got a request."""
    context: Context = request.app.state.context
    return context


async def _context(request: Request) -> Context:
    return context_of(request)


Asked = Annotated[Context, Depends(_context)]


def _mark(engine: Engine) -> Mark | None:
    rows = engine.query("SELECT build_id, as_of FROM current_build")
    return Mark(rows[0]["build_id"], rows[0]["as_of"]) if rows else None


def _remembered(engine: Engine) -> Memory | None:
    try:
        return remember(engine)
    except NoDatabase:  # the build kept no figures
        return None


def _first_pages(engine: Engine, asked: Sequence[tuple[Any, int]]) -> dict[tuple[Any, int], ToldPage]:
    """Return the first pages of the timelines of customers, each of a length, by both."""
    found: dict[tuple[Any, int], ToldPage] = {}
    for limit in {limit for _, limit in asked}:
        pages = first_pages(engine, [key for key, of_length in asked if of_length == limit], limit)
        found |= {(key, limit): told_page(page) for key, page in pages.items()}
    return found
