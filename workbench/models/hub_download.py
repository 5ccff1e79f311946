"""Downloading a model into the Hub's cache: resumed where it was cut off, checked against the Hub's hashes.

Files are laid down as huggingface_hub lays them down (blobs by hash, snapshots of links), so that other programs find
them and what those have downloaded is used here. huggingface_hub's own download throws a part away when it is cut off,
which is why this one is not used.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from workbench.errors import ModelError
from workbench.models import hub
from workbench.models.hub import HubFile, HubModel
from workbench.models.server_http import backoff

_BLOCK = 2**20
_ATTEMPTS = 5                        # without a new byte
_MARGIN = 256 * 2**20                # bytes that stay free on the disk
_CHECK_EVERY = 64 * 2**20
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)

Report = Callable[[int, int], None]  # bytes that are there, and in all; may raise Cancelled

_AGAIN = frozenset({408, 429, 500, 502, 503, 504})


class _Cut(Exception):
    """The connection ended before the file did."""


def download(
    model: HubModel, report: Report, *, gguf: str = "", wait: Callable[[float], object] = time.sleep
) -> Path:
    """The model's folder (or GGUF file) in the cache, complete and checked.

    What is there already is not downloaded again; a part that was left is gone on with. Raises ModelError: offline,
    gated, disk full, not what the Hub says it is; then and when ``report`` raises, the part is kept.
    """
    hub.check_online()
    files = model.chosen(gguf)
    folder = hub.cache_folder() / f"models--{model.repo.replace('/', '--')}"
    blobs, snapshot = folder / "blobs", folder / "snapshots" / model.commit
    for needed in (blobs, snapshot):
        needed.mkdir(parents=True, exist_ok=True)
    total = sum(file.size for file in files)
    done = sum(_there(blobs, file) for file in files)
    _check_disk(blobs, total - done)
    with _client() as client:
        before = 0
        for file in files:
            _fetch(client, model, file, blobs, lambda here, base=before: report(base + here, total), wait)  # type: ignore[misc]
            _link(blobs / file.key, snapshot / file.name)
            before += file.size
    (folder / "refs").mkdir(exist_ok=True)
    if "/" not in model.revision and len(model.revision) < 40:
        (folder / "refs" / model.revision).write_text(model.commit)
    return snapshot / gguf if gguf else snapshot


def _there(blobs: Path, file: HubFile) -> int:
    """Bytes of a file that need not be downloaded."""
    for path in (blobs / file.key, _part(blobs, file)):
        if path.is_file():
            return min(path.stat().st_size, file.size)
    return 0


def _part(blobs: Path, file: HubFile) -> Path:
    return blobs / f"{file.key}.part"


def _fetch(
    client: httpx.Client, model: HubModel, file: HubFile, blobs: Path, report: Callable[[int], None],
    wait: Callable[[float], object],
) -> None:
    target, part = blobs / file.key, _part(blobs, file)
    if target.is_file() and target.stat().st_size == file.size:
        report(file.size)
        return
    failures = 0
    while True:
        before = part.stat().st_size if part.is_file() else 0
        if before >= file.size and (part.is_file() or not file.size):
            break
        try:
            _receive(client, model, file, part, report)
        except OSError as error:
            raise _disk_error(error, part) from error
        except (_Cut, httpx.HTTPError) as error:
            grown = part.is_file() and part.stat().st_size > before
            failures = 0 if grown else failures + 1
            if failures >= _ATTEMPTS:
                raise hub.unreachable() from error
            wait(backoff(failures))
    if not file.size:
        part.touch()
    _verify(model, file, part)
    os.replace(part, target)


def _receive(
    client: httpx.Client, model: HubModel, file: HubFile, part: Path, report: Callable[[int], None]
) -> None:
    """One connection's worth. Raises _Cut, httpx.HTTPError (both worth another attempt), OSError, ModelError."""
    there = part.stat().st_size if part.is_file() else 0
    address = f"{hub.endpoint()}/{model.repo}/resolve/{model.commit}/{file.name}"
    headers = {"Range": f"bytes={there}-"} if there else {}
    with client.stream("GET", address, headers=headers) as response:
        if response.status_code in _AGAIN:
            raise _Cut
        if response.status_code not in (200, 206):
            raise hub.refusal(model.repo, model.revision, response)
        if response.status_code == 200:
            there = 0                # the whole file comes again
        with part.open("ab" if there else "wb") as stream:
            report(there)
            for block in _checked(response, part, file.size - there):
                stream.write(block)
                there += len(block)
                report(there)
    if there < file.size:
        raise _Cut


def _checked(response: httpx.Response, part: Path, most: int) -> Iterator[bytes]:
    """The response's blocks, with a look at the disk now and then, and never more than the file's size."""
    came = 0
    for block in response.iter_raw():    # with a block size httpx would keep back what comes before a cut
        if came // _CHECK_EVERY != (came + len(block)) // _CHECK_EVERY:
            _check_disk(part.parent, most - came)
        came += len(block)
        if came > most:
            raise ModelError("The Hub sends more than it announced.", remedy="Look the model up again.")
        yield block


def _verify(model: HubModel, file: HubFile, part: Path) -> None:
    """Raises ModelError, and throws the file away, when it is not the one that the Hub describes."""
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(f"blob {file.size}\0".encode())
    with part.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != file.key:
        part.unlink()
        raise ModelError(
            f"{file.name} of {model.repo} arrived damaged: its hash is not the one that the Hub tells.",
            safe="The damaged file was thrown away; the others are kept.", remedy="Download it again.",
        )


def _link(blob: Path, place: Path) -> None:
    """A link in the snapshot, as huggingface_hub makes it; a copy where the system has no links."""
    if place.exists():
        return
    place.unlink(missing_ok=True)
    try:
        place.symlink_to(os.path.relpath(blob, place.parent))
    except OSError:
        shutil.copyfile(blob, place)


def _client() -> httpx.Client:
    """Redirects are followed, to where the Hub keeps large files; httpx does not take the token along to another
    host."""
    headers = {"Authorization": f"Bearer {hub.token()}"} if hub.token() else {}
    headers["Accept-Encoding"] = "identity"          # a range of the file, not of its compressed form
    return httpx.Client(headers=headers, timeout=_TIMEOUT, follow_redirects=True)


def _check_disk(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > 0 and needed + _MARGIN > free:
        raise _full(folder, needed, free)


def _disk_error(error: OSError, part: Path) -> ModelError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(part.parent, 0, shutil.disk_usage(part.parent).free)
    return ModelError(f"{part.parent} cannot be written: {error.strerror}.", remedy="Check the folder's permissions.")


def _full(folder: Path, needed: int, free: int) -> ModelError:
    needs = f"{needed / 1e9:.1f} GB are still to come and " if needed else ""
    return ModelError(
        f"The disk is full: {needs}{free / 1e9:.1f} GB are free at {folder}.",
        safe="What was downloaded before is kept.",
        remedy="Make room, or set HF_HUB_CACHE to a folder on another disk, and download again.",
    )
