"""Files as the workbench imports them, without a project."""

from __future__ import annotations

from pathlib import Path

from workbench.domain import Demonstration, Prompt, Question
from workbench.errors import FormatError
from workbench.formats import question_table, urial
from workbench.formats.registry import open_file
from workbench.formats.rows import Refused
from workbench.library.numbering import numbered


def read_demonstrations(path: str | Path, format: str = "auto", *, strict: bool = True) -> tuple[Demonstration, ...]:
    """The demonstrations of a file (JSONL, CSV, Parquet, Alpaca, ShareGPT …), numbered from 1 by their ``id``.

    Raises FormatError for a file that cannot be read and, if ``strict``, for a row that is none; else such rows are
    left out.
    """
    found: list[Demonstration] = []
    for item in open_file(Path(path), format).demonstrations():
        if isinstance(item, Refused):
            if strict:
                raise FormatError(f"Line {item.line} of {Path(path).name}: {item.reason}", safe="Nothing was read.",
                                  remedy="Mend it, or leave such rows out with strict=False.")
        else:
            found.append(item[1])
    return numbered(found, "demonstrations")


def read_questions(path: str | Path, references: str | Path | None = None) -> tuple[Question, ...]:
    """MT-Bench's question.jsonl (``references``: a file or folder, looked for beside it) or a table of questions; each
    has an ``id``, from 1. Raises FormatError."""
    found = question_table.read(open_file(Path(path)), None if references is None else Path(references))
    return numbered(found.questions.questions, "questions")


def read_prompt(path: str | Path) -> Prompt:
    """A prompt file in URIAL's form. Raises FormatError."""
    return urial.parse(Path(path).read_text("utf-8")).prompt
