"""Tables of interfaces. Documents and trials are insert-only; the sealed credential is replaced in place."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.interfaces.types import (
    CredentialState,
    FoundOperation,
    InterfaceSnapshot,
    OpenApiCheck,
    Trial,
)
from core.db import Base, Id, UtcDateTime


class OpenApiImport(Base):
    """An OpenAPI document that was read, until its supplier has picked from it."""

    __tablename__ = "openapi_import"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(Text)
    openapi: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64))
    servers: Mapped[str] = mapped_column(Text)
    credential: Mapped[str] = mapped_column(Text)
    operations: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> OpenApiCheck:
        operations = tuple(FoundOperation.from_dict(each) for each in json.loads(self.operations))
        return OpenApiCheck(
            self.id, self.title, self.openapi, self.sha256, tuple(json.loads(self.servers)),
            json.loads(self.credential), operations, self.expires_at,
        )  # fmt: skip


class Interface(Base):
    __tablename__ = "interface"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    document: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> InterfaceSnapshot:
        return InterfaceSnapshot(self.id, self.organisation_id, self.document, self.sha256, self.created_at)


class InterfaceCredential(Base):
    """The upstream's credential, sealed with the keyring; it opens for its own interface only."""

    __tablename__ = "interface_credential"

    interface_id: Mapped[str] = mapped_column(Id, ForeignKey("interface.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


class InterfaceTrial(Base):
    __tablename__ = "interface_trial"
    __table_args__ = (Index("ix_interface_trial_interface_id_at", "interface_id", "at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    interface_id: Mapped[str] = mapped_column(Id, ForeignKey("interface.id"))
    operation: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(20))
    problem: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(Text)
    latency_us: Mapped[int]
    size: Mapped[int]
    excerpt: Mapped[str] = mapped_column(Text)
    scan: Mapped[str] = mapped_column(Text)

    def snapshot(self) -> Trial:
        return Trial(
            self.id, self.interface_id, self.operation, self.at, self.status, self.outcome, self.problem, self.detail,
            self.latency_us, self.size, self.excerpt,
        )  # fmt: skip


def credential_state(interface: InterfaceSnapshot, sealed: InterfaceCredential | None) -> CredentialState:
    injected = interface.document["credential"]
    return CredentialState(injected["kind"], injected["name"], sealed.set_at if sealed else None)
