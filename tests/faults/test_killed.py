"""kill -9 at any moment: what was acknowledged is there, what was not is there whole or not at all."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Child
from workbench.domain import Demonstration
from workbench.services.demonstrations import Filter
from workbench.services.project import Project
from workbench_db import check

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")

WRITES = """
import sys
from pathlib import Path
from workbench.domain import Demonstration
from workbench.services.project import Project
project = Project.open(Path(sys.argv[1]), person="Grace")
for step in range(10_000):
    new = [Demonstration.pair(f"step {step}, number {n}", "x" * 500) for n in range(20)]
    project.demonstrations.set_note(project.demonstrations.add(new).created[0], f"step {step}")
    print(step, flush=True)
"""

IMPORTS = """
import sys
from pathlib import Path
from workbench.services.project import Project
folder = Path(sys.argv[1])
pool = folder.parent / "pool.jsonl"
with pool.open("w") as file:
    for n in range(12_000):
        file.write('{"instruction": "question %d", "output": "%s"}\\n' % (n, "answer " * 30))
project = Project.open(folder)
def progress(done, total):
    if done > total // 2:
        print("half", flush=True)
        sys.stdin.read()
project.imports.run(pool, progress=progress)
print("unreachable", flush=True)
"""

CREATES = """
import sys
from pathlib import Path
from workbench.services import project as module
def stopped(folder, name):
    (folder / "project.db.partial").write_text("half of a database")
    print("making", flush=True)
    sys.stdin.read()
module._make_database = stopped
module.Project.create(Path(sys.argv[1]))
"""


def _line(child: Child) -> str:
    assert child.stdout is not None
    line = child.stdout.readline().strip()
    if not line:
        raise AssertionError(child.communicate()[1])
    return line


@pytest.mark.parametrize("steps", [1, 4, 13])
def test_every_acknowledged_change_survives(
        folder: Path, start: Callable[[str, Path], Child], steps: int) -> None:
    child = start(WRITES, folder)
    acknowledged = [_line(child) for _ in range(steps)][-1]
    child.kill()                               # in the middle of a later step: there are thousands
    child.wait()
    for read_only in (True, False):            # who only looks sees it too, before anybody repaired anything
        project = Project.open(folder, read_only=read_only)
        notes = [d.note for d in project.demonstrations.get(project.demonstrations.ids(Filter())) if d.note]
        assert [f"step {step}" for step in range(int(acknowledged) + 1)] == notes[:int(acknowledged) + 1]
        if read_only:
            project.close()
    assert (len(project.demonstrations.ids(Filter())) - 2) % 20 == 0
    assert project.history.undo() is not None
    assert project.demonstrations.add([Demonstration.pair("life goes on", "")]).created
    project.close()
    assert check.check(folder) == []


def test_an_import_that_was_killed_half_way_has_imported_nothing(
        folder: Path, start: Callable[[str, Path], Child]) -> None:
    child = start(IMPORTS, folder)
    assert _line(child) == "half"
    child.kill()
    child.wait()
    project = Project.open(folder)
    assert project.demonstrations.ids(Filter()) == [1, 2]
    assert project.imports.past() == []
    assert project.history.labels()[0] == "2 demonstrations added"
    project.close()
    assert check.check(folder) == []


def test_a_project_whose_making_was_killed_can_be_made_again(
        tmp_path: Path, start: Callable[[str, Path], Child]) -> None:
    child = start(CREATES, tmp_path / "new")
    assert _line(child) == "making"
    child.kill()
    child.wait()
    Project.create(tmp_path / "new").close()
    assert check.check(tmp_path / "new") == []
