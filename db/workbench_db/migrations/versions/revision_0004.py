"""A job that waits for another one: judging that follows answering."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE jobs ADD COLUMN after_id INTEGER")
