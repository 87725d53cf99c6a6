"""Copies files that the cluster can read to this machine, which may have no right to read them itself.

Spark Connect hands out rows and no files: each file comes as rows with a piece of its content in hexadecimal digits,
which is the one form in which every engine takes a piece of binary content.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patron.engines.address import public
from patron.engines.spark.session import telling
from patron.errors import NoDatabase, SourceError
from patron.files import below

if TYPE_CHECKING:
    from patron.engines.spark.lake import Lake

PIECE = 16_000_000  # bytes, which come in one message
MOST = 1_000_000_000  # bytes of a file whose digits fit into a text of Spark's
# What stands at these is not the cluster's to read.
OTHERS = ("http", "https", "ftp", "sftp", "duckdb", "postgres", "postgresql", "sc", "memory")
# Letters of a path that the cluster does not take as they are; `?` stands for any one letter.
SPECIAL = re.compile(r"[\[\]{}*\\^%]")
SCHEME = re.compile(r"[a-zA-Z][\w+.-]*:(//[^/]*)?")

Found = dict[str, tuple[int, str]]  # bytes, and when it was written, by the cluster's name of a file


def fetch(lake: Lake, url: str, folder: Path, wanted: Callable[[str], bool]) -> None:
    """Copy the files at `url`, a file or a folder, whose names are `wanted` to `folder`, by their paths in it.

    Raises SourceError when there are none, or when one is too large, cannot be read or changes meanwhile;
    DatabaseError when the connection is lost or the cluster lets nobody in.
    """
    files = {path: found for path, found in _found(lake, url).items() if wanted(path)}
    if not files:
        raise SourceError(f"There is no data file at {public(url)} that the cluster can read.")
    copies = {path: folder / below(_plain(path), _plain(url)) for path in files}
    if len(set(copies.values())) < len(files):
        raise SourceError(
            "Several of the files that the URL matches have the same name; load each folder by itself."
        )
    for path, (size, _) in sorted(files.items()):
        if size > MOST:
            raise SourceError(
                f"{public(_full(path, url))} has {size:,} bytes, and the cluster gives files of at most {MOST:,}; "
                "split it."
            )
        _copy(lake, path, _full(path, url), size, copies[path])
    now = _found(lake, url)
    for path, found in sorted(files.items()):
        # It may have been written anew with as many bytes.
        if now.get(path) != found or copies[path].stat().st_size != found[0]:
            raise SourceError(
                f"{public(_full(path, url))} changed while it was read; load again when nobody writes to it."
            )


def _found(lake: Lake, url: str) -> Found:
    sql = "SELECT path, length, CAST(modificationTime AS STRING) AS moment FROM given_files"
    return {row["path"]: (row["length"], row["moment"]) for row in _rows(lake, url, public(url), sql)}


def _copy(lake: Lake, path: str, url: str, size: int, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    pattern = SPECIAL.sub("?", url)  # which may match other files too
    with to.open("wb") as copy:
        for start in range(0, size, PIECE):
            # Sail gives a large file several times, once for each of those that read it.
            sql = (
                f"SELECT SUBSTRING(digits, {2 * start + 1}, {2 * PIECE}) AS digits "
                "FROM (SELECT HEX(content) AS digits FROM given_files WHERE path = ?) AS whole LIMIT 1"
            )
            for piece in _rows(lake, pattern, public(url), sql, path):
                copy.write(bytes.fromhex(piece["digits"]))


def _rows(lake: Lake, url: str, shown: str, sql: str, *parameters: str) -> list[dict[str, Any]]:
    """Return the rows of a query of `given_files`, which are those at `url`, shown so, as they are now."""
    try:
        with telling(lake.where, reading=shown):
            found = lake.session.read.format("binaryFile").option("recursiveFileLookup", "true").load(url)
            found.createOrReplaceTempView("given_files")
            return list(lake.session.sql(sql, args=list(parameters) or None).toArrow().to_pylist())
    except NoDatabase:
        return []


def _full(path: str, url: str) -> str:
    """Return the URL of one of the files at `url`, of which some engines leave out the scheme and the bucket."""
    if SCHEME.match(path):
        return path
    start = SCHEME.match(url)
    return f"{start[0] if start else ''}/{path.lstrip('/')}"


def _plain(path: str) -> str:
    return SCHEME.sub("", path, count=1).strip("/")
