"""Tables of exports."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from compliance.exports.types import ClearanceSnapshot, ExportSnapshot, PersonSetSnapshot
from core.db import Base, Id, UtcDateTime


class PersonSet(Base):
    """Which set in the store tells of a file's persons."""

    __tablename__ = "person_set"
    __table_args__ = (CheckConstraint("sensitive >= 0 AND persons >= sensitive", name="figures"),)

    file_id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    persons: Mapped[int] = mapped_column(BigInteger)
    sensitive: Mapped[int] = mapped_column(BigInteger)
    identifiers: Mapped[int] = mapped_column(BigInteger)
    missing: Mapped[str] = mapped_column(String(40), default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> PersonSetSnapshot:
        return PersonSetSnapshot(
            self.file_id, self.owner_id, self.sha256, self.persons, self.sensitive, self.identifiers, self.missing,
            self.made_at,
        )  # fmt: skip


class ExportYear(Base):
    """One row an exporter and year, locked while its persons are counted: two orders never pass a threshold at once."""

    __tablename__ = "export_year"

    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Export(Base):
    """One order whose data goes abroad. ``lacking``: why nothing may go there since its tier rose, a code, or empty."""

    __tablename__ = "export"

    order_id: Mapped[str] = mapped_column(Id, primary_key=True)
    supplier_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    year: Mapped[int]
    revision_id: Mapped[str] = mapped_column(Id)
    tier: Mapped[int]
    destinations: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(10))
    persons: Mapped[int] = mapped_column(BigInteger)
    sensitive: Mapped[int] = mapped_column(BigInteger)
    clearance_id: Mapped[str | None] = mapped_column(Id, ForeignKey("export_clearance.id"))
    lacking: Mapped[str] = mapped_column(String(60), default="", server_default="")
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> ExportSnapshot:
        return ExportSnapshot(
            self.order_id, self.supplier_id, self.year, self.tier, tuple(json.loads(self.destinations)), self.state,
            self.persons, self.sensitive, self.clearance_id, self.reserved_at,
        )  # fmt: skip


class ExportFile(Base):
    """Which files an order's export hands over."""

    __tablename__ = "export_file"

    order_id: Mapped[str] = mapped_column(Id, ForeignKey("export.order_id"), primary_key=True)
    file_id: Mapped[str] = mapped_column(Id, primary_key=True)


class ExportCount(Base):
    """How many distinct persons stand in some sets together. ``key`` names the sets, so what is stored never ages."""

    __tablename__ = "export_count"
    __table_args__ = (CheckConstraint("sensitive >= 0 AND persons >= sensitive", name="figures"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    persons: Mapped[int] = mapped_column(BigInteger)
    sensitive: Mapped[int] = mapped_column(BigInteger)


class ExportClearance(Base):
    """What allows an exporter to go beyond a threshold."""

    __tablename__ = "export_clearance"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    mechanism: Mapped[str] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(100))
    countries: Mapped[str] = mapped_column(String(2000), default="[]")
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(Id, ForeignKey("account.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> ClearanceSnapshot:
        return ClearanceSnapshot(
            self.id, self.organisation_id, self.mechanism, self.number, tuple(json.loads(self.countries)),
            self.valid_from, self.valid_until, self.recorded_by, self.recorded_at, self.withdrawn_at,
        )  # fmt: skip
