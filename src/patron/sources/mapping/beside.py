"""Finds the mapping of a source that nobody named: the one that lies in its folder or beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from patron.contract import CONTRACT
from patron.errors import MappingError

_TABLES = frozenset(table.name for table in CONTRACT)


def is_mapping(path: Path) -> bool:
    """Whether a file is a mapping, sound or not: TOML with a section for a table of the contract."""
    if path.suffix.lower() != ".toml" or not path.is_file():
        return False
    try:
        return bool(_TABLES & tomllib.loads(path.read_text("utf-8")).keys())
    except (OSError, ValueError):
        return False


def find_mapping(sources: Sequence[str]) -> Path | None:
    """Return the one mapping in or beside the folders and files of a source; None where there is none.

    Raises MappingError where there are several.
    """
    found = list(
        dict.fromkeys(path for source in sources for path in _near(Path(source)) if is_mapping(path))
    )
    if len(found) > 1:
        listed = ", ".join(map(str, found))
        raise MappingError(f"There are several mappings that may be meant; name one of them: {listed}.")
    return found[0] if found else None


def _near(source: Path) -> Iterator[Path]:
    if source.exists():
        for folder in (source, source.parent) if source.is_dir() else (source.parent,):
            yield from sorted(folder.glob("*.toml"))
