"""Subscriptions, coupons and price rises with notice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("usage_window", sa.Column("included", sa.BigInteger(), nullable=True))
    op.add_column("usage_window", sa.Column("amount", sa.BigInteger(), nullable=True))
    op.add_column("trade_order", sa.Column("replaces", sa.String(length=40), nullable=True))
    _subscriptions()
    _coupons()


def _subscriptions() -> None:
    op.create_table(
        "subscription",
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("plan_hash", sa.String(length=64), nullable=True),
        sa.Column("covered_until", UtcDateTime(), nullable=False),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("suspended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["trade_order.id"], name=op.f("fk_subscription_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_subscription")),
    )
    op.create_index("ix_subscription_covered_until", "subscription", ["ended_at", "covered_until"])
    op.create_table(
        "subscription_period",
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=10), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.String(length=40), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_subscription_period_half_open")),
        sa.CheckConstraint("net >= 0", name=op.f("ck_subscription_period_net")),
        sa.ForeignKeyConstraint(["order_id"], ["subscription.order_id"], name=op.f("fk_subscription_period_order_id")),
        sa.PrimaryKeyConstraint("order_id", "number", name=op.f("pk_subscription_period")),
    )
    op.create_table(
        "price_notice",
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("offer_id", sa.String(length=40), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("announced_at", UtcDateTime(), nullable=False),
        sa.Column("effective_from", UtcDateTime(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["subscription.order_id"], name=op.f("fk_price_notice_order_id")),
        sa.PrimaryKeyConstraint("order_id", "offer_id", name=op.f("pk_price_notice")),
    )


def _coupons() -> None:
    op.create_table(
        "coupon",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("supplier_id", sa.String(length=40), nullable=True),
        sa.Column("listing_id", sa.String(length=40), nullable=True),
        sa.Column("percent_bp", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("redeemed", sa.Integer(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(percent_bp IS NULL) <> (amount IS NULL)", name=op.f("ck_coupon_one_of_two")),
        sa.CheckConstraint("redeemed >= 0 AND (most IS NULL OR redeemed <= most)", name=op.f("ck_coupon_redeemed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon")),
        sa.UniqueConstraint("code", name=op.f("uq_coupon_code")),
    )
    op.create_index("ix_coupon_supplier_id", "coupon", ["supplier_id"])
    op.create_table(
        "coupon_redemption",
        sa.Column("coupon_id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_coupon_redemption_coupon_id")),
        sa.PrimaryKeyConstraint("coupon_id", "organisation_id", name=op.f("pk_coupon_redemption")),
        sa.UniqueConstraint("order_id", name=op.f("uq_coupon_redemption_order_id")),
    )
