"""Reads a database's URL once: which engine it is for, what the engine opens, and what may be shown of it.

    >>> address("postgresql://ann:…@db.shop.test/shop").shown
    'postgresql://ann@db.shop.test/shop'

What is shown is put together from the parts that are known to hold no secret; a URL that cannot be taken apart is
never repeated, because its password may stand anywhere in it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from patron.errors import DatabaseError, did_you_mean

MEMORY = ":memory:"
ENGINES = {
    "duckdb": "duckdb",
    "postgresql": "postgres",
    "postgres": "postgres",
    "sc": "spark",
}  # by a URL's scheme
KINDS = "use a path, duckdb:///path, postgresql://user@host/database or sc://host:port/;tables=location"
# libpq's other way to say where, which would otherwise pass for a file's name.
KEYWORDS = re.compile(r"\s*(host|hostaddr|port|dbname|user|password|service)\s*=")


@dataclass(frozen=True)
class Address:
    """Where a database is: `target` is what its engine opens, `shown` names it and holds no secret."""

    engine: str
    target: str
    shown: str
    has_secret: bool = False


def address(url: str) -> Address:
    """Return what `url` says: a path, duckdb:///path, postgresql://… or sc://….

    Raises DatabaseError when it is none of these, or is one that the engine would read as something else.
    """
    scheme, separator, rest = url.partition("://")
    engine = ENGINES.get(scheme) if separator else "duckdb"
    if engine == "duckdb":
        return _file(rest if separator else url)
    if engine == "postgres":
        return _server(url, rest)
    if engine == "spark":
        return _cluster(url)
    kind = f"the kind of database '{scheme}://'" if scheme.isalnum() else "this kind of database"
    raise DatabaseError(f"Patron does not know {kind}; {KINDS}.")


def public(path: str) -> str:
    """Return a path or URL of files or a database as it may be shown and kept: without the password in it."""
    scheme, separator, _ = path.partition("://")
    if separator and scheme in ENGINES:
        return shown(path)
    return re.sub(r"(://[^/@:]*):.*@", r"\1@", re.sub(r"([?&]password=)[^&]*", r"\1…", path))


def shown(url: str) -> str:
    """Return a database's URL as it may be shown."""
    try:
        return address(url).shown
    except DatabaseError:
        return url.partition("://")[0] + "://…" if "://" in url else "the database"


def _file(path: str) -> Address:
    if not path.strip():
        raise DatabaseError(f"The database's path is empty, so nothing could be kept; {KINDS}.")
    if KEYWORDS.match(path):
        raise DatabaseError(f"Patron takes a PostgreSQL database as a URL only; {KINDS}.")
    if re.match(r"\w.*:.*@", path):
        raise DatabaseError(f"The database's path reads like a URL that is misspelt; {KINDS}.")
    if path != MEMORY and (prefix := re.match(r"\w*:", path)):
        # DuckDB would take the first word for the name of an extension, or keep the data in memory.
        raise DatabaseError(
            f"The database's path begins with {prefix.group()}, which DuckDB takes for something else than a "
            f"file's name; {KINDS}, or put ./ before the name."
        )
    return Address("duckdb", os.path.expanduser(path), path)  # Path would drop a leading ./


def _server(url: str, rest: str) -> Address:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    # As libpq does: a user and password end at the first @, unless a / comes before it. An @ behind that is nearly
    # always one in a password, and the rest of the password would pass for the host's name.
    login = re.match(r"[^@/]*@", rest)
    place, _, query = rest[login.end() if login else 0 :].partition("?")
    if "@" in place:
        raise _malformed()
    try:
        parts: dict[str, Any] = conninfo_to_dict(url)
    except ProgrammingError:  # whose text may repeat the password
        raise _unknown_parameter(query) or _malformed() from None
    if not re.fullmatch(r"\d*(,\d*)*", str(parts.get("port", ""))):
        raise _malformed()
    return Address("postgres", url, _shown(parts), has_secret=any("password" in name for name in parts))


def cluster_options(url: str) -> dict[str, str]:
    """Return what the URL of a Spark Connect server says behind its host and port, by name.

    Raises DatabaseError when it cannot be read; its text may hold a token, so none of it is repeated.
    """
    options = {}
    for part in filter(None, urlsplit(url).path.removeprefix("/").split(";")):
        name, separator, value = part.partition("=")
        if not separator or not name or "/" in name:
            raise _odd_cluster()
        options[name] = unquote(value)
    return options


def _cluster(url: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _odd_cluster() from None
    if not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise _odd_cluster()
    options = cluster_options(url)
    if "tables" not in options:
        raise DatabaseError(
            f"The URL of the Spark Connect server at {host} does not say where the tables are; add them, as in "
            "sc://host:15002/;tables=s3a://bucket/shop."
        )
    named = f"[{host}]" if ":" in host else host
    shown = f"sc://{named}{f':{port}' if port else ''}/;tables={options['tables']}"
    return Address("spark", url, shown, has_secret="token" in options)  # pragma: allowlist secret


def _odd_cluster() -> DatabaseError:
    return DatabaseError(
        "The URL of the Spark Connect server cannot be read; write it as "
        "sc://host:15002/;tables=s3a://bucket/shop;token=…, each value with @ ; = ? # % percent-encoded."
    )


def _malformed() -> DatabaseError:
    return DatabaseError(
        "The URL of the PostgreSQL database cannot be read; where a user, password or name has one of "
        "@ / : ? # [ ] %, write it percent-encoded, as in "
        "postgresql://user:p%40ss@host:5432/database."  # pragma: allowlist secret
    )


def _unknown_parameter(query: str) -> DatabaseError | None:
    from psycopg.pq import Conninfo

    known = [option.keyword.decode() for option in Conninfo.get_defaults()]
    names = [] if "@" in query else [pair.partition("=")[0] for pair in query.split("&")]
    for name in names:
        if name not in known and name.isidentifier():
            return DatabaseError(
                f"The URL of the PostgreSQL database has a parameter '{name}' that there is not; "
                f"leave it out or put it right.{did_you_mean(name, known)}"
            )
    return None


def _shown(parts: dict[str, Any]) -> str:
    """Put a URL together from user, hosts, ports and database."""
    hosts, ports = str(parts.get("host", "")).split(","), str(parts.get("port", "")).split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    server, extra = [], []
    for host, port in zip(hosts, ports, strict=False):
        named = f"[{host}]" if ":" in host else quote(host)
        if host.startswith("/"):  # a folder with a socket
            extra.append(f"host={host}")
            named = ""
        server.append(f"{named}:{port}" if port else named)
    extra += [f"{name}={parts[name]}" for name in ("service",) if name in parts]
    user = f"{quote(str(parts['user']), safe='')}@" if "user" in parts else ""
    name = f"/{quote(str(parts['dbname']), safe='')}" if "dbname" in parts else ""
    return f"postgresql://{user}{','.join(server)}{name}{'?' if extra else ''}{'&'.join(extra)}"
