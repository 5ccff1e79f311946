"""Sets up the environment that `make` works in: `python set_up.py .venv --torch torch==2.13.0 --extra dev`.

What is set up is written down in the environment's set-up.json, which says "unfinished" while pip is at work. So an
environment that was broken off is known at the next call, and made anew (pip's cache keeps what was downloaded), as is
one whose Python is gone. One that was moved with its folder has its paths renewed. Where all is as asked, nothing is
said. pip takes its constraints, the lock, from PIP_CONSTRAINT. Python's own library only: nothing is installed yet.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)
SILENCE = 10                   # seconds after which a log, where no line can be overwritten, gets another line


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("venv", type=Path, nargs="?", help="the environment's folder")
    parser.add_argument("--torch", help="torch's requirement, installed first and by itself: a range would take the "
                        "newest build, with several gigabytes of CUDA packages")
    parser.add_argument("--extra", action="append", default=[], help="an extra of pyproject.toml; may be repeated")
    parser.add_argument("--bare", action="store_true", help="pip and torch only")
    parser.add_argument("--find", metavar="X.Y", help="print the interpreter of that Python and do nothing else")
    choices = parser.parse_args()
    if choices.find:
        print(find_python(choices.find))
        return 0
    if sys.version_info < OLDEST:
        sys.exit(f"This is Python {sys.version.split()[0]}; 3.11 or newer is needed: make PYTHON=python3.12 …")
    try:
        with Environment(choices.venv).locked() as environment:
            environment.bring_to(choices.torch, choices.extra, bare=choices.bare)
    except KeyboardInterrupt:
        print("\nSet-up was stopped. The next call begins it afresh; what was downloaded is kept.", file=sys.stderr)
        return 130
    return 0


def find_python(version: str) -> str:
    """The interpreter of Python ``version`` ("3.12"): on the PATH, or pyenv's newest."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    installed = sorted(pyenv.glob(f"{version}.*"), key=lambda folder: [int(n) for n in re.findall(r"\d+", folder.name)],
                       reverse=True)
    for python in [shutil.which(f"python{version}"), *(folder / "bin" / "python" for folder in installed)]:
        if python and runs(python):              # pyenv's stand-in on the PATH may have no version to start
            return str(python)
    sys.exit(f"Python {version} was found neither on the PATH nor under pyenv. Install it, for example: "
             f"pyenv install {version}")


def runs(python: str | Path) -> bool:
    with suppress(OSError):
        return subprocess.run([python, "-ISc", ""], capture_output=True, check=False).returncode == 0
    return False


class Environment:
    """A virtual environment and what was set up in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self._state = folder / "set-up.json"
        self._log = folder / "set-up.log"
        self._lock = -1

    @contextmanager
    def locked(self) -> Iterator[Environment]:
        """One set-up at a time. pip inherits the lock, so that one whose parent was killed is waited for, too."""
        import fcntl

        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.folder, os.O_RDONLY)
        try:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"Another set-up of {self.folder} is under way; waiting for it.", flush=True)
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            yield self
        finally:
            os.close(self._lock)

    def bring_to(self, torch: str, extras: Iterable[str], *, bare: bool) -> None:
        state = self._read()
        if self._broken(state):
            print(f"{self.folder} is unfinished or its Python is gone; it is made anew.", flush=True)
            self._empty()
            state = {}
        if state.get("root", str(ROOT)) != str(ROOT):
            self._move(state)
        extras = sorted({*extras, *state.get("extras", ())})
        wanted = {"finished": True, "root": str(ROOT), "torch": torch, "extras": extras, "bare": bare,
                  "sources": _fingerprint()}
        if state == wanted:
            return
        version = ".".join(map(str, sys.version_info[:3]))
        self._write({**wanted, "finished": False})
        if not self.python.exists():
            print(f"Setting up {self.folder} with Python {version}: some 500 MB of packages, some minutes.", flush=True)
            with Step("Environment", self._log) as step:
                step.run([sys.executable, "-m", "venv", str(self.folder)], self._lock)
        else:
            print(f"Bringing {self.folder} up to date.", flush=True)
        self._install("pip", "--upgrade", "pip")
        self._install(torch, torch)
        if not bare:
            target = f".[{','.join(extras)}]" if extras else "."
            self._install("The workbench" + "".join(f" + {extra}" for extra in extras), "--editable", target)
        self._write(wanted)

    def _install(self, title: str, *requirements: str) -> None:
        with Step(title, self._log) as step:
            # pip that came with Python may not know the raw progress bar yet
            options = [] if requirements[-1] == "pip" else ["--progress-bar", "raw"]
            step.run([str(self.python), "-m", "pip", "--disable-pip-version-check", "install", "--no-compile", *options,
                      *requirements], self._lock)

    def _broken(self, state: dict[str, Any]) -> bool:
        if not self.python.is_symlink() and not self.python.exists():
            return bool(state)
        return not state.get("finished", True) or not runs(self.python)

    def _empty(self) -> None:
        """Nothing but the folder itself is left: it bears the lock, and may be a link."""
        if not self._state.exists() and not (self.folder / "pyvenv.cfg").exists():
            sys.exit(f"{self.folder} is no environment. Move it away, or choose another folder: make VENV=…")
        for entry in self.folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != self._state:
                entry.unlink()
        self._state.unlink(missing_ok=True)         # last: an emptying that is broken off goes on at the next call

    def _move(self, state: dict[str, Any]) -> None:
        """The folder was moved: scripts, and the files that tell Python where the workbench lies, name the old one."""
        print(f"The folder was moved from {state['root']}; the paths in {self.folder} are renewed.", flush=True)
        old, new = os.fsencode(state["root"]), os.fsencode(ROOT)
        packages = "lib/python*/site-packages"
        for file in [*self.folder.glob("bin/*"), self.folder / "pyvenv.cfg",
                     *self.folder.glob(f"{packages}/*demonstration_workbench*.pth"),
                     *self.folder.glob(f"{packages}/demonstration_workbench-*/direct_url.json")]:
            if file.is_file() and not file.is_symlink():
                content = file.read_bytes()
                if old in content and b"\0" not in content:
                    file.write_bytes(_startable(content.replace(old, new)))
        state["root"] = str(ROOT)
        self._write(state)

    def _read(self) -> dict[str, Any]:
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:                          # killed while it was written
            return {"finished": False}
        return state if isinstance(state, dict) else {"finished": False}

    def _write(self, state: dict[str, Any]) -> None:
        self._state.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


class Step:
    """A step of a set-up, on one line: what it does now, then what it did. All that its program says goes to a log."""

    def __init__(self, title: str, log: Path) -> None:
        self._title = title
        self._log = log
        self._started = self._last = time.monotonic()
        self._now = ""
        self._packages = 0
        self._bytes = 0.0

    def __enter__(self) -> Step:
        self._show()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            did = [_count(self._packages)] * bool(self._packages)
            did += [f"{self._bytes:.0f} MB downloaded"] * (self._bytes >= 1)
            self._line(", ".join([*did, f"{time.monotonic() - self._started:.0f} s"]), end="\n")

    def run(self, command: list[str], lock: int) -> None:
        with self._log.open("a", buffering=1, encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n")
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                       encoding="utf-8", errors="replace", pass_fds=[lock],
                                       env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"})
            said: list[str] = []
            for line in _lines(process):
                if line and not line.startswith("Progress "):
                    log.write(line)
                    said.append(line)
                self._follow(line)
        if process.wait():
            self._line("failed.", end="\n")
            print("".join(said[-15:]) + f"All of it: {self._log}", file=sys.stderr)
            sys.exit(1)

    def _follow(self, line: str) -> None:
        if fetched := re.match(r"\s*(?:Downloading|Using cached) (\S+?)-\d\S* \(([\d.]+) ([kMG]?)B\)", line):
            name, size, unit = fetched.groups()
            megabytes = float(size) * {"": 1e-6, "k": 1e-3, "M": 1, "G": 1e3}[unit]
            self._bytes += megabytes if "Downloading" in line else 0
            self._now = f"{name}, {megabytes:.1f} MB"
        elif progress := re.match(r"Progress (\d+) of (\d+)", line):
            done, total = map(int, progress.groups())
            self._now = re.sub(r"( \(.*)?$", f" ({done / max(total, 1):.0%})", self._now, count=1)
        elif line.startswith("Installing collected packages: "):
            self._packages = line.count(",") + 1
            self._now = f"installing {_count(self._packages)}"
        elif building := re.match(r"\s*Building (?:wheel|editable) for (\S+)", line):
            self._now = f"building {building[1]}"
        self._show()

    def _show(self) -> None:
        waited = time.monotonic() - self._started
        if sys.stdout.isatty():
            self._line(f"{self._now or '…'} [{waited:.0f} s]")
        elif time.monotonic() - self._last >= SILENCE:
            self._line(f"{self._now or '…'} [{waited:.0f} s]", end="\n")

    def _line(self, text: str, end: str = "") -> None:
        begin = "\r\033[K" if sys.stdout.isatty() else ""
        print(f"{begin}  {self._title}: {text}", end=end, flush=True)
        self._last = time.monotonic()


def _count(packages: int) -> str:
    return f"{packages} package{'s' * (packages > 1)}"


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """Its lines as they come; "" each second in which none does."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=1)
        except queue.Empty:
            line = ""
        if line is None:
            return
        yield line


def _startable(script: bytes) -> bytes:
    """The script, by way of the shell where the system cannot read its first line: with a space, or too long. These
    lines are a string to Python; pip writes the same."""
    first, _, rest = script.partition(b"\n")
    if not first.startswith(b"#!") or not (b" " in first or len(first) > 127) or first.startswith(b"#!/bin/sh"):
        return script
    return b"#!/bin/sh\n'''exec' \"" + first[2:] + b"\" \"$0\" \"$@\"\n' '''\n" + rest


def _fingerprint() -> str:
    """Of what pip is told: pyproject.toml and the lock."""
    files = ["pyproject.toml", *os.environ.get("PIP_CONSTRAINT", "").split()]
    return hashlib.sha256(b"\0".join((ROOT / file).read_bytes() for file in files)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
