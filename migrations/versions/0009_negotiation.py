"""What a trade by negotiation keeps: terms, requirements, contracts and signatures, spending limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime
from migrations import apply_ddl

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _thread()
    _contracts()
    op.create_table(
        "spending_limit",
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_spending_limit_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "account_id", name=op.f("pk_spending_limit")),
    )
    apply_ddl(op.get_bind(), "negotiation")


def _thread() -> None:
    op.create_table(
        "order_message",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("in_reply_to", sa.String(length=40), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["trade_order.id"], name=op.f("fk_order_message_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_message")),
        sa.UniqueConstraint("order_id", "number", name="uq_order_message_number"),
    )
    op.create_table(
        "order_requirement",
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("not_by", sa.String(length=40), nullable=False),
        sa.Column("met_at", UtcDateTime(), nullable=True),
        sa.Column("met_by", sa.String(length=40), nullable=False),
        sa.Column("audit_entry_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["trade_order.id"], name=op.f("fk_order_requirement_order_id")),
        sa.PrimaryKeyConstraint("order_id", "kind", "side", name=op.f("pk_order_requirement")),
    )


def _contracts() -> None:
    op.create_table(
        "contract",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
    )
    op.create_index(op.f("ix_contract_order_id"), "contract", ["order_id"], unique=False)
    op.create_table(
        "contract_signature",
        sa.Column("contract_id", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("public_key", sa.String(length=60), nullable=False),
        sa.Column("signature", sa.String(length=100), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_contract_signature_contract_id")),
        sa.PrimaryKeyConstraint("contract_id", "side", name=op.f("pk_contract_signature")),
    )
