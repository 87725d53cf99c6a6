"""Tables whose rows are refused alike: what a setting or the mapping has to say before they can be loaded at all.

A few odd rows belong in the quarantine. Where every row of a large table is refused for the same reason, it is not the
rows that are wrong, and to keep each of them with its reason would take long and help nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from patron.contract import Type
from patron.errors import SourceError
from patron.sources.checks import GOOD, not_a_number
from patron.sources.staging import Refused, StagedTable

MANY = 100_000  # rows of a table: fewer are soon looked through


def check_hope(staged: Sequence[StagedTable], source: str, *, mapped: bool) -> None:
    """Raise SourceError where all of many rows of a table would be refused for one reason; nothing is stored then."""
    for one in staged:
        state = _only_state(one)
        if state in (None, GOOD) or one.rows_read < MANY:
            continue
        problem = one.problems.numbered(int(state))
        part = next(part for part in one.parts if part.rows)
        row = next(found for found in part.refused(one, np.array([0])) if isinstance(found, Refused))
        if any(problem == not_a_number(column) for column in one.table.columns if column.type is Type.ID):
            remedy = 'if such ids are right, set id_type = "text" in patron.toml and load into a new database'
        else:
            remedy = (
                f"put it right in the {'mapping' if mapped else 'file, or say in a mapping how it is read'}"
            )
        raise SourceError(
            f"Nothing of {source} was loaded, since each of the {one.rows_read:,} rows of {one.table.name} would be "
            f"refused for the same reason ({part.file.name}:{row.place}: "
            f"{problem.sentence(row.values).removesuffix('.')}); {remedy}."
        )


def ids_with_letters(staged: Sequence[StagedTable]) -> Iterator[str]:
    """Yield the note about ids that are no numbers in so many rows that they may be right as text."""
    read = [one for one in staged if one.parts]
    columns = dict.fromkeys(column for one in read for column in one.ids_with_letters())
    if columns:
        yield (
            f"Rows were refused since ids are to be whole numbers here ({', '.join(columns)}). If such ids are right, "
            'set id_type = "text" in patron.toml and load into a new database.'
        )


def _only_state(staged: StagedTable) -> int | None:
    """Return what is found of every row of a table, if it is the same of all, and none could not become a row."""
    lowest, highest = staged.connection.execute(
        f"SELECT MIN(state), MAX(state) FROM {staged.name}"
    ).fetchall()[0]
    is_same = lowest == highest and not any(part.faults for part in staged.parts)
    return int(lowest) if is_same and lowest is not None else None
