"""Copies of a project's database, made while it is open, by SQLite's online backup."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from workbench_db.session import Database, project_errors

FOLDER = "backups"


def make(database: Database, reason: str = "") -> Path:
    """Copy the database into the project's ``backups`` folder; returns the copy. Raises ProjectError."""
    folder = database.path.parent / FOLDER
    folder.mkdir(exist_ok=True)
    name = "-".join(part for part in (f"{datetime.now():%Y%m%d-%H%M%S-%f}", reason) if part)
    target = folder / f"{name}.db"
    partial = target.with_suffix(".partial")
    try:
        with database.raw() as source, project_errors():
            copy = sqlite3.connect(partial)
            try:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")     # one file, without a log beside it
            finally:
                copy.close()
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target
