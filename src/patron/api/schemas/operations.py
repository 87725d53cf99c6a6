"""Loads, the quarantine, builds, the server's state and who did what."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from patron.access import Role
from patron.api.schemas.base import Document


class Load(Document):
    """A finished load."""

    load_id: int
    started_at: datetime
    finished_at: datetime
    source: str
    rows_read: int
    inserted: int
    updated: int
    unchanged: int
    quarantined: int
    details: Any


class Loads(Document):
    """A page of loads, the latest first."""

    rows: list[Load]
    next: str | None


class QuarantineReason(Document):
    """How many rows of a table wait in the quarantine for one reason."""

    table_name: str
    reason_code: str
    rows: int


class QuarantineSummary(Document):
    """What is in the quarantine."""

    rows: list[QuarantineReason]


class QuarantinedRow(Document):
    """A row that was refused."""

    load_id: int
    table_name: str
    source_file: str
    source_line: int | None
    reason_code: str
    reason: str
    content: str


class QuarantinedRows(Document):
    """A page of refused rows."""

    rows: list[QuarantinedRow]
    next: str | None


class BuildStep(Document):
    """One step of a build."""

    name: str
    seconds: float
    rows: int | None = None


class ReconciledFigure(Document):
    """A figure counted in the sources and in the result."""

    figure: str
    in_sources: float | None
    in_result: float | None
    agrees: bool


class Build(Document):
    """A finished build."""

    build_id: int
    as_of: date
    kind: str
    started_at: datetime
    finished_at: datetime
    customers: int
    new_customers: int
    recomputed: int
    settings: dict[str, Any]
    steps: list[BuildStep]
    reconciliation: list[ReconciledFigure]


class Builds(Document):
    """A page of builds, the latest first."""

    rows: list[Build]
    next: str | None


class BuildOrder(BaseModel):
    """A build to start."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    as_of: date | None = None
    """The last day whose facts count; unset, today."""
    full: bool = False
    """Compute every customer, not only the changed ones."""


class BuildProgress(Document):
    """How far the build is that was asked for last."""

    number: int
    state: Literal["running", "succeeded", "failed"]
    as_of: date
    full: bool
    started_at: datetime
    finished_at: datetime | None
    stage: str
    done: float
    total: float | None
    build_id: int | None
    detail: str | None


class Status(Document):
    """What this server shows, and to whom."""

    version: str
    build_id: int | None
    as_of: date | None
    built_at: datetime | None
    changed_customers: int
    """Customers whose facts changed since the build."""
    building: bool
    """Whether a build runs that was asked for over the API."""
    preparing: bool
    """Whether what quickens filtered figures and search is being made for the build; till then they are slower."""
    currency: str
    caller: str
    role: Role
    masked: list[str]


class AuditRow(Document):
    """Something that was done."""

    number: int
    at: datetime
    caller: str
    role: str
    action: str
    subject: str
    request_id: str
    details: dict[str, Any]


class AuditRows(Document):
    """A page of the audit log, the latest first."""

    rows: list[AuditRow]
    next: str | None
