"""Fixtures for every test: a fresh database on every engine.

Most tests take `build` (plain rows in, customer_360 out) or `engine` (fresh, initialised), and run once per
engine. PATRON_TEST_ENGINES names the engines; see tests/support/databases.py.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import date

import hypothesis
import pytest
from xdist.remote import Producer

from patron.contract import IdType
from patron.engines import Engine
from patron.settings import Model, Settings
from tests.reference import Row, Shop, customer_360
from tests.shops import TODAY
from tests.support.compare import assert_same
from tests.support.databases import Databases, fill, requested_engines, rows
from tests.support.sharing import Sharing

MakeEngine = Callable[..., Engine]
Build = Callable[..., list[Row]]

# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile("patron", deadline=None, print_blob=True)
hypothesis.settings.load_profile("patron")

# Whoever is started in the background of a shell ignores Ctrl-C, and so would every process that a test sends it to.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A setting of the developer's own shell must not change what is tested.
for _name in [
    name for name in os.environ if name.startswith("PATRON_") and not name.startswith("PATRON_TEST_")
]:
    del os.environ[_name]


# What stands above an engine is the same Python on every PostgreSQL; the oldest one runs what is most of all SQL.
_ON_THE_OLDEST = ("tests/contract/", "tests/engines/", "tests/metrics/", "tests/model/")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--remake-pictures", action="store_true", help="Take the pictures of the pages anew.")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """Share the tests out among processes by what they stand on."""
    return Sharing(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let PostgreSQL 15 run the contract, the model and the metrics; 18 runs everything."""
    if "postgres18" not in requested_engines():
        return
    extra = {
        item
        for item in items
        if "postgres15" in item.nodeid.partition("[")[2] and not item.nodeid.startswith(_ON_THE_OLDEST)
    }
    if extra:
        config.hook.pytest_deselected(items=list(extra))
        items[:] = [item for item in items if item not in extra]


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes databases on any engine; its servers live as long as the session."""
    with Databases(tmp_path_factory.mktemp("databases")) as made:
        yield made


@pytest.fixture(scope="session", params=requested_engines())
def kind(request: pytest.FixtureRequest) -> str:
    """The engine's name: duckdb, postgres18 or postgres15."""
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, databases: Databases) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    url = databases.empty(kind)
    yield url
    databases.drop(url)


@pytest.fixture
def make_engine(kind: str, databases: Databases) -> Iterator[MakeEngine]:
    """Make a fresh, initialised engine: `make_engine(settings)`. All are closed after the test."""
    made: list[Engine] = []

    def make(settings: Settings | None = None) -> Engine:
        made.append(databases.open(kind, settings))
        return made[-1]

    yield make
    for engine in made:
        databases.discard(engine)


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    """A fresh, initialised engine with default settings."""
    return make_engine()


@pytest.fixture(
    scope="session",
    params=["reference", *requested_engines()],
)
def build(request: pytest.FixtureRequest, databases: Databases) -> Build:
    """Build a shop's customer_360: `build(shop, as_of, model, id_type)`, rows by customer_id.

    It is asked of the reference in tests/reference.py and of every engine, which must agree with it.
    """

    def built(
        shop: Shop, as_of: date = TODAY, model: Model | None = None, id_type: IdType = "bigint"
    ) -> list[Row]:
        model = model or Model()
        expected = customer_360(shop, as_of, model)
        if request.param == "reference":
            return expected
        with databases.shared(request.param, Settings(model=model, id_type=id_type)) as engine:
            fill(engine, shop)
            engine.build(as_of)
            actual = rows(engine, "SELECT * FROM customer_360")
            assert_same(actual, expected)
            return sorted(actual, key=lambda row: row["customer_id"])

    return built
