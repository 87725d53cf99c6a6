"""What the contract's columns are called in the world: in seven languages, in full and abbreviated.

A name is taken apart at capital letters, digits and signs, its accents are dropped, and its parts are put
together again: `KundenNr.`, `kunden_nr` and `KUNDENNR` are one name. Words of one meaning are listed once and
combined, so that `cust_no`, `id_client` and `Kundennummer` are all a customer and a number.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

_NAMES = tomllib.loads(Path(__file__).with_name("names.toml").read_text("utf-8"))
_WORDS: dict[str, str] = _NAMES["words"]


def plain(name: str) -> str:
    """Return a name in small letters, without accents, signs and spaces."""
    text = name.replace("ß", "ss").replace("ø", "o").replace("Ø", "O").replace("°", "o").replace("#", "no")
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return re.sub(r"[^a-z0-9]", "", bare.lower())


def likeness(name: str, column: str) -> float:
    """Return how far a name tells a column of the contract: 1 for sure, 0 not at all."""
    bare = plain(name)
    if bare == plain(column):
        return 1.0
    for patterns, score in zip(_compiled(column), (0.95, 0.6), strict=True):
        if patterns.fullmatch(bare):
            return score
    for prefix in _prefixes(name):
        if any(patterns.fullmatch(prefix) for patterns in _compiled(column)[:1]):
            return 0.8
    return 0.0


def is_line_number(name: str) -> bool:
    """Whether a name tells that rows are numbered within an order."""
    return (
        re.fullmatch(f"{_any('LINE')}(?:{_any('ID')})?|(?:{_any('ID')}){_any('LINE')}", plain(name))
        is not None
    )


def _prefixes(name: str) -> list[str]:
    """Return a name without a first part such as `dim_` or the table's, and without a last part that is a unit."""
    parts = [part for part in re.split(r"[^A-Za-z0-9À-ÿ]+|(?<=[a-z])(?=[A-Z])", name) if part]
    shorter = [parts[1:], parts[:-1]] if len(parts) > 1 else []
    return [plain("".join(one)) for one in shorter]


@cache
def _compiled(column: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    known = _NAMES["columns"].get(column, {})
    return _pattern(known.get("sure", "")), _pattern(known.get("unsure", ""))


def _pattern(text: str) -> re.Pattern[str]:
    alternatives = ["".join(_word(word) for word in one.split()) for one in text.split("|") if one.strip()]
    return re.compile("|".join(alternatives) or "(?!)")


def _word(word: str) -> str:
    bare = word.rstrip("?")
    pattern = f"(?:{_any(bare)})" if bare.isupper() else bare
    return f"(?:{pattern})?" if word.endswith("?") else pattern


def _any(words: str) -> str:
    return "(?:" + "|".join(sorted(_WORDS[words].split(), key=len, reverse=True)) + ")"
