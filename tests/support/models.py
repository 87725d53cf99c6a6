"""Another version of Patron, made by changing the model's files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

from patron.engines.duckdb import picks
from patron.engines.postgres import procedure
from patron.model import lineage

Changes = Mapping[str, tuple[str, str]]
"""A step's name to a text of its file and what stands there instead."""

_STEPS = import_module("patron.model.steps")  # the package has a function of that name
_CACHED = (_STEPS.steps, picks.sql_of, picks.declaration_of, procedure.procedure_sql, procedure.model_mark)


@contextmanager
def other_model(folder: Path, changes: Changes) -> Iterator[None]:
    """Let the model be the one with these changes, for engines that are opened in the block."""
    shutil.copytree(str(files("patron.model")), folder)
    for name, (old, new) in changes.items():
        (path,) = folder.rglob(f"{name}.sql")
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{name} has '{old}' {text.count(old)} times"
        path.write_text(text.replace(old, new), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_STEPS, "files", lambda _: folder)
        _forget()
        try:
            yield
        finally:
            patch.undo()
            _forget()


def _forget() -> None:
    for cached in _CACHED:
        cached.cache_clear()
    for value in vars(lineage).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
