"""Bringing files in: preview, mapping of columns, one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.domain import Changes, Demonstration

if TYPE_CHECKING:
    from workbench.services.project import Project


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file looks like. ``columns`` are those found; ``mapping`` is the guess: field → column."""

    format: str
    encoding: str
    columns: tuple[str, ...]
    mapping: dict[str, str]
    rows: tuple[dict[str, str], ...]             # the raw cells of the first rows, as text
    demonstrations: tuple[Demonstration, ...]    # what they become under ``mapping``
    refused: tuple[tuple[int, str], ...]         # (line, reason)
    content: str = "demonstrations"              # demonstrations | questions | prompt (a URIAL file)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    format: str = "auto"
    encoding: str = "auto"
    mapping: dict[str, str] = field(default_factory=dict)
    source: str = ""                             # set on rows that carry none; default: the file's name
    keep_good_rows: bool = True                  # False: one bad row and nothing is imported


@dataclass(frozen=True, slots=True)
class ImportReport:
    """``prompt_id`` or ``question_set_id`` is set when the file held those instead of a pool of candidates."""

    import_id: int
    imported: int
    skipped: int                                 # already there, or twice in the file
    refused: tuple[tuple[int, str], ...]         # (line, reason)
    changes: Changes
    prompt_id: int | None = None
    question_set_id: int | None = None


class Imports:
    """``project.imports``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def preview(self, path: Path, options: ImportOptions = ImportOptions(), *, rows: int = 50) -> Preview:
        """Look at the first rows. Touches no database: may be called off the lane. Raises FormatError."""
        raise NotImplementedError

    def run(self, path: Path, options: ImportOptions = ImportOptions(),
            progress: Callable[[int, int], None] = lambda done, total: None) -> ImportReport:
        """Import a file (or a saved dataset's folder) in one transaction; ``progress`` gets bytes done and in all.

        ``progress`` may raise Cancelled: nothing is imported then. Raises FormatError.
        """
        raise NotImplementedError
