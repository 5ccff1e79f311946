import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench.errors import ProjectError
from workbench_db import upgrade
from workbench_db.people import person_id
from workbench_db.session import Database


def test_commits_are_durable_and_references_are_enforced(database: Database) -> None:
    with database.raw() as driver:
        settings = {name: driver.execute(f"PRAGMA {name}").fetchone()[0]
                    for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:  # noqa: PT012
        person_id(connection, "Ada")
        1 // 0  # noqa: B018
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM people").scalar() == 0


def test_after_a_clean_close_the_one_file_is_the_whole(tmp_path: Path) -> None:
    database = Database(tmp_path / "project.db", create=True)
    upgrade.create(database)
    with database.write() as connection:
        person_id(connection, "Ada")
    database.close()
    assert [path.name for path in tmp_path.iterdir()] == ["project.db"]
    with sqlite3.connect(tmp_path / "project.db") as connection:
        assert connection.execute("SELECT name FROM people").fetchall() == [("Ada",)]
    connection.close()


def test_a_read_only_database_reads_and_refuses_to_write(database: Database) -> None:
    with database.write() as connection:
        person_id(connection, "Ada")
    reader = Database(database.path, read_only=True)
    with reader.read() as connection:
        assert person_id(connection, "Ada") == 1
    with pytest.raises(ProjectError, match="read-only"), reader.write():
        pass
    with pytest.raises(ProjectError), reader.read() as connection:
        person_id(connection, "Grace")
    reader.dispose()


def test_a_database_on_a_medium_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    """SQLite cannot make its shared-memory file beside it there: a folder in that file's place does the same."""
    database = Database(tmp_path / "project.db", create=True)
    upgrade.create(database)
    database.close()
    (tmp_path / "project.db-shm").mkdir()
    reader = Database(tmp_path / "project.db", read_only=True)
    with reader.read() as connection:
        assert upgrade.schema_revision(connection) == upgrade.HEAD
    reader.dispose()


def test_a_bug_in_a_query_is_not_dressed_up_as_a_damaged_project(database: Database) -> None:
    with pytest.raises(Exception, match="no such table") as caught, database.read() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    assert not isinstance(caught.value, ProjectError)


def test_another_thread_waits_until_a_transaction_is_over(database: Database) -> None:
    def write(name: str) -> None:
        with database.write() as connection:
            for number in range(20):
                person_id(connection, f"{name} {number}")

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, name) for name in "abcd"]:
            done.result()
    with database.read() as connection:
        names = list(connection.exec_driver_sql("SELECT substr(name, 1, 1) FROM people ORDER BY id").scalars())
    assert sorted(names) == sorted("abcd" * 20)
    assert len("".join(names).replace("a" * 20, "").replace("b" * 20, "").replace("c" * 20, "")) == 20
