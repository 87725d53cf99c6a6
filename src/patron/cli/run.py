"""What a command gets: its settings, its database, and where its words go."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType

from patron.cli.documents import dumped
from patron.cli.tables import Verbatim
from patron.errors import DatabaseError

if TYPE_CHECKING:
    from patron.engines import Engine, OnProgress, Progress
    from patron.settings import Settings


@dataclass(frozen=True)
class Options:
    """The options that every command has."""

    database: str | None = None
    settings: Path | None = None
    json: bool = False
    debug: bool = False

    def over(self, before: Options) -> Options:
        """Return these, and where they say nothing those given `before` the command."""
        return Options(
            before.database if self.database is None else self.database,
            before.settings if self.settings is None else self.settings,
            self.json or before.json,
            self.debug or before.debug,
        )


def _has_loads(engine: Engine) -> bool:
    return "loads" in engine.contents() and bool(engine.query("SELECT load_id FROM loads LIMIT 1"))


class Run:
    """One run of a command."""

    def __init__(self, options: Options) -> None:
        self.json = options.json
        self._options = options

    @cached_property
    def settings(self) -> Settings:
        """The settings of the file, the environment and the command line; raises SettingsError."""
        from patron.settings import load_settings

        return load_settings(self._options.settings)

    @property
    def database(self) -> str | None:
        """The database's URL where the command line gives one."""
        return self._options.database

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.settings.database if self.database is None else self.database

    @property
    def kept_url(self) -> str:
        """The database's URL; raises DatabaseError where nothing would be kept."""
        from patron.engines.address import MEMORY

        if self.url == MEMORY:
            raise DatabaseError(
                f"{MEMORY} is gone when the command ends, so nothing would be kept; name a file with --database."
            )
        return self.url

    def connect(self, url: str | None = None, *, create: bool = False, any_version: bool = False) -> Engine:
        """Open the database; with `create` a missing file is made. Raises DatabaseError, OtherVersion among them."""
        from patron.engines import connect

        where = self.kept_url if url is None else url
        return connect(where, self.settings, create=create, any_version=any_version)

    @contextmanager
    def making(self) -> Iterator[Engine]:
        """Open the database, or make it; a file that was made is removed if the block fails before a load is stored.

        Raises DatabaseError.
        """
        from patron.engines.address import address

        where = address(self.url)
        file = Path(where.target) if where.engine == "duckdb" else None
        is_new = file is not None and not file.exists()
        with self.connect(create=True) as engine:
            try:
                yield engine
            except BaseException:
                if file is not None and is_new and not _has_loads(engine):
                    engine.close()
                    for one in (file, Path(f"{file}.wal")):
                        one.unlink(missing_ok=True)
                raise

    @cached_property
    def console(self) -> Console:
        """Standard output, for people."""
        return Console(highlight=False, markup=False, emoji=False)

    def show(self, document: Any, *parts: RenderableType) -> None:
        """Print the one `document` where JSON was asked for, else the `parts`, with a blank line between them."""
        if self.json:
            print(dumped(document))
            return
        for number, part in enumerate(parts):
            if number:
                self.console.print()
            self.console.print(part, soft_wrap=isinstance(part, Verbatim))

    def show_text(self, document: Any, text: str) -> None:
        """Print `document` as JSON or else `text` just as it is, to be piped on."""
        if self.json:
            self.show(document)
        else:
            print(text.removesuffix("\n"))

    @contextmanager
    def progress(self, title: str) -> Iterator[OnProgress]:
        """Show on standard error how far long work has come, if that is a terminal."""
        if not sys.stderr.isatty():
            yield lambda _: None
            return
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Display

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[done]}"))
        console = Console(stderr=True)
        with Display(*columns, TimeElapsedColumn(), console=console, transient=True) as display:
            task = display.add_task(title, total=None, done="")

            def shown(progress: Progress) -> None:
                total = progress.total
                done = f"{progress.done / total:.0%}" if total else f"{progress.done:,.0f}"
                words = title if progress.stage in title else f"{title}: {progress.stage}"
                display.update(task, description=words, completed=progress.done, total=total, done=done)

            yield shown
