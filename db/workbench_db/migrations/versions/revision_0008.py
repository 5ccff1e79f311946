"""What else a demonstration's row said in the file it came from, by column.

A table of its own: most demonstrations have none, and no row that is there changes, nor its hash.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = """
CREATE TABLE IF NOT EXISTS demonstration_metadata (
    id INTEGER NOT NULL,
    metadata JSON NOT NULL,
    CONSTRAINT pk_demonstration_metadata PRIMARY KEY (id),
    CONSTRAINT fk_demonstration_metadata_id FOREIGN KEY(id) REFERENCES demonstrations (id) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS.strip().split("\n\n"):
        connection.exec_driver_sql(statement)
