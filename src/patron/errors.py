"""The errors a user may see, one small tree.

PatronError
├── SettingsError      patron.toml, an environment variable or an option is wrong
├── ContractError      a table, column or step is not what the contract says
├── SourceError        what was given to load cannot be read
├── MappingError       a mapping file is wrong, or does not fit its source
├── DatabaseError      the database cannot be reached, opened or written
│   ├── DatabaseBusy   another process has it open
│   ├── QueryTimeout   a query took longer than the server lets it
│   ├── NoDatabase     there is none yet, or it lacks Patron's tables
│   └── OtherVersion   another version of Patron made it, and this one does not work on it
├── BuildError         customer_360 could not be built; the former one is untouched
│   └── NotReconciled  it was built, but its figures do not agree with the sources
├── MetricError        there is no such metric, filter, period or option
├── ExportError        what was asked for could not be written
├── BackupError        a backup could not be made, or cannot be restored
├── AccessError        who may ask is not settled: no credentials, or no such key
│   └── BadToken       what was shown to say who asks is not good
└── RequestError       a request to the API makes no sense
    ├── Forbidden      whoever asks may not have it
    └── NotFound       there is no such thing

Each message is one clear sentence: what, where, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PatronError(Exception):
    """The root of every error that Patron raises on purpose.

    `problems` holds all that is wrong, one by one, where the message sums up more than one thing.
    """

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class SettingsError(PatronError):
    """A setting is unknown or has a value that makes no sense."""


class ContractError(PatronError):
    """A table, column or model step is not what the contract says."""


class SourceError(PatronError):
    """What was given to load cannot be read at all."""


class MappingError(PatronError):
    """A mapping file is wrong, or does not fit the source it is used with."""


class DatabaseError(PatronError):
    """The database cannot be reached, opened or written."""


class DatabaseBusy(DatabaseError):
    """Another process has the database open."""


class QueryTimeout(DatabaseError):
    """A query took longer than the server lets it."""


class NoDatabase(DatabaseError):
    """There is no database there yet, or it lacks Patron's tables."""


class OtherVersion(DatabaseError):
    """Another version of Patron made the database, and this one does not work on it as it is."""


class BuildError(PatronError):
    """customer_360 could not be built; the former one is untouched."""


class NotReconciled(BuildError):
    """customer_360 does not agree with its sources; a new one that does not is thrown away."""


class MetricError(PatronError):
    """There is no such metric, filter, period or option, or it cannot have that value."""


class ExportError(PatronError):
    """What was asked for could not be written."""


class BackupError(PatronError):
    """A backup could not be made, or what is to be restored is none, or not whole."""


class AccessError(PatronError):
    """Who may ask is not settled: a server without credentials, or a key that there is not."""


class BadToken(AccessError):
    """A key or token that is not good, for whatever reason; the client is told none."""


class RequestError(PatronError):
    """A request makes no sense: an unknown column, a value of the wrong type, a forged cursor."""


class Forbidden(RequestError):
    """Whoever asks may not have what they ask for."""


class NotFound(RequestError):
    """There is no such thing."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ' Did you mean …?' for the nearest known word, or '' when none is near."""
    names, start = list(known), word.lower()
    near = get_close_matches(start, names, n=1, cutoff=0.6)
    near = near or [name for name in names if len(start) > 2 and name.startswith(start)]  # cut short
    return f" Did you mean '{near[0]}'?" if near else ""
