"""The connection to a project's database: its settings, its transactions, and its errors in words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import RLock

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from workbench.errors import ProjectError

__all__ = ["Connection", "Database", "driver_rows", "project_errors"]

NOTHING_LOST = "What was saved before is safe; the change that was being written is not kept."
BACKUPS_SAFE = "The backups are separate files and not concerned."

# Codes of https://sqlite.org/rescode.html: (what happened, what to do)
_KNOWN = {
    sqlite3.SQLITE_FULL: ("The disk is full.", "Free some space and try again."),
    sqlite3.SQLITE_IOERR: ("The project's disk could not be read or written.",
                           "Check that the disk is there and has space, then open the project again."),
    sqlite3.SQLITE_READONLY: ("The project's files may not be written.",
                              "Change their permissions, or open the project read-only."),
    sqlite3.SQLITE_CANTOPEN: ("The project's database cannot be opened.",
                              "Check that the folder is there and may be read."),
    sqlite3.SQLITE_BUSY: ("Another program is writing to the project's database.", "Close it and try again."),
    sqlite3.SQLITE_CORRUPT: ("The project's database is damaged.",
                             "Put the newest file of the folder “backups” in its place, or run “workbench check”."),
    sqlite3.SQLITE_NOTADB: ("The file project.db is not a database, or its beginning is damaged.",
                            "Put the newest file of the folder “backups” in its place."),
}


@contextmanager
def project_errors() -> Iterator[None]:
    """Turn what a disk or a damaged file does to SQLite into a ProjectError; bugs pass through."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:
        cause = error.orig if isinstance(error, DatabaseError) else error
        code = getattr(cause, "sqlite_errorcode", None)
        kind = -1 if code is None else code & 0xFF
        if kind not in _KNOWN:
            raise
        known, damaged = _KNOWN[kind], kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        raise ProjectError(known[0], safe=BACKUPS_SAFE if damaged else NOTHING_LOST, remedy=known[1]) from error


class Database:
    """One connection to one file, for one thread at a time.

    A process writes through its lane; whoever comes from another thread (the command line, a closing window) waits
    here until a transaction is over, instead of finding himself in the middle of it.
    """

    def __init__(self, path: Path, *, read_only: bool = False, create: bool = False) -> None:
        self.path, self.read_only, self._closed = path, read_only, False
        self._turn = RLock()
        if not create and not path.is_file():
            raise ProjectError(f"There is no project in {path.parent}.", remedy="Choose another folder, or make one.")
        self._engine = create_engine(
            "sqlite://", creator=self._connect, poolclass=StaticPool,
            json_serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
        )
        # Transactions are begun by hand: the driver's own would leave reads outside and DDL uncommitted.
        event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise RuntimeError(f"{self.path} was closed; whoever still uses it writes without the project's lock")
        location = self.path.resolve().as_uri()
        if not self.read_only:
            connection = self._open(f"{location}?mode=rwc")
            # FULL: a commit that was acknowledged is on the disk even if the power fails (WAL syncs at each commit).
            connection.execute("PRAGMA synchronous = FULL")
            return connection
        try:
            connection = self._open(f"{location}?mode=ro", "SELECT count(*) FROM sqlite_master;")
        except sqlite3.OperationalError:
            if self.path.with_name(self.path.name + "-wal").exists():
                raise
            # On a medium that cannot be written SQLite cannot make its shared-memory file; nobody else writes there.
            connection = self._open(f"{location}?mode=ro&immutable=1")
        connection.execute("PRAGMA query_only = ON")
        return connection

    @staticmethod
    def _open(uri: str, trial: str = "") -> sqlite3.Connection:
        """A connection with which ``trial`` ran, too; closed again if it did not."""
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        try:
            connection.executescript(
                "PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;"
                f"PRAGMA cache_size = -65536; {trial}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._turn, project_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it or, if anything is raised, nothing. Raises ProjectError."""
        if self.read_only:
            raise ProjectError("This project is open read-only.", safe="Nothing was changed.",
                               remedy="Close it where it is open for writing, then open it again.")
        with self._turn, project_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def raw(self) -> Iterator[sqlite3.Connection]:
        """The driver's connection, outside of a transaction: for backups, pragmas, and reading ids by the million."""
        with self._turn, project_errors():
            pooled = self._engine.raw_connection()
            try:
                driver = pooled.driver_connection
                assert isinstance(driver, sqlite3.Connection)
                yield driver
            finally:
                pooled.close()

    def use_write_ahead_log(self) -> None:
        """Readers then never wait for the writer. Kept in the file: only for what is known to be a project's."""
        with self.raw() as driver:
            driver.execute("PRAGMA journal_mode = WAL")

    def close(self) -> None:
        """Write the log back into the database, so that the one file is the whole, and let go of it."""
        if not self.read_only and not self._closed:
            with self.raw() as driver:
                driver.execute("PRAGMA optimize")
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.dispose()

    def dispose(self) -> None:
        """Let go of the file without writing anything."""
        self._closed = True
        self._engine.dispose()


def driver_rows(connection: Connection, sql: str, parameters: tuple[object, ...] = ()) -> sqlite3.Cursor:
    """The driver's own cursor: rows pass through SQLAlchemy at half the speed, which a million of them shows."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.execute(sql, parameters)
