"""Questions from any rows: AlpacaEval's file, a benchmark's, a table of one's own.

A row is a question, by the same mapping as a demonstration: context, choices and input belong to it, an answer is its
reference. Its turns may be a list, or one column each (``question`` or ``instruction``, then ``turn_2``, …);
references the same (``reference``, ``reference_2``, …). What a model made (AlpacaEval's ``output`` beside a
``generator``) is no reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.domain import Demonstration, Question, Role
from workbench.domain.fields import KEPT
from workbench.errors import FormatError, shown
from workbench.formats import mapping as mappings
from workbench.formats import mt_bench
from workbench.formats.format import Cells, Format
from workbench.formats.mt_bench import QuestionFile
from workbench.formats.rows import Row, RowError, Rows, require_text

if TYPE_CHECKING:
    from workbench.formats.registry import OpenFile

COLUMNS_OF: dict[str, tuple[str, ...]] = mappings.COLUMNS_OF | {
    "instruction": ("turn_1", "question", "question_1", "instruction", "prompt", "query", "text",
                    *mappings.COLUMNS_OF["instruction"]),
    "answer": ("reference", "references", "reference_1", "answer", "answer_1", "expected", "solution",
               *mappings.COLUMNS_OF["answer"]),
    "category": ("category", "type", *mappings.COLUMNS_OF["category"], "dataset"),
    "source": (),
}
"""As for demonstrations, with the names that files of questions have."""

_KEYS = ("question_id", "id", "key", "task_id")
_MOST_TURNS = 20
_UNUSED = ("label", "rejected", *(field.name for field in KEPT if field.name != "category"))


def read(file: OpenFile, references: Path | None = None, name: str = "", mapping: Mapping[str, str] | None = None,
         encoding: str = "auto") -> QuestionFile:
    """A question set from any file: MT-Bench's form (see mt_bench.read), or a table's rows under a mapping (None: the
    guess). Raises FormatError."""
    path = file.source.path
    if file.format == mt_bench.FORMAT.name:
        return mt_bench.read(path, references, name, encoding)
    if file.kind.rows is None:
        raise FormatError(f"{path.name} is a prompt, and holds no questions.", safe="Nothing was imported.",
                          remedy="Choose a file with questions.")
    with closing(file.rows()) as rows:
        return read_rows(rows, name or shown(path.stem), mapping or guess(file))


def guess(file: OpenFile) -> dict[str, str]:
    """The likeliest mapping of a file's columns to the parts of a question."""
    named = dict(file.layout.mapping) if file.layout is not None else {}
    found = mappings.guess({name: column.examples for name, column in file.columns.items()}, COLUMNS_OF)
    found |= {field: column for field, column in named.items() if column in file.columns and field in _ASKED}
    return {field: column for field, column in found.items() if field not in _UNUSED}


_ASKED = ("turns", "system", "history", "instruction", "input", "choices", "answer", "category")


def columns_taken(columns: Sequence[str], mapping: Mapping[str, str]) -> set[str]:
    """The columns that a question is made of."""
    lower = {column.strip().lower(): column for column in columns}
    numbered = {f"{name}_{number}" for name in (*_MORE_TURNS, *_MORE_REFERENCES)
                for number in range(2, _MOST_TURNS + 1)}
    return set(mapping.values()) | {lower[name] for name in numbered | set(_KEYS) if name in lower}


def read_rows(rows: Rows, name: str, mapping: Mapping[str, str]) -> QuestionFile:
    """A question set of the rows that hold a question. Raises FormatError if none does."""
    convert = mappings.compile_mapping(mapping)
    return mt_bench.collect(
        rows, lambda row: _question(row, mapping, convert), name,
        "A question stands in a column called question, instruction, prompt, query, text or turns.")


_MORE_TURNS, _MORE_REFERENCES = ("turn", "question"), ("reference", "answer")


def _question(row: Row, mapping: Mapping[str, str], convert: Callable[[Cells], Demonstration]) -> Question:
    cells = dict(row.cells)
    by_name = {str(column).strip().lower(): value for column, value in cells.items()}
    turns, references = list[str](), list[str]()
    for field, texts in (("turns", turns), ("instruction", turns), ("answer", references)):
        value = cells.get(mapping.get(field, ""))
        if isinstance(value, list) and value and all(isinstance(text, str) for text in value) and not texts:
            texts += [require_text(text, "The question") for text in cells.pop(mapping[field])]
    if mapping.get("answer") == "output" and (by_name.get("generator") or by_name.get("model")):
        cells.pop("output", None)       # what a model made is no reference
    if not turns:
        asked = [cells.get(mapping.get(field, "")) for field in ("turns", "instruction", "input")]
        if not any(map(mappings.is_filled, asked)):
            raise RowError("The question has no text.")
        said = convert(cells)
        system = [turn.text for turn in said.turns if turn.role is Role.SYSTEM]
        turns = [turn.text for turn in said.turns if turn.role is Role.USER]
        if said.metadata.get("label") is not False:          # an example of what is wrong has no reference
            references = references or [turn.text for turn in said.turns if turn.role is Role.ASSISTANT]
        turns[:1] = ["\n\n".join([*system, *turns[:1]])]
    elif not references and mapping.get("answer") in cells:
        value = cells[mapping["answer"]]
        references = [str(value)] if _is_text(value) else []
    turns += _numbered(by_name, _MORE_TURNS)
    references += _numbered(by_name, _MORE_REFERENCES) if references else []
    if not turns or not all(turn.strip() for turn in turns):
        raise RowError("The question has no text.")
    if not any(references):
        references = []
    return Question(tuple(require_text(turn, "The question") for turn in turns),
                    tuple(require_text(text, "The reference") for text in references[: len(turns)]),
                    _category(cells.get(mapping.get("category", ""))), _key(by_name))


def _key(by_name: Mapping[str, Any]) -> str:
    key = next((str(by_name[name]) for name in _KEYS if by_name.get(name) not in (None, "")), "")
    part = by_name.get("instance")      # of a task that was unpacked into several rows
    return require_text(f"{key}-{part}" if key and part is not None else key, "The question's id")


def _category(value: Any) -> str:
    return require_text(mappings.as_text(value), "The category")


def _numbered(by_name: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    """Texts of ``turn_2``, ``turn_3``, … up to the first that is missing."""
    texts: list[str] = []
    for number in range(2, _MOST_TURNS + 1):
        value = next((by_name[f"{name}_{number}"] for name in names if _is_text(by_name.get(f"{name}_{number}"))), None)
        if value is None:
            break
        texts.append(str(value))
    return texts


def _is_text(value: Any) -> bool:
    return (isinstance(value, str) and bool(value.strip())) or (
        isinstance(value, int | float) and not isinstance(value, bool))


FORMAT = Format("questions", "Questions in a table", "Any rows, each of which asks something: a benchmark, a table.",
                content="questions")
