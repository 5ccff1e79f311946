import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import ProjectError
from workbench_db.lock import ProjectLock, holder

HOLD = """
import sys
from pathlib import Path
from workbench_db.lock import ProjectLock
lock = ProjectLock(Path(sys.argv[1]), "Grace")
print("held", flush=True)
sys.stdin.read()
"""


def _other_process(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_program_is_told_who_has_the_project(tmp_path: Path) -> None:
    with _other_process(tmp_path) as process:
        with pytest.raises(ProjectError, match=f"Grace on .* \\(process {process.pid}, since 20") as caught:
            ProjectLock(tmp_path, "Ada")
        assert "read-only" in caught.value.remedy
        process.communicate()


def test_the_same_program_cannot_open_it_twice_either(tmp_path: Path) -> None:
    first = ProjectLock(tmp_path, "Ada")
    with pytest.raises(ProjectError, match="Ada"):
        ProjectLock(tmp_path, "Ada")
    first.release()
    ProjectLock(tmp_path, "Ada").release()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    with _other_process(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    old = holder(tmp_path)
    assert old is not None
    assert old.person == "Grace"
    lock = ProjectLock(tmp_path, "Ada")
    new = holder(tmp_path)
    assert new is not None
    assert (new.person, new.pid) == ("Ada", os.getpid())
    lock.release()
    assert holder(tmp_path) is None


def test_a_lock_file_full_of_rubbish_does_not_keep_anybody_out(tmp_path: Path) -> None:
    (tmp_path / "project.lock").write_bytes(b"\xff\x00{" * 100)
    assert holder(tmp_path) is None
    ProjectLock(tmp_path, "Ada").release()


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links cannot be told from files there")
def test_a_lock_that_is_a_link_is_refused_and_what_it_leads_to_stays_as_it_is(tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("mine", "utf-8")
    folder = tmp_path / "from a stranger"
    folder.mkdir()
    (folder / "project.lock").symlink_to(precious)
    with pytest.raises(ProjectError, match="lock file"):
        ProjectLock(folder, "Ada")
    assert precious.read_text("utf-8") == "mine"
