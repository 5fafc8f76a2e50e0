"""Tables of contracts; rows are never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Id, UtcDateTime
from exchange.contracts.types import ContractSnapshot, SignatureSnapshot


class Contract(Base):
    __tablename__ = "contract"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    body: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signatures: Mapped[list[ContractSignature]] = relationship(lazy="selectin", order_by="ContractSignature.signed_at")

    def snapshot(self) -> ContractSnapshot:
        signatures = tuple(each.snapshot() for each in self.signatures)
        return ContractSnapshot(
            self.id, self.order_id, self.kind, self.body, self.sha256, self.made_at, signatures
        )  # fmt: skip


class ContractSignature(Base):
    """One side's signature; ``by`` is the pseudonym that the audit log knows the person by."""

    __tablename__ = "contract_signature"

    contract_id: Mapped[str] = mapped_column(Id, ForeignKey("contract.id"), primary_key=True)
    side: Mapped[str] = mapped_column(String(10), primary_key=True)
    by: Mapped[str] = mapped_column(Id)
    key_id: Mapped[str] = mapped_column(Id)
    public_key: Mapped[str] = mapped_column(String(60))
    signature: Mapped[str] = mapped_column(String(100))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> SignatureSnapshot:
        return SignatureSnapshot(self.side, self.by, self.key_id, self.public_key, self.signature, self.signed_at)
