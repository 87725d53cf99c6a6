"""Where in a TOML file a key stands, which Python's own reader does not tell."""

from __future__ import annotations

import re

_NAME = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_TABLE = re.compile(rf"\s*\[\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*\]")
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(_NAME)
_INLINE = re.compile(rf"[{{,]\s*({_NAME})\s*=")

Key = tuple[str, ...]


class Lines:
    """The lines of a TOML file's keys."""

    def __init__(self, text: str) -> None:
        self._found: dict[Key, int] = {}
        table: Key = ()
        quotes = None
        for number, line in enumerate(text.splitlines(), 1):
            if quotes is not None:
                quotes = None if quotes in line else quotes
                continue
            if match := _TABLE.match(line):
                table = _parts(match[1])
                self._found.setdefault(table, number)
            elif match := _KEY.match(line):
                key = (*table, *_parts(match[1]))
                self._found.setdefault(key, number)
                value = line[match.end() :]
                for inline in _INLINE.finditer(value if value.lstrip().startswith("{") else ""):
                    self._found.setdefault((*key, *_parts(inline[1])), number)
                quotes = next((mark for mark in ('"""', "'''") if value.count(mark) % 2), None)

    def of(self, *key: object) -> int | None:
        """Return the line of a key, or of the nearest table around it; None where nothing is found."""
        path = tuple(str(part) for part in key)
        while path:
            if path in self._found:
                return self._found[path]
            path = path[:-1]
        return None


def _parts(name: str) -> Key:
    return tuple(part.strip("\"'") for part in _PART.findall(name))
