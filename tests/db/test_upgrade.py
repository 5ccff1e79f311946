import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from workbench.domain import Contestant, Demonstration, ModelRef
from workbench.domain.filter import Filter
from workbench.errors import ProjectError
from workbench_db import (
    backup,
    check,
    contestants,
    demonstration_table,
    demonstrations,
    questions,
    search_text,
    upgrade,
)
from workbench_db.migrations.versions import revision_0001
from workbench_db.people import person_id
from workbench_db.row_hash import row_hash
from workbench_db.session import Database

NEXT = '''
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade():
    connection = op.get_bind()
    connection.exec_driver_sql("ALTER TABLE people ADD COLUMN nickname TEXT")
    connection.exec_driver_sql("UPDATE people SET nickname = upper(name)")
    {last}
'''


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbench that knows one more migration."""
    folder = tmp_path / "migrations"
    shutil.copytree(upgrade.MIGRATIONS, folder)
    migration = folder / "versions" / "revision_next.py"
    migration.write_text(NEXT.format(head=upgrade.HEAD, last=""))
    monkeypatch.setattr(upgrade, "MIGRATIONS", folder)
    monkeypatch.setattr(upgrade, "REVISIONS", (*upgrade.REVISIONS, "next"))
    monkeypatch.setattr(upgrade, "HEAD", "next")
    return migration


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    database = Database(folder / "project.db", create=True)
    upgrade.create(database)
    with database.write() as connection:
        person_id(connection, "Ada")
    database.close()
    return folder / "project.db"


def _backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob("backups/*"))


def _nicknames(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT nickname FROM people")]


def test_an_up_to_date_project_is_left_alone(old: Path) -> None:
    database = Database(old)
    assert upgrade.upgrade(database) is None
    database.close()
    assert _backups(old) == []


def test_an_older_project_is_backed_up_and_upgraded(old: Path, next_version: Path) -> None:
    database = Database(old)
    made = upgrade.upgrade(database)
    assert upgrade.upgrade(database) is None
    database.close()
    assert _nicknames(old) == ["ADA"]
    assert made is not None
    assert _backups(old) == [made]
    with closing(sqlite3.connect(made)) as connection:
        assert connection.execute("SELECT name FROM people").fetchall() == [("Ada",)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(upgrade.REVISIONS[-2],)]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_an_upgrade_that_fails_half_way_leaves_the_old_project(old: Path, next_version: Path) -> None:
    next_version.write_text(NEXT.format(head=upgrade.REVISIONS[-2], last="raise ZeroDivisionError"))
    database = Database(old)
    with pytest.raises(ZeroDivisionError):
        upgrade.upgrade(database)
    with database.read() as connection:
        assert upgrade.schema_revision(connection) == upgrade.REVISIONS[-2]
    database.close()
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        _nicknames(old)


def test_an_older_project_is_not_upgraded_by_a_reader(old: Path, next_version: Path) -> None:
    database = Database(old, read_only=True)
    with pytest.raises(ProjectError, match="older schema"):
        upgrade.upgrade(database)
    database.dispose()


def test_a_project_of_a_newer_workbench_is_refused_and_not_touched(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
        connection.commit()
    content = old.read_bytes()
    database = Database(old)
    with pytest.raises(ProjectError, match=r"newer version.*0099") as caught:
        upgrade.upgrade(database)
    database.close()
    assert caught.value.remedy == "Update the workbench."
    assert old.read_bytes() == content
    assert _backups(old) == []


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "project.db")) as connection:
        connection.execute("CREATE TABLE notes (text)")
    content = (tmp_path / "project.db").read_bytes()
    database = Database(tmp_path / "project.db")
    with pytest.raises(ProjectError, match="not a project"):
        upgrade.upgrade(database)
    database.close()
    assert (tmp_path / "project.db").read_bytes() == content


def test_a_backup_is_whole_while_the_project_is_being_written(old: Path) -> None:
    database = Database(old)
    with database.write() as connection:
        person_id(connection, "Grace")
    made = backup.make(database, "by hand")
    with database.write() as connection:
        person_id(connection, "Mary")
    database.close()
    assert [path.name for path in made.parent.iterdir()] == [made.name]
    with closing(sqlite3.connect(made)) as connection:
        assert connection.execute("SELECT name FROM people ORDER BY id").fetchall() == [("Ada",), ("Grace",)]


def test_a_project_of_the_first_schema_is_brought_up_with_all_that_is_in_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "project.db")) as connection:
        for statement in revision_0001.STATEMENTS.strip().split("\n\n"):
            connection.execute(statement)
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.execute("INSERT INTO people (name, since) VALUES ('Ada', '2026-01-01T00:00:00+00:00')")
        for id, name in enumerate(("bench", "Held-out questions", "bench, held"), 1):
            connection.execute("INSERT INTO question_sets VALUES (?, 0, ?, '2026-01-01T00:00:00+00:00', ?)",
                               (id, name, row_hash(id, name, 0)))
        connection.execute("INSERT INTO question_sets VALUES (4, 0, 'sat', '2026-01-01T00:00:00+00:00', ?)",
                           (row_hash(4, "set", 0),))
        connection.commit()
    database = Database(tmp_path / "project.db")
    assert upgrade.upgrade(database) is not None
    with database.write() as connection:
        assert person_id(connection, "Ada") == 1
        who = contestants.insert_contestant(connection, Contestant("c", ModelRef("m", "/m")))
        assert [one.id for one in contestants.contestants(connection)] == [who]
        assert upgrade.schema_revision(connection) == upgrade.HEAD
        assert [(one.id, one.held_out) for one in questions.summaries(connection)] == [
            (2, True), (1, False), (3, True), (4, False)]
    database.close()
    assert [(one.table, one.row) for one in check.check(tmp_path)] == [("question_sets", 4)]    # damaged before, too


def test_what_an_older_workbench_deleted_is_found_by_its_words_when_it_is_brought_back(old: Path) -> None:
    database = Database(old)
    with database.write() as connection:
        demonstrations.insert_demonstrations(connection, [Demonstration.pair("an apple", ""),
                                                          Demonstration.pair("a pear", "")])
        demonstrations.patch(connection, {1: {"deleted": 1}})
        search_text.remove(connection, [1])                     # as it was up to schema 0004
        connection.exec_driver_sql("DROP INDEX ix_demonstrations_deleted")
        connection.exec_driver_sql("ALTER TABLE question_sets DROP COLUMN held_out")
        connection.exec_driver_sql("DROP VIEW demonstration_texts")
        connection.exec_driver_sql(revision_0001.STATEMENTS.strip().split("\n\n")[-2])
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
    assert upgrade.upgrade(database) is not None
    with database.write() as connection:
        demonstrations.patch(connection, {1: {"deleted": 0}})
        assert demonstration_table.ids(connection, Filter(text="apple")) == [1]
    database.close()
    assert check.check(old.parent) == []
