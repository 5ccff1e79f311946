"""Installing llama-cpp-python, which comes as source and takes some minutes to build.

``python -m workbench.gguf_build`` builds and waits; with ``--background`` it starts a build that outlives this
command and returns at once, so that a first look does not wait for it. Log and state lie in the environment's folder.
With ``--again`` it builds afresh, with what CMAKE_ARGS asks for.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

LOG = Path(sys.prefix) / "gguf-build.log"
PID = Path(sys.prefix) / "gguf-build.pid"
FAILED = Path(sys.prefix) / "gguf-build.failed"      # there from a failed build to the next one's begin
INSTALL = "make gguf"
AGAIN = "python -m workbench.gguf_build --again"
_PACE = 20                                            # seconds between two lines about a build
_CARDS = ("cuda", "hip", "metal", "vulkan", "sycl", "opencl", "musa", "cann")      # in names of llama.cpp's libraries


def installed() -> bool:
    importlib.invalidate_caches()
    return importlib.util.find_spec("llama_cpp") is not None


def building() -> bool:
    """Whether a build is under way. Its start time is kept beside its process id, which may be used again."""
    try:
        pid, started = PID.read_text().split()
        return bool(abs(psutil.Process(int(pid)).create_time() - float(started)) < 1)
    except (OSError, ValueError, psutil.NoSuchProcess):
        return False


def support() -> tuple[bool, str]:
    """Whether GGUF models can be used here and, if not, what is going on or the line that installs it."""
    if installed():
        return True, ""
    if building():
        return False, f"GGUF support is being built, some minutes from its start. Log: {LOG}"
    if FAILED.exists():
        return False, f"GGUF support could not be built (log: {LOG}). Install a C++ compiler and run: {INSTALL}"
    return False, f"GGUF models need llama-cpp-python. Install it with: {INSTALL}"


def card_note() -> str:
    """What lets GGUF models use a graphics card; "" where there is no llama.cpp, or it was built for one. Told from its
    libraries' names: none is loaded."""
    found = importlib.util.find_spec("llama_cpp")
    folders = list(found.submodule_search_locations or ()) if found else []
    libraries = [file.name for folder in folders for file in (Path(folder) / "lib").glob("*ggml-*")]
    if not folders or any(card in name for name in libraries for card in _CARDS):
        return ""
    return ("llama.cpp is built here without support for graphics cards: GGUF models compute on the processor. "
            f"For NVIDIA's: CMAKE_ARGS=-DGGML_CUDA=on {AGAIN}")


def requirement() -> str:
    """The pinned range, as the package itself declares it."""
    declared = importlib.metadata.requires("demonstration-workbench") or []
    return next(line.split(";")[0].strip() for line in declared if line.startswith("llama-cpp-python"))


def build(*, again: bool = False) -> int:
    """Build and install, ``again`` also where it is there; the pip output goes to LOG. Returns 0, or 1 where it cannot
    be built."""
    me = psutil.Process()
    PID.write_text(f"{me.pid} {me.create_time()}")
    FAILED.touch()                                # until it has succeeded, so that a killed build counts as failed
    if hasattr(os, "nice"):
        os.nice(10)                               # the window and its jobs come first
    try:
        with LOG.open("w", encoding="utf-8") as log:
            if not any(shutil.which(name) for name in (os.environ.get("CXX", "c++"), "g++", "clang++", "cl")):
                log.write("No C++ compiler was found.\n")
                return 1
            afresh = ["--force-reinstall", "--no-deps", "--no-cache-dir"] if again else []
            with _progress():
                done = subprocess.run([sys.executable, "-m", "pip", "install", "--verbose", *afresh, requirement()],
                                      stdout=log, stderr=subprocess.STDOUT, check=False)
        if done.returncode == 0:
            FAILED.unlink(missing_ok=True)
        return min(done.returncode, 1)
    finally:
        PID.unlink(missing_ok=True)


@contextmanager
def _progress() -> Iterator[None]:
    """A line now and then about how far a build is, from the compiler's steps in LOG."""
    began, ended = time.monotonic(), threading.Event()

    def tell() -> None:
        while not ended.wait(_PACE):
            log = LOG.read_text(encoding="utf-8", errors="replace")
            steps = re.findall(r"^\s*\[\s*(\d+%|\d+/\d+)\]", log, re.MULTILINE)
            at = f"compiled {steps[-1]}" if steps else "getting its source"
            print(f"  GGUF support: {at} [{time.monotonic() - began:.0f} s]", flush=True)

    print(f"GGUF support (llama-cpp-python) is being built: some minutes. Log: {LOG}", flush=True)
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def main(arguments: list[str]) -> int:
    if "--again" in arguments:
        return build(again=True)
    if installed() and not FAILED.exists():           # it may be there in part
        return 0
    if "--background" in arguments:
        if not building():
            print(f"GGUF support is built in the background. Log: {LOG}")
            subprocess.Popen([sys.executable, "-m", "workbench.gguf_build"], start_new_session=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return 0
    if building():
        with _progress():
            psutil.wait_procs([psutil.Process(int(PID.read_text().split()[0]))])
    else:
        build()
    if not installed():
        print(support()[1], "All else works without it.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
