"""A disk that is full: said in words, nothing lost, and work goes on when there is space again."""

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Child
from workbench.domain import Demonstration
from workbench.errors import ProjectError
from workbench.services.demonstrations import Filter
from workbench.services.project import Project
from workbench_db import check, lock

MUCH = [Demonstration.pair(f"question {n}", "x" * 2000) for n in range(500)]

LIMITED = """
import resource, sys
from pathlib import Path
from tests.faults.test_full_disk import MUCH
from workbench.errors import ProjectError
from workbench.services.project import Project
folder = Path(sys.argv[1])
project = Project.open(folder)
size = (folder / "project.db").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
try:
    project.demonstrations.add(MUCH)
except ProjectError as error:
    print(error, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(len(project.demonstrations.add(MUCH).created), flush=True)
project.close()
"""


def test_a_database_that_may_not_grow_refuses_the_change_and_keeps_the_rest(folder: Path) -> None:
    project = Project.open(folder)
    with project.database.raw() as driver:
        (pages,) = driver.execute("PRAGMA page_count").fetchone()
        driver.execute(f"PRAGMA max_page_count = {pages + 10}")
    with pytest.raises(ProjectError, match="The disk is full") as caught:
        project.demonstrations.add(MUCH)
    assert (caught.value.safe, caught.value.remedy) == (
        "What was saved before is safe; the change that was being written is not kept.",
        "Free some space and try again.")
    assert project.demonstrations.ids(Filter()) == [1, 2]
    with project.database.raw() as driver:
        driver.execute("PRAGMA max_page_count = 1000000")
    assert len(project.demonstrations.add(MUCH).created) == 500
    project.close()
    assert check.check(folder) == []


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE")
def test_a_write_that_the_system_refuses_is_reported_and_can_be_repeated(
        folder: Path, start: Callable[[str, Path], Child]) -> None:
    said, errors = start(LIMITED, folder).communicate()
    error, _, added = said.strip().partition("\n")
    assert "disk" in error, errors
    assert "What was saved before is safe" in error
    assert added == "500"
    assert check.check(folder) == []


def test_a_project_on_a_full_disk_opens_although_the_lock_cannot_say_who_has_it(
        folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(lock.os, "write", full)
        project = Project.open(folder)
    assert project.demonstrations.ids(Filter()) == [1, 2]
    with pytest.raises(ProjectError, match="open already: another program has it"):
        Project.open(folder)
    project.close()


def test_a_backup_that_does_not_fit_leaves_no_half_backup(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full takes no byte: the backup's file is a link to it."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    project = Project.open(folder)
    real = Path.with_suffix

    def full(path: Path, suffix: str) -> Path:
        partial = real(path, suffix)
        partial.symlink_to("/dev/full")
        return partial

    with monkeypatch.context() as patch:
        patch.setattr(Path, "with_suffix", full)
        with pytest.raises(ProjectError):
            project.backup()
    assert list((folder / "backups").iterdir()) == []
    assert project.backup().stat().st_size > 0
    project.close()
