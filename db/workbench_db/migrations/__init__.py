"""Alembic migrations, run by db.upgrade. Each is written by hand, and a new one is added to db.upgrade.REVISIONS."""
