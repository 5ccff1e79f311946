"""Alembic's entry: runs the migrations on the connection, and in the transaction, that db.upgrade hands over."""

from __future__ import annotations

from alembic import context

from workbench_db import bench_schema  # noqa: F401 - its tables belong to the metadata
from workbench_db.schema import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata,
                  render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
