"""Projects that are not what they should be: each is refused in words, and nothing is made worse."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from workbench.errors import ProjectError
from workbench.services.demonstrations import Filter
from workbench.services.project import Project


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "not a project"),
    "rubbish": (lambda path: path.write_bytes(b"\x00rubbish" * 5000), "not a database"),
    "first page lost": (lambda path: path.write_bytes(b"\0" * 4096 + path.read_bytes()[4096:]), "not a database"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:3 * 4096]), "damaged"),
    "newer": (_newer, "newer version of the workbench"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_damaged_project_is_refused_and_left_as_it_is(folder: Path, damage: str, read_only: bool) -> None:
    spoil, said = DAMAGES[damage]
    database = folder / "project.db"
    spoil(database)
    content = database.read_bytes()
    with pytest.raises(ProjectError, match=said) as caught:
        Project.open(folder, read_only=read_only)
    assert caught.value.remedy
    assert database.read_bytes() == content
    with pytest.raises(ProjectError, match=said):       # and the lock was let go
        Project.open(folder)


def test_a_backup_takes_the_place_of_a_damaged_database(folder: Path) -> None:
    project = Project.open(folder)
    backup = project.backup()
    project.close()
    (folder / "project.db").write_bytes(b"\x00rubbish" * 5000)
    with pytest.raises(ProjectError, match="backups"):
        Project.open(folder)
    backup.replace(folder / "project.db")
    restored = Project.open(folder)
    assert restored.demonstrations.ids(Filter()) == [1, 2]
    restored.close()


def test_damage_in_the_middle_is_found_by_reading_and_does_not_end_the_program(folder: Path) -> None:
    database = folder / "project.db"
    with closing(sqlite3.connect(database)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'demonstrations'").fetchone()
    content = bytearray(database.read_bytes())
    content[(page - 1) * 4096:page * 4096] = b"\xff" * 4096
    database.write_bytes(content)
    project = Project.open(folder)
    with pytest.raises(ProjectError, match="damaged") as caught:
        project.demonstrations.get([1, 2])
    assert "backups" in caught.value.remedy
    project.close()
