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
# The bounds keep what a setting says within what every engine can compute with.
Days = Annotated[int, Field(ge=0, le=1_000_000)]
Orders = Annotated[int, Field(ge=0, le=1_000_000_000)]
Money = Annotated[Decimal, Field(max_digits=18, decimal_places=2)]


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
    model: Model = Model()
    """Thresholds of the model."""

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
    top, model = list(Settings.model_fields), list(Model.model_fields)
    below = values.get("model")
    keys = [(key, top, "") for key in values]
    keys += [(key, model, "model.") for key in below] if isinstance(below, dict) else []
    for key, known, prefix in keys:
        if key in known:
            continue
        if key in (model if known is top else top):
            place = "under [model]" if known is top else "at the top, before [model]"
            raise SettingsError(f"{file} has the key '{key}' in the wrong place; it belongs {place}.")
        raise SettingsError(
            f"{file} has an unknown key '{prefix}{key}'.{did_you_mean(key, known)} Known here: {', '.join(known)}."
        )


def _refuse_unknown_variables() -> None:
    top, model = list(Settings.model_fields), list(Model.model_fields)
    for variable in os.environ:
        name, _, below = variable.lower().removeprefix("patron_").partition("__")
        if not variable.upper().startswith("PATRON_") or name == DEBUG or name.startswith("test_"):
            continue
        key, known, prefix = (
            (below, model, "PATRON_MODEL__") if name == "model" and below else (name, top, "PATRON_")
        )
        if name in model:
            raise SettingsError(
                f"The environment variable {variable} names no setting; it belongs to the model: "
                f"PATRON_MODEL__{name.upper()}."
            )
        if key not in known:
            raise SettingsError(
                f"The environment variable {variable} names no setting.{did_you_mean(key, known)} "
                f"Known: {', '.join(prefix + one.upper() for one in known)}."
            )


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
    where = where.removesuffix(".model") if where == "model.model" else where
    unknown = str(first["loc"][-1]) if first["type"] == "extra_forbidden" else None
    if unknown:  # within PATRON_MODEL='{…}'; what stands in the file was looked at before
        return f"There is no setting '{where}'.{did_you_mean(unknown, Model.model_fields)}"
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    return f"The setting '{where}' ({file} or the environment) does not fit: {message}."
