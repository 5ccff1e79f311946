"""Adapters and served models: what a model needs beyond its path."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

TABLE = """
CREATE TABLE model_loading (
    model_id INTEGER NOT NULL,
    base TEXT NOT NULL,
    server JSON,
    CONSTRAINT pk_model_loading PRIMARY KEY (model_id),
    CONSTRAINT fk_model_loading_model_id FOREIGN KEY(model_id) REFERENCES models (id) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLE.strip())
