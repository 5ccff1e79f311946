"""Taking things away: demonstrations, prompts and reports, written atomically."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from workbench.domain import Demonstration, Prompt
from workbench.errors import FormatError, ProjectError
from workbench.formats import html_page, markdown, urial
from workbench.formats.atomic import replacing
from workbench.formats.registry import writers
from workbench.formats.report import Chart
from workbench.services.job_report import job_report

if TYPE_CHECKING:
    from workbench.services.project import Project

_CHUNK = 500
_PROMPT_TEXTS: dict[str, Callable[[Prompt], str]] = {
    "urial": urial.text_of, "markdown": markdown.prompt, "html": html_page.prompt,
}
_REPORT_TEXTS = {"html": html_page.report, "markdown": markdown.report}


class Exports:
    """``project.exports``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def demonstrations(self, ids: Sequence[int], path: Path, format: str) -> int:
        """Write demonstrations in a format that can be written (see formats.registry.writers); returns how many.

        Raises FormatError, ProjectError (disk full, …).
        """
        _check(format, tuple(writers()))
        with written(path) as stream:
            return _write(format, self._each(ids), stream)

    def prompt(self, prompt_id: int, path: Path, format: str = "urial") -> None:
        """Write a prompt; one that was read from a URIAL file and not changed comes out byte for byte the same.

        ``format`` is one that is written; those that hold rows hold the prompt's demonstrations, not its rules.
        """
        _check(format, tuple(writers()))
        prompt = self._project.prompts.get(prompt_id)
        with written(path) as stream:
            if format in _PROMPT_TEXTS:
                stream.write(_PROMPT_TEXTS[format](prompt).encode("utf-8"))
            else:
                _write(format, prompt.demonstrations, stream)

    def report(self, job_id: int, path: Path, format: str = "html", charts: Sequence[Chart] = ()) -> None:
        """Write a self-contained report (html or markdown) of a score or search job, with ``charts`` of the caller's.

        Raises JobError where the job has no results.
        """
        _check(format, tuple(_REPORT_TEXTS))
        text = _REPORT_TEXTS[format](job_report(self._project, job_id, charts))
        with written(path) as stream:
            stream.write(text.encode("utf-8"))

    def _each(self, ids: Sequence[int]) -> Iterator[Demonstration]:
        for start in range(0, len(ids), _CHUNK):
            yield from self._project.demonstrations.get(ids[start:start + _CHUNK])


def _write(format: str, demonstrations: Iterable[Demonstration], stream: BinaryIO) -> int:
    write = writers()[format].write
    assert write is not None
    return write(demonstrations, stream)


def _check(format: str, known: tuple[str, ...]) -> None:
    if format not in known:
        raise FormatError(f"“{format}” cannot be written here.", safe="Nothing was written.",
                          remedy=f"Choose one of {', '.join(known)}.")


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A stream to a file that appears whole or not at all; what the disk says against it becomes a ProjectError."""
    try:
        with replacing(path) as stream:
            yield stream
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise ProjectError(
            f"{path} cannot be written: {error.strerror or error}.",
            safe="What was there before is unchanged.",
            remedy="Free some space and try again." if full else "Choose another place, or check its permissions.",
        ) from error
