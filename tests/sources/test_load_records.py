"""Splitting broken CSV into records, against a parser that goes letter by letter."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.settings import Settings
from patron.sources.formats import records
from patron.sources.formats.records import Chunk, Fault, Grammar, lines_as_records, readable, scan
from patron.sources.load import load
from tests.sources.files import stored, write
from tests.support.databases import Databases

HEADER = b"customer_id,first_name,last_name\n"
WIDTH = 3

Fields = list[str | None]
Found = tuple[int, Fields | str]  # a line, and a record's fields or a fault's code


def letter_by_letter(data: bytes) -> list[Found]:
    """Return records and faults of CSV data after its header."""
    found: list[Found] = []
    position, line = 0, 2
    while position < len(data):
        record, end = _record(data, position)
        if record is None:
            end = position
            while end < len(data) and data[end] not in b"\r\n":
                end += 1
            if end > position:
                found.append((line, "malformed_line"))
        elif _decoded(record) is None:
            found.append((line, "invalid_utf8"))
        else:
            found.append((line, _decoded(record) or []))
        line += _line_ends(data[position:end]) + 1
        position = end + (2 if data[end : end + 2] == b"\r\n" else 1)
    return found


def _record(data: bytes, position: int) -> tuple[list[bytes] | None, int]:
    """Return the fields of the record at a position and where it ends, or None where there is none."""
    fields: list[bytes] = []
    raws: list[bytes] = []
    while True:
        start = position
        if data[position : position + 2] == b' "':
            position += 1
        if data[position : position + 1] == b'"':
            value, position = _quoted(data, position + 1)
            if value is None or data[position : position + 1] not in (b"", b",", b"\r", b"\n"):
                return None, position
        else:
            position = start
            while position < len(data) and data[position] not in b",\r\n":
                position += 1
            value = data[start:position]
        fields.append(value)
        raws.append(data[start:position])
        if data[position : position + 1] != b",":
            break
        position += 1
    if len(raws) < WIDTH or any(raw not in (b"", b'""') for raw in raws[WIDTH:]) or raws == [b""]:
        return None, position
    return fields[:WIDTH], position


def _quoted(data: bytes, position: int) -> tuple[bytes | None, int]:
    value = b""
    while position < len(data):
        letter = data[position : position + 1]
        if letter == b'"' and data[position + 1 : position + 2] != b'"':
            position += 1
            while data[position : position + 1] == b" ":
                position += 1
            return value, position
        position += 2 if letter == b'"' else 1
        value += letter
    return None, position


def _decoded(record: list[bytes]) -> Fields | None:
    try:
        return [value.decode() or None for value in record]
    except UnicodeDecodeError:
        return None


def _line_ends(data: bytes) -> int:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")


def scanned(data: bytes) -> list[Found]:
    """Return what `scan` finds."""
    grammar = Grammar(",", WIDTH)
    found: list[Found] = []
    rows = 0
    for one in scan(BytesIO(HEADER + data), grammar):
        if isinstance(one, Fault):
            found.append((one.line, one.code))
            continue
        assert one.first == rows
        rows += len(one.records)
        found += [(one.line + number, grammar.split(record)) for number, record in enumerate(one.records)]
    return found


PIECES = st.sampled_from(
    [
        b"a",
        b"1",
        b" ",
        b",",
        b'"',
        b'""',
        b"\n",
        b"\r\n",
        b"\r",
        b"\xff",
        b"\xc3\xa9",
        b"x,y,z\n",
        b'"q",2,3\n',
        b'  "q",2,3\n',
        b"\0",
    ]
)
DATA = st.lists(PIECES, max_size=30).map(b"".join)


@pytest.fixture(scope="module", params=[1, 7, 64, records.BLOCK])
def block(request: pytest.FixtureRequest) -> Iterator[int]:
    """How many bytes are read at once; small ones cut through everything. Records are short then."""
    patch = pytest.MonkeyPatch()
    patch.setattr(records, "BLOCK", request.param)
    if request.param < records.MAX_RECORD:
        patch.setattr(records, "MAX_RECORD", 200)
    yield int(request.param)
    patch.undo()


@given(data=DATA)
@settings(max_examples=400)
def test_any_bytes_are_split_as_letter_by_letter(block: int, data: bytes) -> None:
    assert scanned(data) == letter_by_letter(data)


@given(data=DATA)
@settings(max_examples=60)
def test_any_bytes_are_loaded_as_they_were_split(databases: Databases, data: bytes) -> None:
    expected = letter_by_letter(data)
    with TemporaryDirectory() as folder, databases.shared("duckdb", Settings(id_type="text")) as engine:
        path = write(Path(folder) / "customer_info.csv", HEADER + data)
        report = load(engine, path)
        assert report.rows_read == len(expected)
        good: dict[str, Fields] = {}
        for _, fields in expected:
            if not isinstance(fields, str) and fields[0] and "\0" not in "".join(filter(None, fields)):
                good.setdefault(fields[0], fields)
        taken = [
            [row["customer_id"], row["first_name"], row["last_name"]]
            for row in stored(engine, "customer_info")
        ]
        assert sorted(taken, key=str) == sorted(good.values(), key=str)
        lines = engine.query("SELECT source_line FROM quarantine ORDER BY source_line")
        assert len(lines) == len(expected) - len(good)
        assert {row["source_line"] for row in lines} <= {line for line, _ in expected}


@given(
    rows=st.lists(st.lists(st.text("ab \t1", min_size=1), min_size=3, max_size=3), max_size=30),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_lines_as_records_are_the_same_as_scanned(block: int, rows: list[list[str]], end: str) -> None:
    text = "".join(",".join(row) + end for row in rows).encode()
    grammar = Grammar(",", WIDTH)
    wanted = set(range(0, len(rows), 3))
    chunks = lines_as_records(
        BytesIO(HEADER + text), lambda first, last: any(first <= row < last for row in wanted)
    )
    found = {
        chunk.first + number: (chunk.line + number, grammar.split(record))
        for chunk in chunks
        for number, record in enumerate(chunk.records)
    }
    assert {row: found[row] for row in wanted} == {row: (row + 2, rows[row]) for row in wanted}


class Endless(BytesIO):
    """A file with one line of many letters, made as it is read."""

    def __init__(self, before: bytes, size: int, after: bytes) -> None:
        super().__init__()
        self.parts = iter([before, *[b"y" * 1_000_000] * (size // 1_000_000), after])
        self.most = 0

    def read(self, size: int | None = -1) -> bytes:
        self.most = max(self.most, size or 0)
        return next(self.parts, b"")


def test_a_line_of_a_gigabyte_is_passed_in_pieces() -> None:
    stream = Endless(HEADER + b"1,a,b\n2,", 1_000_000_000, b",c\n3,d,e\n")
    first, long, last = scan(cast("BinaryIO", stream), Grammar(",", WIDTH))
    assert isinstance(long, Fault)
    assert (long.line, long.code) == (3, "line_too_long")
    assert "1000000004 bytes" in long.reason
    assert len(long.content) < records.KEPT + 200
    assert isinstance(first, Chunk)
    assert last == Chunk(1, 4, [b"3,d,e"])
    assert stream.most <= records.BLOCK


def test_a_line_is_never_matched_for_long() -> None:
    tangled = b'"a" "' * 100_000 + b"\n" + b'""' * 100_000 + b"\n" + b" " * 100_000 + b'"\n'
    found = list(scan(BytesIO(HEADER + tangled), Grammar(",", WIDTH)))
    assert [type(one) for one in found] == [Fault, Fault, Fault]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain \\ text", "plain \\ text"),
        (b"\xff\\", r"\xff\\"),
        (b"a\0\\", r"a\x00\\"),
        ("é\N{GRINNING FACE}".encode(), "é\N{GRINNING FACE}"),
    ],
)
def test_bytes_as_text(raw: bytes, text: str) -> None:
    assert readable(raw) == text
