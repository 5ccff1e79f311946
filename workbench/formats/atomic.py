"""Writing a file so that at every moment either the old one or the whole new one is there."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file ``path`` when the block ends without an error, and nothing otherwise.

    They go to a temporary file in the same folder, which is synced and renamed; then the folder is synced. An
    existing file's permissions are kept. Raises OSError (disk full, no permission, no such folder).
    """
    target = path.resolve() if path.is_symlink() else path
    part = target.with_name(f".{target.name[:50]}.{secrets.token_hex(6)}.part")
    stream = open(part, "xb")  # noqa: SIM115 (closed below, before the rename)
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileNotFoundError):
            os.chmod(part, target.stat().st_mode & 0o777)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return          # Windows cannot open a folder; its rename is durable with the file's own flush
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
