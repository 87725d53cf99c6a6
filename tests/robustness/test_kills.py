"""Kill -9 at random moments of loads and builds: the old or the new is there, and the next command goes on.

PATRON_TEST_KILLS says how often on DuckDB, and how often on PostgreSQL, whose versions share them (50);
PATRON_TEST_SEED says which moments.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import pytest

from patron.engines import connect
from patron.settings import Settings
from tests.robustness.child import Child, Work, build, load, undo
from tests.robustness.grounds import Ground, Kill, ground_for
from tests.robustness.seed import seeded
from tests.robustness.states import RESULT, SHOP, State, difference, state_of
from tests.robustness.stock import FIRST_DAY, SECOND_DAY, Stock, append, make_stock
from tests.support.databases import requested_engines

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("PATRON_TEST_KILLS", "50"))


# Large enough that the work is long, and on DuckDB that a transaction writes whole row groups to the file.
_CUSTOMERS = {"duckdb": 7200, "postgres18": 2500, "postgres15": 2500}


@dataclass(frozen=True)
class Place:
    """An engine's ground, the stock of the shop, and databases to start from, by name."""

    kind: str
    ground: Ground
    stock: Stock
    starts: dict[str, str]


@pytest.fixture(scope="module", params=requested_engines())
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Databases to kill on one engine: initialised; then built; then changed since the build."""
    folder = tmp_path_factory.mktemp("kills")
    stock = make_stock(folder, _CUSTOMERS[request.param])
    with ground_for(request.param, folder) as ground:
        url = ground.empty()
        starts = {}
        with connect(url, Settings()) as engine:
            engine.init()
        starts["initialised"] = ground.copy(url)
        with connect(url, Settings()) as engine:
            append(engine, stock.first)
            engine.build(FIRST_DAY)
        starts["built"] = ground.copy(url)
        loaded = ground.copy(url)
        with connect(loaded, Settings()) as engine:
            load(engine, stock.delivery)
        starts["loaded"] = loaded
        with connect(url, Settings()) as engine:
            append(engine, stock.late)
        starts["changed"] = url
        yield Place(request.param, ground, stock, starts)


TASKS = ("first load", "load", "undo", "full build", "incremental build")


@dataclass(frozen=True)
class Task:
    """Work on a copy of the database `start`."""

    start: str
    work: Work
    arguments: tuple[Any, ...]


def task_at(place: Place, name: str) -> Task:
    tasks = {
        "first load": Task(place.starts["initialised"], load, (place.stock.first,)),
        "load": Task(place.starts["built"], load, (place.stock.delivery,)),
        "undo": Task(place.starts["loaded"], undo, (1,)),
        "full build": Task(place.starts["changed"], build, (SECOND_DAY, True)),
        "incremental build": Task(place.starts["changed"], build, (SECOND_DAY, False)),
    }
    return tasks[name]


@dataclass(frozen=True)
class Undisturbed:
    """What a task does when it is not killed.

    `result` is what a full build makes of it, `contents` what the database then has, `seconds` what it took.
    """

    before: State
    after: State
    result: State
    contents: dict[str, str]
    seconds: float


@pytest.mark.parametrize("name", TASKS)
def test_a_kill_leaves_the_old_or_the_new(place: Place, name: str) -> None:
    task = task_at(place, name)
    rng = seeded(f"{name} on {place.kind}")
    expected = undisturbed(place.ground, task)
    assert difference(expected.before, expected.after)
    seconds = expected.seconds
    for way, kill in islice(cycle(place.ground.kills.items()), share_of_kills(place.kind)):
        url, seconds = kill_while_working(place.ground, task, rng, seconds, kill)
        found = found_in(url)
        print(f"{way} killed within {seconds:.3f} s:", "old" if found == expected.before else "new")
        assert found in (expected.before, expected.after), (
            difference(found, expected.before),
            difference(found, expected.after),
        )
        goes_on(url, task, expected)
        place.ground.drop(url)
    url = kill_when_done(place.ground, task, rng)
    assert difference(found_in(url), expected.after) == []
    goes_on(url, task, expected)


def share_of_kills(kind: str) -> int:
    """Return how many of the kills fall to one task on one version, but for the one when it is done."""
    versions = [name for name in requested_engines() if name[:6] == kind[:6]]
    return -(-KILLS // (len(TASKS) * len(versions))) - 1


def found_in(url: str) -> State:
    """Open a database and return what is there."""
    with connect(url, Settings()) as engine:
        return state_of(engine)


def undisturbed(ground: Ground, task: Task) -> Undisturbed:
    """Let a task end."""
    url = ground.copy(task.start)
    before = found_in(url)
    with Child(url, task.work, *task.arguments) as child:
        began = time.monotonic()
        child.works()
        seconds = time.monotonic() - began
        child.ends()
    with connect(url, Settings()) as engine:
        after = state_of(engine)
        engine.build(SECOND_DAY, full=True)
        found = Undisturbed(before, after, state_of(engine, *SHOP, *RESULT), engine.contents(), seconds)
    ground.drop(url)
    return found


def kill_while_working(
    ground: Ground, task: Task, rng: random.Random, seconds: float, kill: Kill
) -> tuple[str, float]:
    """Kill a task within so many seconds; return its database and in how many seconds it would have ended at least.

    Where it ends before it is to be killed, another one is begun.
    """
    while True:
        url = ground.copy(task.start)
        with Child(url, task.work, *task.arguments) as child:
            began = time.monotonic()
            if child.works_for(rng.uniform(0, seconds)):
                kill(child)
                return url, seconds
        seconds = min(seconds, time.monotonic() - began)
        ground.drop(url)


def kill_when_done(ground: Ground, task: Task, rng: random.Random) -> str:
    """Kill a task that has just said that it is done, in any way; return its database."""
    url = ground.copy(task.start)
    with Child(url, task.work, *task.arguments) as child:
        child.works()
        time.sleep(rng.uniform(0, 0.03))  # it may be closing the database by now
        rng.choice(list(ground.kills.values()))(child)
    return url


def goes_on(url: str, task: Task, expected: Undisturbed) -> None:
    """Do the work again and what follows it: the result is as without the kill, and nothing else is left."""
    with Child(url, task.work, *task.arguments) as child:
        child.ends()
    with connect(url, Settings()) as engine:
        engine.build(SECOND_DAY)
        found = state_of(engine, *expected.result)
        assert found == expected.result, difference(found, expected.result)
        assert engine.contents() == expected.contents
