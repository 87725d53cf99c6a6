"""Databases as released versions of Patron made them, kept for all later versions to upgrade.

`python -m tests.operations.releases` writes that of the present version, once, when it is released: a small shop with
loads, refused rows, a build and changes since, as a DuckDB file and as a dump of PostgreSQL 15, the oldest one.
"""

from __future__ import annotations

import lzma
import tempfile
from pathlib import Path

from patron import __version__
from patron.engines import Engine, connect
from patron.settings import Settings
from patron.sources.load import load
from tests.robustness.stock import FIRST_DAY, Stock, make_stock
from tests.support.databases import Databases

FOLDER = Path(__file__).parent.parent / "data" / "releases"
RELEASES = sorted(path.name for path in FOLDER.glob("*.*.*"))
CUSTOMERS = 40


def restored(release: str, kind: str, databases: Databases) -> str:
    """Make a database as `release` made it, on an engine, and return its URL."""
    url = databases.empty(kind)
    if kind == "duckdb":
        Path(url).write_bytes(lzma.decompress((FOLDER / release / "shop.duckdb.xz").read_bytes()))
        return url
    dump = lzma.decompress((FOLDER / release / "shop.sql.xz").read_bytes()).decode()
    psql = ("psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--dbname={url}")
    databases.server(kind).tool(*psql, text=dump)
    return url


def fill(engine: Engine, stock: Stock) -> None:
    """Load, build, and load what changes customers and what is refused."""
    engine.init()
    load(engine, stock.first)
    engine.build(FIRST_DAY)
    load(engine, stock.delivery)


def write(folder: Path) -> None:
    """Write the databases of the present version into `folder`."""
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch, Databases(Path(scratch)) as databases:
        stock = make_stock(Path(scratch), CUSTOMERS)
        file, url = databases.empty("duckdb"), databases.empty("postgres15")
        for one in (file, url):
            with connect(one, Settings()) as engine:
                fill(engine, stock)
        dump = databases.server("postgres15").tool("pg_dump", "--no-owner", "--no-privileges", url)
        for name, content in {"shop.duckdb": Path(file).read_bytes(), "shop.sql": dump}.items():
            (folder / f"{name}.xz").write_bytes(lzma.compress(content, preset=9))


if __name__ == "__main__":
    write(FOLDER / __version__)
