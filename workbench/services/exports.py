"""Taking things away: demonstrations, prompts and reports, written atomically."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.services.project import Project

FORMATS = ("jsonl", "openai", "alpaca", "csv", "parquet", "urial", "markdown", "html")


class Exports:
    """``project.exports``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def demonstrations(self, ids: Sequence[int], path: Path, format: str) -> int:
        """Write demonstrations in one of FORMATS; returns how many. Raises FormatError, ProjectError (disk full, …)."""
        raise NotImplementedError

    def prompt(self, prompt_id: int, path: Path, format: str = "urial") -> None:
        """Write a prompt; one that was read from a URIAL file and not changed comes out byte for byte the same."""
        raise NotImplementedError

    def report(self, job_id: int, path: Path, format: str = "html") -> None:
        """Write a self-contained report (HTML or Markdown) of a score or search job."""
        raise NotImplementedError
