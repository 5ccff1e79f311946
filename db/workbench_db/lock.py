"""The lock file that keeps two programs from writing to one project, and says who has it.

The lock is the operating system's (``flock``, on Windows ``msvcrt.locking``) on an open file: it ends with the process
that holds it, however that dies, so a stale lock cannot be left behind. The file's text only says who it is.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import ProjectError

FILE_NAME = "project.lock"


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30      # Windows locks bytes against reading too: lock one that is behind the text

    def _try_lock(file: int) -> bool:
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

    def _unlock(file: int) -> None:
        os.lseek(file, _FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a project open for writing; ``since`` is ISO time in UTC."""

    person: str
    host: str
    pid: int
    since: str

    def __str__(self) -> str:
        since = datetime.fromisoformat(self.since).astimezone()
        return f"{self.person or 'somebody'} on {self.host} (process {self.pid}, since {since:%Y-%m-%d %H:%M})"


def login_name() -> str:
    """The name of the person at the computer; "" where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


class ProjectLock:
    """Held from construction to release()."""

    def __init__(self, folder: Path, person: str) -> None:
        """Take the lock. Raises ProjectError, naming the holder, if another program has it."""
        self._path = folder / FILE_NAME
        try:
            # It is written over: in a project from somebody else it must not be a link to another file.
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        except OSError as error:
            raise ProjectError(f"The lock file in {folder} cannot be written ({error.strerror}).",
                               remedy="Change the folder's permissions, or open the project read-only.") from error
        if not _try_lock(self._file):
            os.close(self._file)
            who = holder(folder)
            raise ProjectError(f"This project is open already: {who or 'another program has it'}.",
                               safe="Nothing was changed.", remedy="Close it there, or open it read-only.")
        text = json.dumps(asdict(Holder(person, socket.gethostname(), os.getpid(),
                                        datetime.now(UTC).isoformat(timespec="seconds"))))
        with suppress(OSError):                  # a full disk: it is locked all the same, without a name
            os.ftruncate(self._file, 0)
            os.write(self._file, text.encode())

    def release(self) -> None:
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            _unlock(self._file)
            os.close(self._file)
            self._file = -1


def holder(folder: Path) -> Holder | None:
    """Who wrote the lock file last; None when it is empty, missing or not readable."""
    try:
        return Holder(**json.loads((folder / FILE_NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
