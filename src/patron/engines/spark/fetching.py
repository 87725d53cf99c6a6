"""Copies files that the cluster can read to this machine, which may have no right to read them itself.

Spark Connect hands out rows and no files: each file comes as rows with a piece of its content in hexadecimal digits,
which is the one form in which every engine takes a piece of binary content.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from patron.engines.address import public
from patron.engines.spark.session import telling
from patron.errors import DatabaseError, NoDatabase, SourceError

if TYPE_CHECKING:
    from patron.engines.spark.lake import Lake

PIECE = 16_000_000  # bytes, which come in one message
MOST = 1_000_000_000  # bytes of a file whose digits fit into a text of Spark's
# What stands at these is not the cluster's to read.
OTHERS = ("http", "https", "ftp", "sftp", "duckdb", "postgres", "postgresql", "sc", "memory")


def fetch(lake: Lake, url: str, folder: Path, wanted: Callable[[str], bool]) -> None:
    """Copy the files at `url`, a file or a folder, whose names are `wanted` to `folder`, by their paths in it.

    Raises SourceError when there are none, or when one is too large or cannot be read whole.
    """
    try:
        with telling(lake.where):
            found = lake.session.read.format("binaryFile").option("recursiveFileLookup", "true").load(url)
            found.createOrReplaceTempView("given_files")
        sizes = {row["path"]: row["length"] for row in lake.rows("SELECT path, length FROM given_files")}
    except NoDatabase:
        sizes = {}
    except DatabaseError as error:  # which may repeat the URL
        raise SourceError(f"{public(url)} cannot be read by the cluster: {public(str(error))}") from error
    files = {path: size for path, size in sizes.items() if wanted(path)}
    if not files:
        raise SourceError(f"There is no data file at {public(url)} that the cluster can read.")
    if len({_relative(path, url) for path in files}) < len(files):
        raise SourceError(
            "Several of the files that the URL matches have the same name; load each folder by itself."
        )
    for path, size in sorted(files.items()):
        if size > MOST:
            raise SourceError(
                f"{public(path)} has {size:,} bytes, and the cluster gives files of at most {MOST:,}; split it."
            )
        _copy(lake, path, size, folder / _relative(path, url))


def _copy(lake: Lake, path: str, size: int, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("wb") as copy:
        for start in range(0, size, PIECE):
            # Sail gives a large file several times, once for each of those that read it.
            pieces = lake.rows(
                f"SELECT SUBSTRING(digits, {2 * start + 1}, {2 * PIECE}) AS digits "
                "FROM (SELECT HEX(content) AS digits FROM given_files WHERE path = ?) AS whole LIMIT 1",
                [path],
            )
            copy.write(bytes.fromhex(pieces[0]["digits"]) if pieces else b"")
    if to.stat().st_size != size:
        raise SourceError(f"{public(path)} changed while it was read; load again when nobody writes to it.")


def _relative(path: str, url: str) -> str:
    """Return a file's path below `url`: some engines leave out the scheme and the bucket, or the slash in front."""
    file, root = PurePosixPath(_plain(path)), PurePosixPath(_plain(url))
    if file == root or not file.is_relative_to(root):
        return file.name
    return str(PurePosixPath(*(part for part in file.relative_to(root).parts if part != "..")))


def _plain(path: str) -> str:
    return re.sub(r"^[a-zA-Z][\w+.-]*:(//[^/]*)?", "", path).strip("/")
