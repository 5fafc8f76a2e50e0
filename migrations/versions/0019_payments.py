"""Payments by card and wallet: what is asked of the processor, what it tells, what its books say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "processor_attempt",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("deed", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=120), nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=True),
        sa.Column("remote_id", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'planned') = (ended_at IS NULL)", name=op.f("ck_processor_attempt_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processor_attempt")),
    )
    op.create_index(
        "ix_processor_attempt_due_at",
        "processor_attempt",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'planned'"),
        postgresql_where=sa.text("state = 'planned'"),
    )
    op.create_index("ix_processor_attempt_subject_id", "processor_attempt", ["subject_id"], unique=False)
    op.create_table(
        "processor_balance_entry",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processor_balance_entry")),
    )
    op.create_index("ix_processor_balance_entry_created_at", "processor_balance_entry", ["created_at"], unique=False)
    op.create_index(op.f("ix_processor_balance_entry_source"), "processor_balance_entry", ["source"], unique=False)
    op.create_table(
        "processor_event",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("object_id", sa.String(length=120), nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processor_event")),
    )
    op.create_index(op.f("ix_processor_event_received_at"), "processor_event", ["received_at"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("keep_card", sa.Boolean(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("session_id", sa.String(length=120), nullable=False),
        sa.Column("intent_id", sa.String(length=120), nullable=False),
        sa.Column("charge_id", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("refunding", sa.BigInteger(), nullable=False),
        sa.Column("contested", sa.BigInteger(), nullable=False),
        sa.Column("begun_by", sa.String(length=40), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("look_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("received = 0 OR state = 'succeeded'", name=op.f("ck_payment_received")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount")),
        sa.CheckConstraint(
            "received >= 0 AND refunded >= 0 AND refunding >= 0 AND contested >= 0", name=op.f("ck_payment_signs")
        ),
        sa.CheckConstraint("refunded + refunding + contested <= received", name=op.f("ck_payment_no_more_back")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_payment_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
    )
    op.create_index("ix_payment_intent_id", "payment", ["intent_id"], unique=False)
    op.create_index("ix_payment_look_at", "payment", ["look_at"], unique=False)
    op.create_index("ix_payment_organisation_id", "payment", ["organisation_id"], unique=False)
    op.create_index("ix_payment_session_id", "payment", ["session_id"], unique=False)
    op.create_index(
        "uq_payment_subject_id",
        "payment",
        ["purpose", "subject_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('planned', 'open') AND purpose <> 'top_up'"),
        postgresql_where=sa.text("state IN ('planned', 'open') AND purpose <> 'top_up'"),
    )
    op.create_table(
        "payment_customer",
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("remote_id", sa.String(length=120), nullable=False),
        sa.Column("card_id", sa.String(length=120), nullable=False),
        sa.Column("card_label", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_payment_customer_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_payment_customer")),
    )
    op.create_table(
        "card_refund",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("payment_id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("remote_id", sa.String(length=120), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_card_refund_amount")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_card_refund_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_refund")),
    )
    op.create_index("ix_card_refund_payment_id", "card_refund", ["payment_id"], unique=False)
    op.create_index(op.f("ix_card_refund_remote_id"), "card_refund", ["remote_id"], unique=False)
    op.create_table(
        "chargeback",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("payment_id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("remote_id", sa.String(length=120), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("contested", sa.BigInteger(), nullable=False),
        sa.Column("recoveries", sa.Integer(), nullable=False),
        sa.Column("answer_by", UtcDateTime(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("amount > 0 AND held >= 0 AND owed >= 0", name=op.f("ck_chargeback_amounts")),
        sa.CheckConstraint("held = 0 OR ended_at IS NULL", name=op.f("ck_chargeback_held")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_chargeback_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chargeback")),
        sa.UniqueConstraint("remote_id", name=op.f("uq_chargeback_remote_id")),
    )
    op.create_index("ix_chargeback_organisation_id", "chargeback", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_chargeback_payment_id"), "chargeback", ["payment_id"], unique=False)
    op.create_table(
        "funded_order",
        sa.Column("payment_id", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["trade_order.id"], name=op.f("fk_funded_order_order_id")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_funded_order")),
    )
    op.create_index(op.f("ix_funded_order_ended_at"), "funded_order", ["ended_at"], unique=False)
    op.create_index(op.f("ix_funded_order_order_id"), "funded_order", ["order_id"], unique=False)
