"""What files hold, as a number: the same content is known again, whatever it is called."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple, Self

from patron.errors import SourceError
from patron.sources.formats.files import SourceFile
from patron.sources.report import FileRead


class Wanted(NamedTuple):
    """A file that is to be read: what its rows are for, and its columns."""

    file: SourceFile
    tables: str
    columns: tuple[str, ...]


Files = list[Wanted]


class Hashing:
    """Hashes files beside whatever else is going on; use it in `with`."""

    def __init__(self, files: Files) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="patron-hashing")
        self._hashes = [(one, self._pool.submit(_sha256, one.file)) for one in files]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)

    def files(self) -> tuple[FileRead, ...]:
        """Wait for all files and return them; raises SourceError when one cannot be read."""
        return tuple(
            FileRead(one.file.name, one.tables, one.file.size, found.result(), one.columns)
            for one, found in self._hashes
        )


def content_hash(files: tuple[FileRead, ...]) -> str | None:
    """Return the hash of all content, table by table, or None where there is none."""
    if not files:
        return None
    lines = [f"{file.table} {file.sha256}\n" for file in sorted(files, key=lambda file: file.table)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _sha256(file: SourceFile) -> str:
    try:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{file.name} cannot be read: {error.strerror or error}.") from error
