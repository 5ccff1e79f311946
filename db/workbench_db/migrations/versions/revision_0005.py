"""The full-text index keeps the words of deleted demonstrations: deleting and undoing need not touch it."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = """
DROP VIEW demonstration_texts

CREATE VIEW demonstration_texts (id, body, note) AS
SELECT d.id, (SELECT group_concat(json_extract(t.value, '$[1]'), char(10)) FROM json_each(d.turns) AS t), d.note
FROM demonstrations AS d

INSERT INTO demonstration_search (rowid, body, note)
SELECT id, body, note FROM demonstration_texts WHERE id IN (SELECT id FROM demonstrations WHERE deleted = 1)
"""


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS.strip().split("\n\n"):
        connection.exec_driver_sql(statement)
