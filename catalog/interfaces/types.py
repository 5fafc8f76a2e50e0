"""Values and snapshots of interfaces."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
VERSION = 1


class CredentialKind(StrEnum):
    """How the upstream knows us."""

    NONE = "none"
    HEADER = "header"
    QUERY = "query"
    BASIC = "basic"


class Outcome(StrEnum):
    """What became of a call that was sent."""

    HIT = "hit"
    MISS = "miss"
    UPSTREAM_ERROR = "upstream_error"


@dataclass(frozen=True)
class FoundOperation:
    """An operation of an OpenAPI document. ``problem`` says why it cannot be offered; empty when it can."""

    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[dict[str, Any], ...]
    request_media_type: str
    request_fields: tuple[dict[str, str], ...]
    request_example: str
    response_fields: tuple[dict[str, str], ...]
    response_example: str
    statuses: tuple[str, ...]
    problem: str = ""

    @property
    def proposed_outcome(self) -> dict[str, Any]:
        """A rule to begin with: success is a hit, 404 a miss."""
        found = [each for each in self.statuses if each.startswith("2") and each.isdecimal()]
        return {"statuses": dict.fromkeys(found or ["200"], "hit") | {"404": "miss"}}

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> FoundOperation:
        lists = ("parameters", "request_fields", "response_fields", "statuses")
        values: dict[str, Any] = {name: tuple(found) if name in lists else found for name, found in stored.items()}
        return cls(**values)


@dataclass(frozen=True)
class OpenApiCheck:
    """An OpenAPI document that was read: what it offers, and where and how it says it is called."""

    id: str
    title: str
    openapi: str
    sha256: str
    servers: tuple[str, ...]
    credential: Mapping[str, str]
    operations: tuple[FoundOperation, ...]
    expires_at: datetime


@dataclass(frozen=True)
class InterfaceSnapshot:
    """An immutable interface document; it is read when first asked for."""

    id: str
    organisation_id: str
    stored_document: str = field(repr=False)
    sha256: str
    created_at: datetime

    @cached_property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stored_document)
        return found

    @property
    def title(self) -> str:
        return str(self.document["title"])

    @property
    def operations(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["operations"]
        return found

    @property
    def operation_count(self) -> int:
        return len(self.operations)

    def operation(self, operation_id: str) -> dict[str, Any] | None:
        return next((each for each in self.operations if each["id"] == operation_id), None)

    def told_as(self, document: Mapping[str, Any]) -> InterfaceSnapshot:
        """The same interface, told of with less in its document."""
        return dataclasses.replace(self, stored_document=json.dumps(document, ensure_ascii=False))


@dataclass(frozen=True)
class CredentialState:
    """What may be told of the credential: never its value."""

    kind: str
    name: str
    set_at: datetime | None

    @property
    def missing(self) -> bool:
        return self.kind != CredentialKind.NONE and self.set_at is None


@dataclass(frozen=True)
class OwnInterface:
    """An interface as its own organisation sees it."""

    interface: InterfaceSnapshot
    credential: CredentialState


@dataclass(frozen=True)
class Trial:
    """A call through the exchange that was to prove the upstream. Identifiers in what came back are masked.

    ``problem`` is the code of why there was no answer, empty when there was one.
    """

    id: str
    interface_id: str
    operation: str
    at: datetime
    status: int | None
    outcome: str
    problem: str
    detail: str
    latency_us: int
    size: int
    excerpt: str

    @property
    def succeeded(self) -> bool:
        """Whether the upstream answered, and the rule could read the outcome."""
        return self.outcome in (Outcome.HIT, Outcome.MISS)
