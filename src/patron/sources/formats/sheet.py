"""Workbooks: Excel's formats and OpenDocument. A sheet has at most 1,048,576 rows, so memory is bounded by that.

The first row that is not blank names the columns. Whole numbers come without decimals, and dates as
2024-03-31, with the time of day where they have one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from patron.errors import SourceError, did_you_mean
from patron.sources.formats.records import Fault
from patron.sources.formats.rows import Record, RowsPart
from patron.sources.staging import first_line


class SheetPart(RowsPart):
    """One sheet of a workbook: that of the form's name, or the first."""

    _sheet: CalamineSheet | None = None

    def names(self) -> list[str]:
        """Return what stands in the first row that is not blank, '' for what has no name."""
        for place, cells in self._rows():
            if not self.file.form.header:
                return [f"column{number}" for number in range(1, len(cells) + 1)]
            names = [_text(cell) or "" for cell in cells]
            while names and not names[-1].strip():
                names.pop()
            self.header, self.width = place, len(names)
            return names
        raise SourceError(f"{self.file.name} has no row that names its columns")

    header = 0
    width = 0

    def records(self) -> Iterator[Record | Fault]:
        """Go through the rows below the names; blank ones are none."""
        for place, cells in self._rows():
            if place > self.header:
                values = [_text(cell) for cell in cells[: self.width or None]]
                if any(value is not None for value in values):
                    yield Record(place, values)

    def _rows(self) -> Iterator[tuple[int, list[Any]]]:
        """Go through the rows that are not blank, numbered as the sheet does."""
        if self._sheet is None:
            self._sheet = _open(self.file.path, self.file.name, self.file.form.sheet)
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            if any(cell != "" for cell in cells):
                yield number, cells


def sheets(path: Path) -> list[str]:
    """Return the names of a workbook's sheets; raises SourceError when it is none."""
    return list(_workbook(path, str(path)).sheet_names)


def _open(path: Path, name: str, sheet: str | None) -> CalamineSheet:
    book = _workbook(path, name)
    known = book.sheet_names
    if not known:
        raise SourceError(f"{name} has no sheet")
    wanted = sheet or known[0]
    if wanted not in known:
        raise SourceError(
            f"{name} has no sheet '{wanted}'.{did_you_mean(wanted, known)} It has: {', '.join(known)}"
        )
    try:
        return book.get_sheet_by_name(wanted)
    except CalamineError as error:
        raise SourceError(f"the sheet '{wanted}' of {name} cannot be read: {first_line(error)}") from error


def _workbook(path: Path, name: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(path)
    except CalamineError as error:
        raise SourceError(f"{name} cannot be read as a workbook: {first_line(error)}") from error


def _text(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell.total_seconds()) if isinstance(cell, timedelta) else str(cell)
