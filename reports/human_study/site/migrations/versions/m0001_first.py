"""Creates the first version of the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "studies",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "participants",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("link", sa.String(64), nullable=False, unique=True),
        sa.Column("paper", sa.Integer, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("consent_version", sa.String(64), nullable=False),
        sa.Column("consented", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.BigInteger),
        sa.Column("withdrawn", sa.BigInteger),
        sa.Column("prolific", sa.String(64), unique=True),
        sa.Column("prolific_session", sa.String(64)),
    )
    op.create_table(
        "seats",
        sa.Column("paper", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column(
            "participant",
            sa.String(16),
            sa.ForeignKey("participants.id"),
            nullable=False,
        ),
    )
    _choices()


def _choices() -> None:
    """Create the tables of valid and discarded answers."""
    op.create_table(
        "answers",
        sa.Column("number", sa.Integer, primary_key=True),
        *_choice(),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("shown_order", sa.Text, nullable=False),
        sa.Column("revisions", sa.Integer, nullable=False),
        sa.UniqueConstraint("participant", "trial"),
    )
    op.create_table(
        "asides",
        sa.Column("number", sa.Integer, primary_key=True),
        *_choice(),
        sa.Column("reason", sa.String(16), nullable=False),
    )
    op.create_index("ix_asides_participant", "asides", ["participant"])


def _choice() -> list[sa.Column]:
    return [
        sa.Column(
            "participant",
            sa.String(16),
            sa.ForeignKey("participants.id"),
            nullable=False,
        ),
        sa.Column("trial", sa.String(32), nullable=False),
        sa.Column("chosen", sa.String(32)),
        sa.Column("shown", sa.BigInteger, nullable=False),
        sa.Column("answered", sa.BigInteger, nullable=False),
    ]
