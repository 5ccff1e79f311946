"""MT-Bench's files: question.jsonl, and reference answers beside it in reference_answer/*.jsonl.

As in FastChat (``fastchat/llm_judge/data``): a question has ``question_id``, ``category``, ``turns`` and perhaps
``reference``; a reference answer has ``question_id`` and ``choices[0].turns``, one text a turn.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from workbench.domain import Question, QuestionSet
from workbench.errors import FormatError, shown
from workbench.formats import json_array, jsonl
from workbench.formats.answer_rows import question_id
from workbench.formats.format import Format
from workbench.formats.rows import Refused, Row, RowError, Rows, require_text
from workbench.formats.source import Source

QUESTIONS = "question.jsonl"
REFERENCES = "reference_answer"


class QuestionFile(NamedTuple):
    """``refused`` are lines of the question file; ``notes`` tell of the reference files."""

    questions: QuestionSet
    refused: tuple[Refused, ...]
    notes: tuple[str, ...]


def matches(row: Mapping[str, Any]) -> bool:
    """Whether a raw row is a question."""
    turns = row.get("turns")
    return "question_id" in row and isinstance(turns, list) and all(isinstance(turn, str) for turn in turns)


def question_file(path: Path) -> Path:
    """The file itself, or question.jsonl in a folder. Raises FormatError."""
    if not path.is_dir():
        return path
    if not (path / QUESTIONS).is_file():
        raise FormatError(f"{path.name} holds no {QUESTIONS}.", safe="Nothing was imported.",
                          remedy="Choose the file with the questions.")
    return path / QUESTIONS


def read(path: Path, references: Path | None = None, name: str = "", encoding: str = "auto") -> QuestionFile:
    """A question set; reference answers are looked for beside the questions if ``references`` (file or folder) is None.

    Where several files answer the same question, the first by name counts; a question's own ``reference`` comes first
    of all. Raises FormatError if a file cannot be read, or no line of it holds a question.
    """
    path = question_file(path)
    answers, notes = _references(_reference_files(path, references), encoding)
    return collect(_rows(Source(path, encoding)), lambda row: _question(row.cells, answers), name or _set_name(path),
                   "A question has question_id and turns.", file=path.name, notes=notes)


def collect(rows: Rows, question_of: Callable[[Row], Question], name: str, remedy: str, *, file: str = "",
            notes: Sequence[str] = ()) -> QuestionFile:
    """The questions of the rows that hold one; ``question_of`` raises RowError for a bad row.

    A question without a key gets its row's number. Raises FormatError if no row holds a question.
    """
    questions, refused, seen = list[Question](), list[Refused](), set[str]()
    for number, row in enumerate(rows, 1):
        try:
            if isinstance(row, Refused):
                raise RowError(row.reason)
            question = question_of(row)
            if not question.key:
                question = replace(question, key=f"row {number}" if str(number) in seen else str(number))
            elif question.key in seen:
                raise RowError(f"Question {question.key} is there twice.")
        except RowError as error:
            refused.append(Refused(row.line, str(error)))
        else:
            seen.add(question.key)
            questions.append(question)
    if not questions:
        why = f" Line {refused[0].line}: {refused[0].reason}" if refused else ""
        raise FormatError(f"{file or name} holds no question.{why}", safe="Nothing was imported.", remedy=remedy)
    return QuestionFile(QuestionSet(name, tuple(questions)), tuple(refused), tuple(notes))


def write(questions: Iterable[Question]) -> Iterator[str]:
    """Lines of question.jsonl that FastChat's load_questions reads."""
    for question in questions:
        row: dict[str, Any] = {"question_id": question_id(question.key), "category": question.category,
                               "turns": list(question.turns)}
        if question.references:
            row["reference"] = list(question.references)
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _set_name(path: Path) -> str:
    return shown(path.parent.name if path.name == QUESTIONS and path.parent.name else path.stem)


def _rows(source: Source) -> Rows:
    return json_array.rows(source) if json_array.looks_like(source.sample_text) else jsonl.rows(source)


def _question(cells: Mapping[str, Any], answers: Mapping[str, tuple[str, ...]]) -> Question:
    turns = _texts(cells.get("turns"), "turns")
    if not any(turn.strip() for turn in turns):
        raise RowError("The question has no text.")
    key = _key(cells)
    own = _texts(cells["reference"], "reference") if cells.get("reference") else ()
    return Question(turns, own or answers.get(key, ()), require_text(str(cells.get("category") or ""), "The category"),
                    key)


def _key(cells: Mapping[str, Any]) -> str:
    key = cells.get("question_id")
    if isinstance(key, bool) or not isinstance(key, int | str) or key == "":
        raise RowError("“question_id” is missing.")
    return require_text(str(key), "“question_id”")


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(text, str) for text in value):
        raise RowError(f"“{name}” is not a list of texts.")
    return tuple(require_text(text, f"“{name}”") for text in value)


def _reference_files(path: Path, references: Path | None) -> list[Path]:
    if references is None:
        beside = path.parent / REFERENCES
        return sorted(beside.glob("*.jsonl")) if beside.is_dir() else []
    return sorted(references.glob("*.jsonl")) if references.is_dir() else [references]


def _references(files: list[Path], encoding: str) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """question_id → answers, and what could not be read, in words."""
    answers, notes = dict[str, tuple[str, ...]](), list[str]()
    for path in files:
        for row in _rows(Source(path, encoding)):
            try:
                if isinstance(row, Refused):
                    raise RowError(row.reason)
                answers.setdefault(_key(row.cells), _choice(row))
            except RowError as error:
                notes.append(f"{path.name}, line {row.line}: {error}")
    return answers, notes


def _choice(row: Row) -> tuple[str, ...]:
    choices = row.cells.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise RowError("“choices” is not a list of answers.")
    return _texts(choices[0].get("turns"), "turns")


FORMAT = Format(
    "mt_bench", "MT-Bench questions", "FastChat's question.jsonl, with reference_answer beside it.", (".jsonl",),
    "questions", recognises=lambda source: source.is_folder and (source.path / QUESTIONS).is_file(),
    needs=("question_id", "turns"), matches=matches,
)
