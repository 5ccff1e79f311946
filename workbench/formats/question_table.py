"""Questions from any rows: AlpacaEval's file, Vicuna bench's first form (``text``), a table of one's own.

A row is a question. Its turns are a list in ``turns``, or one column each (``question`` or ``instruction``, then
``turn_2``, ``turn_3``, …); references the same (``reference``, ``reference_2``, …). What a model made (AlpacaEval's
``output`` beside a ``generator``) is no reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from workbench.domain import Question
from workbench.errors import FormatError
from workbench.formats import mt_bench
from workbench.formats.mt_bench import QuestionFile
from workbench.formats.registry import open_file
from workbench.formats.rows import RowError, Rows, require_text

_FIRST_TURNS = ("turn_1", "question", "question_1", "instruction", "prompt", "query", "text")
_FIRST_REFERENCES = ("reference", "reference_1", "answer", "answer_1", "expected", "solution")
_KEYS = ("question_id", "id", "key")
_CATEGORIES = ("category", "dataset", "type")
_MOST_TURNS = 20


def read(path: Path, references: Path | None = None, name: str = "", encoding: str = "auto") -> QuestionFile:
    """A question set from any file: MT-Bench's form (see mt_bench.read), or a table's rows. Raises FormatError."""
    file = open_file(path, encoding=encoding)
    if file.content == "questions":
        return mt_bench.read(path, references, name, encoding)
    if file.kind.rows is None:
        raise FormatError(f"{path.name} is a prompt, and holds no questions.", safe="Nothing was imported.",
                          remedy="Choose a file with questions.")
    with closing(file.rows()) as rows:
        return read_rows(rows, name or path.stem)


def read_rows(rows: Rows, name: str) -> QuestionFile:
    """A question set of the rows that hold a question. Raises FormatError if none does."""
    return mt_bench.collect(
        rows, lambda row: _question({str(column).strip().lower(): value for column, value in row.cells.items()}), name,
        f"A question stands in a column called {', '.join(_FIRST_TURNS[1:])} or turns.")


def _question(cells: Mapping[str, Any]) -> Question:
    turns = _series(cells, "turns", _FIRST_TURNS, "turn", "question")
    extra = cells.get("input")
    if turns and isinstance(extra, str) and extra.strip():
        turns[0] = f"{turns[0]}\n\n{extra}"
    if not turns or not all(turn.strip() for turn in turns):
        raise RowError("The question has no text.")
    made_by_a_model = bool(cells.get("generator") or cells.get("model"))
    references = _series(cells, "references", _FIRST_REFERENCES, "reference", "answer")
    if not references and not made_by_a_model and isinstance(cells.get("output"), str):
        references = [cells["output"]]
    if not any(references):
        references = []
    return Question(tuple(require_text(turn, "The question") for turn in turns),
                    tuple(require_text(text, "The reference") for text in references[: len(turns)]),
                    require_text(_first(cells, _CATEGORIES), "The category"),
                    require_text(_first(cells, _KEYS), "The question's id"))


def _series(cells: Mapping[str, Any], whole: str, first: tuple[str, ...], *rest: str) -> list[str]:
    """Texts from a list in ``whole``, or in a first column of any of these names, and in ``rest_2``, ``rest_3``, …"""
    for column in (whole, *first):
        if isinstance(cells.get(column), list):
            values = cells[column]
            if not all(isinstance(value, str) for value in values):
                raise RowError(f"“{column}” is not a list of texts.")
            return list(values)
    found = next((cells[column] for column in first if _is_text(cells.get(column))), None)
    if found is None:
        return []
    texts = [str(found)]
    for number in range(2, _MOST_TURNS + 1):
        value = next((cells[f"{name}_{number}"] for name in rest if _is_text(cells.get(f"{name}_{number}"))), None)
        if value is None:
            break
        texts.append(str(value))
    return texts


def _is_text(value: Any) -> bool:
    return (isinstance(value, str) and bool(value.strip())) or (
        isinstance(value, int | float) and not isinstance(value, bool))


def _first(cells: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(cells[name]) for name in names if cells.get(name) not in (None, "")), "")
