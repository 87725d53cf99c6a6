"""Proposes a mapping for a source that nobody has mapped yet.

`names` knows what columns are called in several languages, `profile` looks at what is in them, `propose` puts
the two together, and `writing` makes a file of it that says how sure each line is. Nothing is guessed silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from patron.contract import IdType
from patron.errors import SourceError
from patron.sources.recognition.profile import profile
from patron.sources.recognition.propose import propose
from patron.sources.recognition.sample import Sample
from patron.sources.recognition.writing import advice_on_ids, recognised, write_mapping


@dataclass(frozen=True)
class Recognised:
    """A mapping file's text, and what is sure in it: by table of the contract, what its columns are made of.

    `advice` is what has to be set before it is used, in a sentence.
    """

    text: str
    tables: dict[str, dict[str, str]]
    advice: str | None


def recognise(paths: Sequence[str], folder: Path, id_type: IdType, source: str) -> Recognised:
    """Look at the source at `paths`, called `source`, and propose a mapping; `folder` is for copies.

    Raises SourceError when there is nothing that can be read or nothing in it is recognised.
    """
    with closing(Sample(paths, folder)) as sample:
        profiles = [profile(sample.connection, table) for table in sample.tables]
        proposals = propose(sample.connection, profiles)
        if not proposals:
            why = f": {sample.problems[0]}" if sample.problems else ""
            raise SourceError(
                f"Nothing in {source} looks like a table of the contract{why}; write a mapping by hand, "
                "with the help of the guide to mappings."
            )
        advice = advice_on_ids(proposals) if id_type == "bigint" else None
        text = write_mapping(source, profiles, proposals, sample.problems, advice)
    return Recognised(text, recognised(proposals), advice)
