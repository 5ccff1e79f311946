"""A file to read: its bytes or its text, unpacked if gzip packed it, with how far the reading has come."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from workbench.errors import FormatError
from workbench.formats import encoding as encodings
from workbench.formats.json_value import is_json
from workbench.formats.rows import LINE_LIMIT, Refused

SAMPLE = 1 << 20
"""Bytes at the start of a file that its kind and encoding are guessed from."""

_NOT_IN_TEXT = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f\x1b") | {"\ufffd"}
_UNTOUCHED = "Nothing was imported."


class Source:
    """One file or folder. ``encoding`` "auto" guesses; ``note`` says what is doubtful about the guess.

    ``done`` and ``total`` are bytes of the file as it lies on the disk; ``beside`` names what stands in it beside its
    rows and belongs to none of them, once they were read. Raises FormatError where it cannot be read.
    """

    def __init__(self, path: Path, encoding: str = "auto") -> None:
        self.path = path
        self.done = 0
        self.beside: set[str] = set()
        self._handle: io.FileIO | None = None
        try:
            self.is_folder = path.is_dir()
            self.total = 0 if self.is_folder else path.stat().st_size
            if not self.is_folder and not path.is_file():
                raise FormatError(f"{path} is no file: it can be read only once.", safe=_UNTOUCHED,
                                  remedy="Save what comes from it in a file; the command line takes “-” for a pipe.")
            self.packed = not self.is_folder and _starts_with(path, b"\x1f\x8b")
        except (OSError, ValueError) as error:      # ValueError: a NUL in the path
            raise _unreadable(path, error) from error
        self.sample = b"" if self.is_folder else self._read_sample()
        guess = encodings.detect(self.sample)
        self.note = ""
        if encoding == "auto":
            self.encoding, self.note = guess
        else:
            self.encoding = encodings.chosen(encoding, self.sample)

    def _read_sample(self) -> bytes:
        with self.binary() as stream:
            return stream.read(SAMPLE)

    @property
    def suffix(self) -> str:
        """The file's last suffix in lower case, ".gz" left out."""
        path = self.path.with_suffix("") if self.path.suffix.lower() == ".gz" else self.path
        return path.suffix.lower()

    @property
    def is_table(self) -> bool:
        """Whether its name says that it is a table, and its first line is no JSON."""
        return self.suffix in (".csv", ".tsv", ".tab") and not is_json(self.sample_text.lstrip().partition("\n")[0])

    @property
    def is_binary(self) -> bool:
        """Whether its beginning is no text."""
        start = self.sample_text[:65_536]
        return sum(character in _NOT_IN_TEXT for character in start) > len(start) // 100

    @cached_property
    def sample_text(self) -> str:
        """The sample as text; what cannot be decoded is replaced (a sample may end inside a character)."""
        return self.sample.decode(self.encoding, errors="replace").removeprefix("\ufeff")

    @contextmanager
    def binary(self) -> Iterator[BinaryIO]:
        """The unpacked bytes. Damage to a packed file, and trouble with the disk, come out as FormatError."""
        try:
            with open(self.path, "rb", buffering=0) as self._handle:
                if self.packed:
                    with gzip.GzipFile(fileobj=cast(BinaryIO, self._handle)) as unpacked:
                        yield cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, unpacked), 1 << 16))
                else:
                    yield cast(BinaryIO, io.BufferedReader(self._handle, 1 << 16))
        except EOFError as error:
            raise FormatError(f"{self.path.name} ends early: the packed file is cut off.", safe=_UNTOUCHED,
                              remedy="Copy or download it again.") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise FormatError(f"{self.path.name} is damaged: {error}.", safe=_UNTOUCHED,
                              remedy="Copy or download it again.") from error
        except OSError as error:
            raise _unreadable(self.path, error) from error
        finally:
            self._handle = None

    @contextmanager
    def text(self, *, newline: str | None = None) -> Iterator[TextIO]:
        """The text; bytes that are not in the encoding become lone surrogates, so that only their rows suffer."""
        with self.binary() as stream:
            try:
                yield io.TextIOWrapper(stream, self.encoding, errors="surrogateescape", newline=newline)
            except UnicodeError as error:           # encodings that cannot carry on after a wrong byte
                raise FormatError(f"{self.path.name} is not {self.encoding} throughout: {error}.", safe=_UNTOUCHED,
                                  remedy="Choose another encoding.") from error

    def bytes_done(self) -> int:
        """Bytes read so far, of ``total``."""
        if self._handle is not None and not self._handle.closed:
            self.done = self._handle.tell()
        return self.done


def _unreadable(path: Path, error: OSError | ValueError) -> FormatError:
    return FormatError(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}.", safe=_UNTOUCHED,
                       remedy="Check that the file is there and that you may read it.")


def _starts_with(path: Path, magic: bytes) -> bool:
    with open(path, "rb") as stream:
        return stream.read(len(magic)) == magic


def numbered_lines(stream: TextIO) -> Iterator[tuple[int, str] | Refused]:
    """Lines with their numbers (from 1); one longer than LINE_LIMIT is refused, and read past in pieces."""
    number = 0
    while line := stream.readline(LINE_LIMIT):
        number += 1
        if len(line) == LINE_LIMIT and not line.endswith("\n"):
            while (more := stream.readline(LINE_LIMIT)) and not more.endswith("\n"):
                pass
            yield Refused(number, f"The line is longer than {LINE_LIMIT:,} characters.")
        else:
            yield number, line
