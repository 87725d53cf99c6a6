"""Letters on their way to a terminal: nothing unprintable, and plain ones where it has no others."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

# One for one, so that what is aligned stays aligned.
_PLAIN = str.maketrans("▏█▁▂▃▄▅▆▇░▲▼★☆·…✔✘━╸╺─│├└", "##...####:+-*.|.+x===-|++")
_HANDLER = "patron-plain"
_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # from right to left, and back


def printable(text: object) -> str:
    """Return text without what could move a terminal's cursor, turn its text round or end an SQL comment."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _moves(letter) else letter for letter in str(text))


def adapt_streams() -> None:
    """Let the standard streams write a letter that their encoding lacks as a plain one, instead of failing."""
    codecs.register_error(_HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _moves(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in _TURNS


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(letter if letter.isascii() else "?" for letter in lost), error.end
