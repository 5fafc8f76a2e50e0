"""The work queue of reviews, documents of qualifications, claims of references."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_document_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_owner_id"), "document", ["owner_id"], unique=False)
    op.create_table(
        "qualification_aim",
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("handed_in_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("level >= 2 AND level <= 4", name=op.f("ck_qualification_aim_level_in_range")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_qualification_aim_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_qualification_aim")),
    )
    op.create_table(
        "qualification_document",
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=True),
        sa.Column("handed_in_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_qualification_document_document_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_qualification_document_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "kind", name=op.f("pk_qualification_document")),
    )
    op.create_table(
        "reference_claim",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("reference_id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("match", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_reference_claim_organisation_id")
        ),
        sa.ForeignKeyConstraint(["reference_id"], ["reference.id"], name=op.f("fk_reference_claim_reference_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_claim")),
    )
    op.create_index(op.f("ix_reference_claim_organisation_id"), "reference_claim", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_reference_claim_state"), "reference_claim", ["state"], unique=False)
    for state, columns in (("open", ["reference_id", "organisation_id"]), ("approved", ["reference_id"])):
        where = sa.text(f"state = '{state}'")
        op.create_index(
            f"uq_reference_claim_{state}",
            "reference_claim",
            columns,
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )
    op.create_table(
        "review_approval",
        sa.Column("review_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("given_by", sa.String(length=40), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=True),
        sa.Column("document_id", sa.String(length=40), nullable=True),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_review_approval_document_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_approval_review_id")),
        sa.PrimaryKeyConstraint("review_id", "kind", name=op.f("pk_review_approval")),
    )
    op.create_table(
        "review_comment",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("review_id", sa.String(length=40), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_comment_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_comment")),
    )
    op.create_index(op.f("ix_review_comment_review_id"), "review_comment", ["review_id"], unique=False)
