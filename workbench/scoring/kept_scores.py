"""Scores kept by content: what was computed once for a model and these tokens is not computed again.

One file a model: a line of JSON that says what made the scores, then records of 28 bytes (a hash of the tokens, the
sum, a checksum). It is only ever appended to, by the job's child, which never sees the project's database: a score that
is lost costs its computation and nothing else, so that the file needs no transactions and can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from workbench import __version__
from workbench.formats.atomic import replacing
from workbench.models.base import LanguageModel, ScoredSequence

MOST_FILES = 16                      # in the folder; those that nobody has added to for longest go beyond it
MOST = 500_000                       # scores in one file (14 MB; about 90 MB when read); the older half goes beyond it
_RECORD = struct.Struct("<16sd")
_CHECK = struct.Struct("<I")
_SIZE = _RECORD.size + _CHECK.size
_NOT_THE_NUMBERS = ("threads", "python", "processes", "noise", "attention because")


class KeptScores:
    """The kept scores of one model, read when it is made. ``log`` hears in words what was wrong with the file.

    With ``writes`` False nothing is written: of several processes that score together one writes.
    """

    def __init__(
        self, folder: Path, facts: Mapping[str, str], log: Callable[[str], None], *, writes: bool = True,
        most: int = MOST,
    ) -> None:
        self.found = self.asked = 0
        self._log, self._writes, self._most = log, writes, most
        self._header = json.dumps({"format": 1, "workbench": __version__, **_makers(facts)}, sort_keys=True).encode()
        self._path = folder / f"{hashlib.sha256(self._header).hexdigest()[:24]}.scores"
        self._sums: dict[bytes, float] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._read()
            if writes:
                _drop_oldest(folder)
        except OSError as error:
            self._give_up(error)

    def get(self, key: bytes) -> float | None:
        self.asked += 1
        found = self._sums.get(key)
        self.found += found is not None
        return found

    def add(self, sums: Mapping[bytes, float]) -> None:
        """Keep these; on the disk too, as far as that can be written."""
        new = {key: value for key, value in sums.items() if key not in self._sums}
        self._sums |= new
        if not (self._writes and new):
            return
        try:
            if len(self._sums) > self._most:
                self._sums = dict(list(self._sums.items())[-self._most // 2 :])
                self._write_all()
            else:
                with open(self._path, "ab", buffering=0) as file:
                    file.write(_records(new))
        except OSError as error:
            self._give_up(error)

    def _read(self) -> None:
        """What stands after the first damaged record is dropped; half a record at the end is what a kill leaves."""
        header = self._header + b"\n"
        content = self._path.read_bytes() if self._path.exists() else b""
        if not content.startswith(header):
            if content:
                self._log("The file of kept scores was damaged and has been dropped: they are computed again.")
            if self._writes:
                self._write_all()
            return
        place = len(header)
        while place + _SIZE <= len(content):
            record = content[place : place + _RECORD.size]
            if _CHECK.pack(zlib.crc32(record)) != content[place + _RECORD.size : place + _SIZE]:
                break
            key, value = _RECORD.unpack(record)
            self._sums[key] = value
            place += _SIZE
        lost = (len(content) - place) // _SIZE
        if lost:
            self._log(f"{lost:,} of the kept scores were damaged and have been dropped: they are computed again.")
        if place < len(content) and self._writes:
            os.truncate(self._path, place)

    def _write_all(self) -> None:
        with replacing(self._path) as file:
            file.write(self._header + b"\n" + _records(self._sums))

    def _give_up(self, error: OSError) -> None:
        """A full disk, no permission: nothing is kept, and the job goes on."""
        self._writes = False
        self._log(f"Scores cannot be kept for the next run ({error.strerror}).")


class Likelihoods:
    """Log-likelihoods of answers by a model, those that are kept taken over."""

    def __init__(self, model: LanguageModel, kept: KeptScores | None = None) -> None:
        self.model, self.kept = model, kept

    def sums(
        self, sequences: Sequence[ScoredSequence], progress: Callable[[int], None] = lambda done: None
    ) -> list[float]:
        """For each sequence the sum, in nats, of its wanted tokens' log-probabilities. See LanguageModel.logprobs."""
        if self.kept is None:
            return [float(sum(found)) for found in self.model.logprobs(sequences, progress)]
        keys = [content_key(sequence) for sequence in sequences]
        known = [self.kept.get(key) for key in keys]
        new = [place for place, value in enumerate(known) if value is None]
        there = len(sequences) - len(new)
        progress(there)
        found = self.model.logprobs([sequences[place] for place in new], lambda done: progress(there + done))
        computed = {keys[place]: float(sum(values)) for place, values in zip(new, found, strict=True)}
        self.kept.add(computed)
        return [computed[key] if value is None else value for key, value in zip(keys, known, strict=True)]


def content_key(sequence: ScoredSequence) -> bytes:
    """16 bytes that stand for the tokens up to the last wanted one and which of them are wanted."""
    numbers = array("q", (sequence.start, sequence.end, *sequence.ids[: sequence.end]))
    return hashlib.blake2b(numbers.tobytes(), digest_size=16).digest()


def can_be_kept(facts: Mapping[str, str]) -> bool:
    """Whether a model's files are known by their hash: what a server runs may change unseen."""
    return bool(facts.get("sha256"))


def _drop_oldest(folder: Path) -> None:
    newest_first = sorted(folder.glob("*.scores"), key=lambda file: -file.stat().st_mtime)
    for file in newest_first[MOST_FILES:]:
        file.unlink(missing_ok=True)


def _makers(facts: Mapping[str, str]) -> dict[str, str]:
    """What a score depends on besides the tokens: the model's files, how it is computed, by which libraries."""
    return {name: value for name, value in facts.items() if name not in _NOT_THE_NUMBERS}


def _records(sums: Mapping[bytes, float]) -> bytes:
    packed = (_RECORD.pack(key, value) for key, value in sums.items())
    return b"".join(record + _CHECK.pack(zlib.crc32(record)) for record in packed)
