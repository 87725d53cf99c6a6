"""Splits a CSV file into records without trusting it, one line at a time and in bounded memory.

DuckDB reads well-formed CSV faster than anything here. Told to go on after errors, though, DuckDB 2.0 loses
lines without a word: one above its limit of length and, after a quote that never closes, whole stretches. So it
stops at the first error, and such a file is split here: a line that is no record costs that line and no other.

A record is as RFC 4180 has it: fields in double quotes may hold delimiters, line ends and doubled quotes; a
quote inside a field without them is a letter like any other. Blank lines are no records, and empty fields
beyond the last column are passed over. A line ends with LF, CRLF or CR.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

MAX_RECORD = 2_000_000  # bytes; no row of the contract comes near it
KEPT = 1_000_000  # bytes that are kept of a line which is longer than that
LONGEST_HEADER = 65_536
BLOCK = 8_000_000
BOM = b"\xef\xbb\xbf"
FAULTS = ("malformed_line", "invalid_utf8", "line_too_long")  # codes of what cannot be split into columns
LINE_END = re.compile(rb"\r\n|\n|\r")


class Chunk(NamedTuple):
    """Records that begin on consecutive lines: the number of the first (from 0) and its line (from 1)."""

    first: int
    line: int
    records: list[bytes]


class Fault(NamedTuple):
    """A line, or a record of several, that cannot be a row: why, and what it holds."""

    line: int
    code: str
    reason: str
    content: str


class Grammar:
    """The records of one file: what separates their fields, and how many there are."""

    def __init__(self, delimiter: str, width: int, quote: str = '"') -> None:
        """Compile the grammar for `width` columns; `delimiter` is one character, `quote` one or none."""
        mark, mantle = re.escape(delimiter.encode()), re.escape(quote.encode())
        # One space before quotes and all after them are dropped, as DuckDB does; after more spaces a quote is a
        # letter. No choice here can be taken in two ways, so that no line makes the matching slow.
        field = rb"[^" + mark + rb"\r\n]*+"
        if quote:
            inner = rb"(?:[^" + mantle + rb"]++|" + mantle * 2 + rb")*+"
            field = rb" ?" + mantle + inner + mantle + rb" *|(?! ?" + mantle + rb")" + field
        end = rb"(\r\n|\n|\r|\Z)"
        self.delimiter = delimiter.encode()
        self.quote = quote.encode()
        self.width = width
        self.field = re.compile(field)
        fields = (
            rb"(?:" + field + rb")(?:" + mark + rb"(?:" + field + rb")){" + str(width - 1).encode() + rb"}"
        )
        empty = rb"(?:" + mantle * 2 + rb")?"
        self.record = re.compile(rb"(" + fields + rb"(?:" + mark + empty + rb")*+)" + end)
        self.any_record = re.compile(rb"((?:" + field + rb")(?:" + mark + rb"(?:" + field + rb"))*+)" + end)

    def split(self, record: bytes) -> list[str | None]:
        """Return a record's fields, None for empty ones; raises UnicodeDecodeError for what is not UTF-8."""
        fields = [self._value(raw) for raw in self._raw_fields(record)]
        return fields[: self.width]

    def fields_in(self, line: bytes) -> int:
        """Return how many fields a line has."""
        return sum(1 for _ in self._raw_fields(line))

    def _raw_fields(self, record: bytes) -> Iterator[bytes]:
        position = 0
        while match := self.field.match(record, position):
            yield match[0]
            position = match.end() + 1
            if position > len(record):
                return

    def may_quote(self, raw: bytes) -> bool:
        """Whether there are quotes in it, so that it may go over several lines."""
        return bool(self.quote) and self.quote in raw

    def _value(self, raw: bytes) -> str | None:
        opened = raw.removeprefix(b" ")
        if self.quote and opened.startswith(self.quote):
            raw = opened.rstrip(b" ")[1:-1].replace(self.quote * 2, self.quote)
        return raw.decode() or None


def readable(raw: bytes) -> str:
    r"""Return bytes as text that any database can hold: as they are where they are UTF-8 without NUL.

    Elsewhere such bytes stand as \xNN and a backslash is doubled, so that nothing is lost.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None and "\0" not in text:
        return text
    escaped = raw.replace(b"\\", b"\\\\").replace(b"\0", b"\\x00")
    return escaped.decode("utf-8", "backslashreplace")


def first_record(stream: BinaryIO, delimiter: str, quote: str = '"') -> list[str]:
    """Return the fields of a file's first record, '' for empty ones; raises ValueError if there is no such.

    UnicodeDecodeError, which is a ValueError, says that they are not UTF-8.
    """
    grammar = Grammar(delimiter, 1, quote)
    start = stream.read(LONGEST_HEADER)
    match = grammar.any_record.match(start.removeprefix(BOM))
    if match is None or not match[1]:
        raise ValueError
    grammar.width = grammar.fields_in(match[1])
    return [field or "" for field in grammar.split(match[1])]


def count_lines(stream: BinaryIO) -> int:
    """Return how many lines a file has that end with LF, and one more if its last line does not."""
    lines, last = 0, b"\n"
    while block := stream.read(BLOCK):
        lines += block.count(b"\n")
        last = block[-1:]
    return lines + (last != b"\n")


def scan(stream: BinaryIO, grammar: Grammar, *, header: bool = True) -> Iterator[Chunk | Fault]:
    """Split a file into records and what cannot be one; where it has a `header`, its first names the columns."""
    return iter(_Scanner(stream, grammar, header))


def lines_as_records(
    stream: BinaryIO, wanted: Callable[[int, int], bool], *, header: bool = True
) -> Iterator[Chunk]:
    """Split a file that is known to have one record on each line, into chunks of which some row is wanted.

    `wanted` is asked about the rows from a first one up to, but without, a last one. Where there is a `header`,
    it is the row before the first.
    """
    row, rest = -int(header), b""
    first = 1 + int(header)  # the line of row 0
    while block := stream.read(BLOCK):
        block = rest + block
        cut = block.rfind(b"\n") + 1
        ends = block.count(b"\n")
        if wanted(row, row + ends):
            lines = block[:cut].split(b"\n")[:-1]
            yield Chunk(row, row + first, [line.removesuffix(b"\r") for line in lines])
        row, rest = row + ends, block[cut:]
    if rest and wanted(row, row + 1):
        yield Chunk(row, row + first, [rest])


class _Scanner:
    """Walks through a file. `buffer[position:]` is what is to come of what has been read."""

    def __init__(self, stream: BinaryIO, grammar: Grammar, header: bool) -> None:
        self.header = header
        self.stream = stream
        self.grammar = grammar
        self.buffer = b""
        self.position = 0
        self.dropped = 0  # bytes of the file before the buffer
        self.ended = False
        self.line = 1
        self.row = 0

    def __iter__(self) -> Iterator[Chunk | Fault]:
        self._look_ahead()
        self._pass_header()
        while self._look_ahead():
            end = self.buffer.rfind(b"\n") + 1
            lines = self._plain_lines(end)
            if lines is None:
                yield from self._by_record(len(self.buffer) if self.ended else max(end, self.position + 1))
                continue
            yield Chunk(self.row, self.line, lines)
            self.row += len(lines)
            self.line += len(lines)
            self.position = end

    # -- reading --------------------------------------------------------------------------------------

    def _look_ahead(self) -> bool:
        """Have more than the longest record before us, or all that is left; return whether there is any."""
        while not self._sees_a_record():
            self._read_on(self.position)
        return self.position < len(self.buffer)

    def _sees_a_record(self) -> bool:
        return self.ended or len(self.buffer) - self.position > MAX_RECORD + 1

    def _read_on(self, position: int) -> None:
        """Forget the buffer before `position` and read more."""
        more = self.stream.read(BLOCK)
        self.ended = not more
        self.dropped += position
        self.buffer = self.buffer[position:] + more
        self.position = 0

    def _pass_header(self) -> None:
        if self.buffer.startswith(BOM):
            self.position = len(BOM)
        if self.header and (match := self.grammar.any_record.match(self.buffer, self.position)):
            self.line += _line_ends(match[1]) + 1
            self.position = match.end()

    # -- sound records --------------------------------------------------------------------------------

    def _plain_lines(self, end: int) -> list[bytes] | None:
        """Return the lines before `end` if each is one sound record; else None."""
        segment = self.buffer[self.position : end]
        ends, returns = segment.count(b"\n"), segment.count(b"\r")
        if not ends or returns not in (0, ends) or not _is_utf8(segment):
            return None
        lines = segment.split(b"\r\n" if returns else b"\n")
        if len(lines) != ends + 1 or lines.pop() or not all(lines) or max(map(len, lines)) > MAX_RECORD:
            return None
        if self.grammar.may_quote(segment):
            return lines if all(map(self.grammar.record.fullmatch, lines)) else None
        delimiter, wanted = self.grammar.delimiter, self.grammar.width - 1
        return lines if all(line.count(delimiter) == wanted for line in lines) else None

    def _by_record(self, end: int) -> Iterator[Chunk | Fault]:
        """Go through the buffer up to `end`, or until a record might go beyond what has been read."""
        checked = end if _is_utf8(self.buffer[self.position : end]) else self.position
        run = Chunk(self.row, self.line, [])
        while self.position < end and self._sees_a_record():
            record = self._record(checked)
            if record is not None:
                run.records.append(record)
                self.row += 1
                self.line += 1
                inner = _line_ends(record) if self.grammar.may_quote(record) else 0
                if not inner:
                    continue
                self.line += inner
            if run.records:
                yield run
            if record is None and (fault := self._no_record()):
                yield fault
            run = Chunk(self.row, self.line, [])
        if run.records:
            yield run

    def _record(self, checked: int) -> bytes | None:
        """Take a sound record, or leave the position where it is; up to `checked` all is known to be UTF-8."""
        match = self._match()
        if match is None or (match.end() > checked and not _is_utf8(match[1])):
            return None
        self.position = match.end()
        return bytes(match[1])

    def _match(self) -> re.Match[bytes] | None:
        limit = self.position + MAX_RECORD + 2
        match = self.grammar.record.match(self.buffer, self.position, limit)
        return match if match and 0 < len(match[1]) <= MAX_RECORD else None

    # -- all else -------------------------------------------------------------------------------------

    def _no_record(self) -> Fault | None:
        """Take what is no record: a blank line, which is nothing, or a fault."""
        if match := self._match():
            self.position = match.end()
            return self._fault(match[1], "invalid_utf8", "The line has bytes that are not UTF-8")
        end = LINE_END.search(self.buffer, self.position, self.position + MAX_RECORD + 2)
        stop = end.start() if end else len(self.buffer)
        if stop - self.position > MAX_RECORD:
            return self._too_long()
        line = self.buffer[self.position : stop]
        self.position = end.end() if end else stop
        if line:
            return self._fault(line, "malformed_line", self._why(line))
        self.line += 1
        return None

    def _why(self, line: bytes) -> str:
        if self.grammar.any_record.fullmatch(line) is None:
            return "The line opens a quote that is not closed, or has text after a closing quote"
        found, wanted = self.grammar.fields_in(line), self.grammar.width
        return f"The line has {found} field{'s' * (found != 1)} where its file has {wanted} columns"

    def _fault(self, raw: bytes, code: str, reason: str) -> Fault:
        fault = Fault(self.line, code, f"{reason}.", readable(raw))
        self.line += _line_ends(raw) + 1
        return fault

    def _too_long(self) -> Fault:
        """Take a line above the limit, of which only the beginning is kept."""
        offset = self.dropped + self.position
        kept = self.buffer[self.position : self.position + KEPT]
        size = self._pass_line() - offset
        note = f"[the first {len(kept)} of {size} bytes, which begin at byte {offset} of the file]"
        reason = f"The line has {size} bytes, and a row has at most {MAX_RECORD}"
        fault = Fault(self.line, "line_too_long", f"{reason}.", f"{readable(kept)} … {note}")
        self.line += 1
        return fault

    def _pass_line(self) -> int:
        """Go to the next line, however far it is; return where this one ended, in bytes from the file's start."""
        end = LINE_END.search(self.buffer, self.position)
        while not self.ended and (end is None or end.end() == len(self.buffer)):
            self._read_on(end.start() if end else len(self.buffer))
            end = LINE_END.search(self.buffer)
        stop = end.start() if end else len(self.buffer)
        self.position = end.end() if end else stop
        return self.dropped + stop


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _line_ends(raw: bytes) -> int:
    return sum(1 for _ in LINE_END.finditer(raw))
