"""Settings: one file `patron.toml`, and environment variables `PATRON_…` over it.

Unknown keys are errors with a suggestion, so that a misspelt threshold is never silently ignored.
"""

from __future__ import annotations

import os
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from patron.errors import SettingsError, did_you_mean

FILE = "patron.toml"
FOUR = 4
MEMORY = re.compile(r"\d+(\.\d+)? ?([KMGT]i?B?|%)", re.IGNORECASE)
KILOBYTES = {"kB": 1, "MB": 1024, "GB": 1024**2}
DEBUG = "debug"  # PATRON_DEBUG is no setting: the command line reads it before there are any
# Bounds beyond which no shop's figure lies, so that every engine can hold a threshold and compare with it.
Days = Annotated[int, Field(ge=0, le=110_000)]  # three centuries
Orders = Annotated[int, Field(ge=0, le=2**31 - 1)]
Money = Annotated[Decimal, Field(ge=-(10**15), le=10**15, decimal_places=2)]


class Model(BaseModel):
    """Thresholds of the model; every one is recorded with the build that used it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    high_value_above: Money = Decimal(10000)
    """A total_lifetime_value above this is the segment 'High Value'."""
    medium_value_above: Money = Decimal(5000)
    """A total_lifetime_value above this, and not above high_value_above, is 'Medium Value'."""
    churn_days: tuple[Days, Days, Days, Days] = (30, 90, 180, 365)
    """Days of silence; each one that is exceeded raises churn_risk_score by 1."""
    positive_response_types: tuple[str, ...] = ("click", "positive", "purchase")
    """Answers to a campaign that count as positive, in any letter case."""
    recency_cuts: tuple[Days, Days, Days, Days] | None = None
    """Fixed cut points of recency_score in days since the last purchase, falling; else percentiles."""
    frequency_cuts: tuple[Orders, Orders, Orders, Orders] | None = None
    """Fixed cut points of frequency_score in orders, rising; else percentiles."""
    monetary_cuts: tuple[Money, Money, Money, Money] | None = None
    """Fixed cut points of monetary_score in money, rising; else percentiles."""
    figures: bool = True
    """Whether builds keep the sums that figures and the dashboard read; customer_360 needs none of them."""

    @field_validator("churn_days", "recency_cuts", "frequency_cuts", "monetary_cuts", mode="before")
    @classmethod
    def _four(cls, values: Any) -> Any:
        if values is not None and not (isinstance(values, (list, tuple)) and len(values) == FOUR):
            raise ValueError("it must be four numbers, such as [30, 90, 180, 365]")
        return values

    @field_validator("positive_response_types")
    @classmethod
    def _lower_ascii(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if not value.isascii():
                raise ValueError(f"'{value}' has a letter outside ASCII, whose case engines fold differently")
            if not value.isprintable():
                raise ValueError(f"{value!r} has a character that cannot be printed")
        return tuple(sorted({value.lower() for value in values}))

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.medium_value_above > self.high_value_above:
            raise ValueError("medium_value_above must not be more than high_value_above")
        for name in ("churn_days", "frequency_cuts", "monetary_cuts"):
            values = getattr(self, name)
            if values is not None and list(values) != sorted(values):
                raise ValueError(f"{name} must rise")
        if self.recency_cuts is not None and list(self.recency_cuts) != sorted(self.recency_cuts)[::-1]:
            raise ValueError(
                "recency_cuts are days since the last purchase and must fall: [365, 180, 90, 30]"
            )
        return self


class Server(BaseModel):
    """How `patron serve` listens, and what it lets one request take."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """The address to listen at; any other than this machine's own needs credentials."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8360
    """The port to listen at; 0 takes a free one."""
    hosts: tuple[str, ...] = ()
    """The names under which it may be asked for, without port; unset, its own on loopback, else any."""
    readers: Annotated[int, Field(ge=1, le=256)] = 16
    """How many requests read the database at a time; others wait for their turn."""
    query_seconds: Annotated[float, Field(gt=0)] = 10
    """How long one request may read; then it is stopped and answered with 503."""
    export_seconds: Annotated[float, Field(gt=0)] = 600
    """How long one export may take."""
    requests_a_second: Annotated[float, Field(gt=0)] = 200
    """How many requests a caller with credentials may make, on average."""
    burst: Annotated[int, Field(ge=1)] = 400
    """How many of them at once."""
    body_bytes: Annotated[int, Field(ge=0)] = 65536
    """The longest request body."""
    url_bytes: Annotated[int, Field(ge=256)] = 16384
    """The longest address, with its filters."""
    cached_figures: Annotated[int, Field(ge=0)] = 2000
    """How many answers about figures are kept in memory until the next build."""
    copied_bytes: Annotated[int, Field(ge=0)] = 8 * 1024**3
    """How much disk copies beside a DuckDB file may take that quicken profiles, timelines and search; 0 makes none."""
    shutdown_seconds: Annotated[int, Field(ge=0)] = 10
    """How long a stopping server lets requests and a build finish."""


class Auth(BaseModel):
    """Whose OpenID Connect tokens are good; API keys need no settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    issuer: str | None = None
    """The issuer of the tokens, as their claim `iss` says it."""
    audience: str | None = None
    """The audience they must be for, as their claim `aud` says it."""
    jwks_url: str | None = None
    """Where the issuer's keys are; unset, where its discovery document says."""
    role_claim: str = "role"
    """The claim that holds the role or roles: viewer, analyst or admin. A dot leads into nested claims."""
    viewers: tuple[str, ...] = ()
    """What in that claim makes a viewer, such as an e-mail address or a group; once any is set, roles' names do not."""
    analysts: tuple[str, ...] = ()
    """What makes an analyst."""
    admins: tuple[str, ...] = ()
    """What makes an admin."""
    default_role: Literal["viewer", "analyst", "admin"] | None = None
    """The role of whoever has a good token that gives none; unset, none."""
    header: str | None = None
    """The header in which a proxy that signs in hands on its token, such as X-Goog-IAP-JWT-Assertion."""
    algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"], ...] = (
        "RS256",
        "ES256",
    )
    """The signatures that are accepted."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.issuer) != bool(self.audience):
            raise ValueError(
                "issuer and audience go together: a token of another's audience is not for Patron"
            )
        about_tokens = ("viewers", "analysts", "admins", "default_role", "header")
        if self.issuer is None and (given := [name for name in about_tokens if getattr(self, name)]):
            raise ValueError(f"{given[0]} is about tokens, and takes an issuer of these")
        if self.header and self.header.lower() == "authorization":
            raise ValueError("header is where a proxy hands on its token; Authorization is taken anyway")
        return self


class Settings(BaseSettings):
    """All settings of one installation."""

    model_config = SettingsConfigDict(
        env_prefix="PATRON_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    database: str = "patron.duckdb"
    """Where the data is: a path or duckdb:///path for DuckDB, postgresql://… for a server."""
    id_type: Literal["bigint", "text"] = "bigint"
    """The type of every id, in all tables alike; text is for natural keys."""
    currency: str = "USD"
    """The one currency of all amounts, for display."""
    memory_limit: str | None = None
    """The most memory DuckDB takes, such as 4GB or 60%; unset, its own default."""
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """How many threads DuckDB uses; unset, one a core."""
    work_mem: str = "256MB"
    """PostgreSQL's memory for each sort or hash of a build."""
    undoable_loads: Annotated[int, Field(ge=0)] = 10
    """How many of the latest loads can be undone; what they replaced is kept as long, and then forgotten."""
    model: Model = Model()
    """Thresholds of the model."""
    server: Server = Server()
    """How `patron serve` listens."""
    auth: Auth = Auth()
    """Whose tokens are good."""

    @field_validator("memory_limit")
    @classmethod
    def _memory(cls, value: str | None) -> str | None:
        if value is not None and not MEMORY.fullmatch(value):
            raise ValueError(f"'{value}' is no amount of memory; write it as 4GB, 512MB or 60%")
        return value

    @field_validator("work_mem")
    @classmethod
    def _work_mem(cls, value: str) -> str:
        found = re.fullmatch(r"(\d+)(kB|MB|GB)", value)
        if found is None or not 64 <= int(found[1]) * KILOBYTES[found[2]] < 2**31:
            raise ValueError(f"'{value}' is no amount of memory from 64kB to 2047GB; write it as 256MB")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, whose values come as arguments."""
        return env_settings, init_settings


SECTIONS: dict[str, type[BaseModel]] = {"model": Model, "server": Server, "auth": Auth}
KEYS = {"": list(Settings.model_fields)} | {name: list(one.model_fields) for name, one in SECTIONS.items()}


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings from `path`, or from patron.toml here if there is one.

    Raises SettingsError, naming the key and the nearest known one, when something does not fit.
    """
    file = path or Path(FILE)
    values: dict[str, Any] = {}
    if path is not None and not file.exists():
        raise SettingsError(
            f"There is no settings file {file}; name one that exists or leave --settings out."
        )
    if file.exists():
        try:
            values = tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise SettingsError(f"{file} cannot be read as TOML: {error}.") from error
    _refuse_unknown(values, file)
    _refuse_unknown_variables()
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(_sentence(error, file)) from error
    except (
        UnreadableSetting
    ) as error:  # a variable that ought to be JSON; the cause says what is wrong with it
        raise SettingsError(_unreadable(error)) from error


def _refuse_unknown(values: dict[str, Any], file: Path) -> None:
    given = {"": values} | {name: values[name] for name in SECTIONS if isinstance(values.get(name), dict)}
    for section, keys in given.items():
        known = KEYS[section]
        for key in keys:
            if key in known:
                continue
            home = _home(key)
            if home is not None:
                place = f"under [{home}]" if home else "at the top, before all that is in brackets"
                raise SettingsError(f"{file} has the key '{key}' in the wrong place; it belongs {place}.")
            prefix = f"{section}." if section else ""
            raise SettingsError(
                f"{file} has an unknown key '{prefix}{key}'.{did_you_mean(key, known)} Known here: {', '.join(known)}."
            )


def _refuse_unknown_variables() -> None:
    for variable in os.environ:
        name, _, below = variable.lower().removeprefix("patron_").partition("__")
        if not variable.upper().startswith("PATRON_") or name == DEBUG or name.startswith("test_"):
            continue
        key, section = (below, name) if name in SECTIONS and below else (name, "")
        home, prefix = _home(key), _variable(section)
        if home and home != section:
            raise SettingsError(
                f"The environment variable {variable} names no setting; it is {_variable(home)}{key.upper()}."
            )
        known = KEYS[section]
        if key not in known:
            raise SettingsError(
                f"The environment variable {variable} names no setting.{did_you_mean(key, known)} "
                f"Known: {', '.join(prefix + one.upper() for one in known)}."
            )


def _home(key: str) -> str | None:
    """Return the section that a key belongs to, '' for none; None for a key that there is not."""
    return next((section for section, keys in KEYS.items() if key in keys), None)


def _variable(section: str) -> str:
    return f"PATRON_{section.upper()}__" if section else "PATRON_"


def _unreadable(error: UnreadableSetting) -> str:
    named = re.search(r'field "(\w+)"', str(error))
    variables = [one for one in os.environ if named and one.lower().startswith(f"patron_{named[1]}")]
    return (
        f"The environment variable {' or '.join(variables) or 'PATRON_MODEL'} cannot be read as JSON "
        f"({str(error.__cause__).rstrip('.')}); write lists as [1, 2, 3, 4] and texts in them in quotes."
    )


def _sentence(error: ValidationError, file: Path) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "settings"
    where = where.partition(".")[0] if where.count(".") == 1 and len(set(where.split("."))) == 1 else where
    unknown = str(first["loc"][-1]) if first["type"] == "extra_forbidden" else None
    if unknown:  # within PATRON_MODEL='{…}'; what stands in the file was looked at before
        known = KEYS.get(where.partition(".")[0], KEYS[""])
        return f"There is no setting '{where}'.{did_you_mean(unknown, known)}"
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    return f"The setting '{where}' ({file} or the environment) does not fit: {message}."
