"""Fewer indexes of demonstrations, and only of those that are there: each costs time at every bulk change and undo.

Sorting by a column of few values reads the wide index; nothing asked for the source alone.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = """
DROP INDEX IF EXISTS ix_demonstrations_rating

DROP INDEX IF EXISTS ix_demonstrations_status

DROP INDEX IF EXISTS ix_demonstrations_category

DROP INDEX IF EXISTS ix_demonstrations_source

DROP INDEX IF EXISTS ix_demonstrations_facets

DROP INDEX IF EXISTS ix_demonstrations_tokens

DROP INDEX IF EXISTS ix_demonstrations_gain

DROP INDEX IF EXISTS ix_demonstrations_sort_key

CREATE INDEX ix_demonstrations_facets ON demonstrations (deleted, status, rating, category, source, tokens, gain)
WHERE deleted = 0

CREATE INDEX ix_demonstrations_tokens ON demonstrations (deleted, tokens) WHERE deleted = 0 AND tokens IS NOT NULL

CREATE INDEX ix_demonstrations_gain ON demonstrations (deleted, gain) WHERE deleted = 0 AND gain IS NOT NULL

CREATE INDEX ix_demonstrations_sort_key ON demonstrations (deleted, sort_key) WHERE deleted = 0

CREATE INDEX ix_demonstrations_deleted ON demonstrations (deleted) WHERE deleted = 1
"""


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS.strip().split("\n\n"):
        connection.exec_driver_sql(statement)
