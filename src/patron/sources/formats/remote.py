"""Files elsewhere, such as s3://bucket/exports: whatever fsspec opens is copied here first, and then read as a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import fsspec

from patron.engines.address import public
from patron.errors import SourceError
from patron.files import below
from patron.sources.formats.files import ending_of
from patron.sources.staging import first_line

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_EXTRAS = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "abfss": "azure",
}
BLOCK = 8_000_000
# Copies what is at a URL to a folder and returns where it is.
Download = Callable[[str, Path], Path]


def is_remote(path: str) -> bool:
    """Whether a path is a URL."""
    return _URL.match(path) is not None


def download(url: str, folder: Path) -> Path:
    """Copy the data files at `url`, a file or a folder, to `folder`; return where they are.

    Raises SourceError when there are none or they cannot be read.
    """
    scheme = url.partition("://")[0].lower()
    into = Path(mkdtemp(prefix="remote-", dir=folder))
    try:
        system, root = fsspec.core.url_to_fs(url)
        names = [root] if system.isfile(root) else sorted(system.find(root))
        wanted = [name for name in names if ending_of(name)]
        for name in wanted:
            _copy(system, name, into / below(name, root))
    except ImportError as error:
        extra = _EXTRAS.get(scheme)
        remedy = f"install patron[{extra}]" if extra else "install the package of fsspec for it"
        raise SourceError(
            f"{public(url)} needs a package that is not here; {remedy} ({first_line(error)})."
        ) from error
    except Exception as error:  # each kind of storage has errors of its own
        raise SourceError(
            f"{public(url)} cannot be read: {first_line(error) or type(error).__name__}."
        ) from error
    if not wanted:
        raise SourceError(f"There is no data file at {public(url)}; name a file or a folder that holds some.")
    return into


def copying(bring: Callable[[str, Callable[[str], bool]], Path | None]) -> Download:
    """Return what copies by `bring`, which is told what names of data files are, or else by `download`."""

    def copied(url: str, folder: Path) -> Path:
        return bring(url, lambda name: ending_of(name) is not None) or download(url, folder)

    return copied


def _copy(system: Any, name: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with system.open(name, "rb") as source, path.open("wb") as copy:
        while block := source.read(BLOCK):
            copy.write(block)
