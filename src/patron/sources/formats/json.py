"""JSON: a list of objects, an object that holds such a list, or NDJSON, an object a line.

Numbers keep the digits that the file gives them. An object inside an object becomes columns such as
`customer.id`; a list inside one is its JSON text. In NDJSON a broken line costs that line and no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from patron.errors import SourceError
from patron.sources.formats.files import BROKEN_PACKING
from patron.sources.formats.records import BOM, KEPT, MAX_RECORD, Fault, readable
from patron.sources.formats.rows import Record, RowsPart, is_text
from patron.sources.staging import first_line, plain

LARGEST = 200_000_000  # bytes of a file that is one object, which has to be read whole
Object = tuple[int, dict[str, str | None]]


class JsonPart(RowsPart):
    """A file of JSON objects; `keys` are their columns."""

    keys: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Return the keys of all objects, in the order in which they are first met."""
        seen: dict[str, None] = {}
        for one in self._objects():
            if not isinstance(one, Fault):
                seen.update(dict.fromkeys(one[1]))
        if not seen:
            raise SourceError(
                f"{self.file.name} holds no JSON object; it needs a list of them, or one a line"
            )
        self.keys = tuple(seen)
        return list(seen)

    def records(self) -> Iterator[Record | Fault]:
        """Go through the objects."""
        for one in self._objects():
            yield one if isinstance(one, Fault) else Record(one[0], [one[1].get(key) for key in self.keys])

    def _objects(self) -> Iterator[Object | Fault]:
        for place, raw in self._raw():
            yield _read(place, raw)

    def _raw(self) -> Iterator[tuple[int, bytes | str]]:
        """Go through the text of the objects: by line, or by their number in a list."""
        try:
            with self.file.open() as stream:
                start = stream.read(MAX_RECORD).removeprefix(BOM).lstrip()
            if start.startswith(b"["):
                yield from enumerate(self._listed(), 1)
            elif start.startswith(b"{") and not _is_object(start.partition(b"\n")[0]):
                yield from enumerate(self._inside(), 1)
            else:
                yield from self._lines()
        except BROKEN_PACKING as error:
            raise SourceError(f"{self.file.name} cannot be unpacked to its end: {error}.") from error

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with self.file.open() as stream:
            number = 0
            while line := stream.readline(MAX_RECORD):
                number += 1
                if number == 1:
                    line = line.removeprefix(BOM)
                rest = line
                while len(rest) == MAX_RECORD and not rest.endswith(b"\n"):
                    rest = stream.readline(MAX_RECORD)
                if line.strip():
                    yield number, line.rstrip(b"\r\n")

    def _listed(self) -> Iterator[str]:
        """Go through the elements of a list; DuckDB finds where each ends, in bounded memory."""
        source = "read_json_objects(?, format = 'array', compression = ?)"
        written = [
            plain(self.file.path),
            {"gzip": "gzip", "zstd": "zstd"}.get(self.file.packing or "", "none"),
        ]
        try:
            with duckdb.connect() as connection:
                found = connection.execute(f"SELECT CAST(json AS VARCHAR) FROM {source}", written)
                while rows := found.fetchmany(10_000):
                    yield from (row[0] for row in rows)
        except duckdb.Error as error:
            raise SourceError(f"{self.file.name} cannot be read as JSON: {first_line(error)}") from error

    def _inside(self) -> Iterator[str]:
        """Go through the one list of objects that an object holds."""
        with self.file.open() as stream:
            data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise SourceError(f"{self.file.name} is one object above {LARGEST:,} bytes; save it as NDJSON")
        try:
            document = _parsed(data.removeprefix(BOM).decode())
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{self.file.name} cannot be read as JSON: {error}") from error
        lists = [value for value in document.values() if isinstance(value, list)]
        for element in lists[0] if lists else [document]:
            yield json.dumps(element, ensure_ascii=True)


def _read(place: int, raw: bytes | str) -> Object | Fault:
    shown = readable(raw[:KEPT] if isinstance(raw, bytes) else raw[:KEPT].encode("utf-8", "surrogatepass"))
    if len(raw) >= MAX_RECORD:
        reason = f"The line has more bytes than a row may have, which is {MAX_RECORD}."
        return Fault(place, "line_too_long", reason, f"{shown} …")
    try:
        document = _parsed(raw.decode() if isinstance(raw, bytes) else raw)
    except UnicodeDecodeError:
        return Fault(place, "invalid_utf8", "The line has bytes that are not UTF-8.", shown)
    except (ValueError, RecursionError):
        return Fault(place, "malformed_line", "The line is not JSON.", shown)
    if not isinstance(document, dict):
        return Fault(place, "malformed_line", "The JSON is not an object.", shown)
    values: dict[str, str | None] = {}
    _flatten(document, "", values)
    if not is_text([*values, *values.values()]):
        return Fault(place, "invalid_utf8", "The JSON has half a letter, which no database can keep.", shown)
    return place, values


def _flatten(document: dict[str, Any], prefix: str, into: dict[str, str | None]) -> None:
    for key, value in document.items():
        name = prefix + key
        if isinstance(value, dict):
            _flatten(value, f"{name}.", into)
        else:
            into[name] = _text(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


class _Digits(str):
    """A number as the file writes it."""

    __slots__ = ()


def _parsed(text: str) -> Any:
    return json.loads(text, parse_int=_Digits, parse_float=_Digits, parse_constant=_Digits)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
