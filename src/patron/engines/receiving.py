"""How rows that were made elsewhere are taken in: part by part beside what is served, then swapped in at once.

A part is stored with the note that it is there, in one transaction, so that a publication that was killed goes on
behind the last part that arrived. What readers see does not change before `swap`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from patron.contract import Column, Table, Type

ARRIVALS = Table(
    "arrivals",
    "Parts of a publication under way that have arrived; nothing where none is.",
    (
        Column("publication", Type.TEXT, "What is published: a build of a database.", required=True),
        Column("table_name", Type.TEXT, "The table.", required=True),
        Column("part", Type.INTEGER, "Which part of it.", required=True),
        Column("rows", Type.BIGINT, "How many rows it has.", required=True, unit="rows"),
    ),
    keyed=False,
)


def arriving(table: str) -> str:
    """Return the table in which the rows for `table` wait."""
    return f"{table}_arriving"


def in_words(loads: int) -> str:
    """Return '1 load' or '2 loads'."""
    return "1 load" if loads == 1 else f"{loads} loads"


class Receiver(ABC):
    """Takes in one publication."""

    @contextmanager
    def beside(self) -> Iterator[Receiver | None]:
        """Give one more that may receive parts at the same time; None where only one may write."""
        yield None

    @abstractmethod
    def begin(
        self, publication: str, tables: Iterable[str], sources: Sequence[Table] = ()
    ) -> dict[tuple[str, int], int]:
        """Make room for `tables` and `sources`; return the rows of each part, a table and its number, that are there.

        `sources` are the contract's tables, where these are brought too: always anew, for they change without a build.
        Parts of another publication are thrown away. Raises DatabaseBusy while another one is under way,
        DatabaseError when there may be no room.
        """

    @abstractmethod
    def own_facts(self) -> str | None:
        """Return in words which facts are here that no publication has brought, None where there are none."""

    @abstractmethod
    def receive(self, publication: str, table: str, part: int, rows: pa.RecordBatchReader) -> int:
        """Store one part's rows and note that it is there; return how many."""

    @abstractmethod
    def swap(self, tables: Iterable[str], sources: Sequence[Table] = ()) -> None:
        """Let what has arrived take the place of what the tables held, for all readers at the same moment."""
