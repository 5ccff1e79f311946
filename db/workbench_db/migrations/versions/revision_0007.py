"""Whether a question set is held out of searches is a field. Until now a name that said so meant it."""

from __future__ import annotations

from alembic import op

from workbench_db.row_hash import row_hash

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql("ALTER TABLE question_sets ADD COLUMN held_out INTEGER DEFAULT '0' NOT NULL")
    rows = connection.exec_driver_sql("SELECT id, name, deleted, row_hash FROM question_sets").fetchall()
    for id, name, deleted, written in rows:
        held_out = int("held" in name.lower())
        intact = written == row_hash(id, name, deleted)      # a damaged row has to be found later, too
        connection.exec_driver_sql(
            "UPDATE question_sets SET held_out = ?, row_hash = ? WHERE id = ?",
            (held_out, row_hash(id, name, deleted, held_out) if intact else written, id))
