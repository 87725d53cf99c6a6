"""What a load did, as its caller gets it and as the table `loads` keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from patron.errors import SourceError


@dataclass(frozen=True)
class TableCounts:
    """What became of one table's rows: those read were inserted, updated, unchanged or quarantined.

    `taken_up` of those read came out of the quarantine and not out of a file, since what they waited for has
    come. `removed` rows were in the table before and not in the files that replaced it.
    """

    table: str
    rows_read: int
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    taken_up: int = 0
    removed: int = 0

    def __post_init__(self) -> None:
        kept = self.inserted + self.updated + self.unchanged + self.quarantined
        if self.rows_read != kept:
            raise SourceError(
                f"Of {self.rows_read} rows of {self.table} {kept} are accounted for, so nothing was loaded; "
                "this is a fault of Patron, please report it."
            )


@dataclass(frozen=True)
class FileRead:
    """A file that was loaded: its size in bytes, the SHA-256 of its content as it lay there, and its columns."""

    name: str
    table: str
    size: int
    sha256: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class DataWarning:
    """Something about a load's rows as a whole that is not as it was; the sentence names the figure."""

    table: str
    check: str
    sentence: str


@dataclass(frozen=True)
class LoadReport:
    """What one load did, or would do where it is a `dry_run`.

    `reasons` counts refused rows by table and reason code, and `examples` say of each where one stands.
    `new_in_quarantine` of them were not there before, and `released` entries of earlier loads were settled by this
    one. `same_as` is the earlier load of the very same content after which nothing changed, so that no row had to
    be looked at. Times are in UTC.
    """

    load_id: int
    source: str
    tables: tuple[TableCounts, ...]
    files: tuple[FileRead, ...]
    reasons: dict[str, dict[str, int]]
    started_at: datetime
    finished_at: datetime
    examples: dict[str, dict[str, str]] = field(default_factory=dict)
    new_in_quarantine: int = 0
    released: int = 0
    notes: tuple[str, ...] = field(default=())
    warnings: tuple[DataWarning, ...] = field(default=())
    content_hash: str | None = None
    mapping: str | None = None
    mapping_hash: str | None = None
    same_as: int | None = None
    dry_run: bool = False

    @property
    def rows_read(self) -> int:
        """Rows found in all files, and taken up from the quarantine."""
        return sum(table.rows_read for table in self.tables)

    @property
    def inserted(self) -> int:
        """Rows with a new key."""
        return sum(table.inserted for table in self.tables)

    @property
    def updated(self) -> int:
        """Rows that replaced one of the same key."""
        return sum(table.updated for table in self.tables)

    @property
    def unchanged(self) -> int:
        """Rows that were there already."""
        return sum(table.unchanged for table in self.tables)

    @property
    def quarantined(self) -> int:
        """Rows that were refused."""
        return sum(table.quarantined for table in self.tables)

    @property
    def taken_up(self) -> int:
        """Rows that came out of the quarantine."""
        return sum(table.taken_up for table in self.tables)

    @property
    def removed(self) -> int:
        """Rows that went because new files lack them."""
        return sum(table.removed for table in self.tables)


@dataclass(frozen=True)
class Traces:
    """What later loads, and an undo, must know of a load.

    `options` are those it was given; `filled` names tables that had no rows before it; `builds_on` numbers loads
    whose rows it found, changed or removed; `mark` and `fingerprints` are the engine's own (see `Store`);
    `profiles` say how each table's rows were as a whole.
    """

    options: dict[str, Any] = field(default_factory=dict)
    filled: tuple[str, ...] = ()
    builds_on: tuple[int, ...] = ()
    mark: str | None = None
    fingerprints: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, Any] = field(default_factory=dict)


def as_row(report: LoadReport, traces: Traces, *, undoable: bool) -> dict[str, Any]:
    """Return the load as a row of `loads`."""
    details = {
        "tables": [asdict(table) for table in report.tables],
        "files": [asdict(file) for file in report.files],
        "reasons": report.reasons,
        "examples": report.examples,
        "new_in_quarantine": report.new_in_quarantine,
        "released": report.released,
        "notes": report.notes,
        "warnings": [asdict(warning) for warning in report.warnings],
        "same_as": report.same_as,
        **asdict(traces),
    }
    return {
        "load_id": report.load_id,
        "state": "stored" if undoable else "final",
        "started_at": report.started_at.replace(tzinfo=None),
        "finished_at": report.finished_at.replace(tzinfo=None),
        "source": report.source,
        "content_hash": report.content_hash,
        "bytes_read": sum(file.size for file in report.files),
        "mapping_hash": report.mapping_hash,
        "mapping": report.mapping,
        "rows_read": report.rows_read,
        "inserted": report.inserted,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "quarantined": report.quarantined,
        "removed": report.removed,
        "details": json.dumps(details, ensure_ascii=False),
    }
