"""The errors a user may see, one small tree.

PatronError
├── SettingsError      patron.toml, an environment variable or an option is wrong
├── ContractError      a table, column or step is not what the contract says
├── SourceError        what was given to load cannot be read
├── DatabaseError      the database cannot be reached, opened or written
│   ├── DatabaseBusy   another process has it open
│   └── NoDatabase     there is none yet, or it lacks Patron's tables
├── BuildError         customer_360 could not be built; the former one is untouched
│   └── NotReconciled  it was built, but its figures do not agree with the sources
├── MetricError        there is no such metric, filter, period or option
└── ExportError        what was asked for could not be written

Each message is one clear sentence: what, where, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PatronError(Exception):
    """The root of every error that Patron raises on purpose."""


class SettingsError(PatronError):
    """A setting is unknown or has a value that makes no sense."""


class ContractError(PatronError):
    """A table, column or model step is not what the contract says."""


class SourceError(PatronError):
    """What was given to load cannot be read at all."""


class DatabaseError(PatronError):
    """The database cannot be reached, opened or written."""


class DatabaseBusy(DatabaseError):
    """Another process has the database open."""


class NoDatabase(DatabaseError):
    """There is no database there yet, or it lacks Patron's tables."""


class BuildError(PatronError):
    """customer_360 could not be built; the former one is untouched."""


class NotReconciled(BuildError):
    """The new customer_360 does not agree with its sources; the former one is untouched."""


class MetricError(PatronError):
    """There is no such metric, filter, period or option, or it cannot have that value."""


class ExportError(PatronError):
    """What was asked for could not be written."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ' Did you mean …?' for the nearest known word, or '' when none is near."""
    near = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""
