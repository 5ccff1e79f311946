"""Files of answers: FastChat's model_answer, AlpacaEval's outputs, the URIAL repository's results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from workbench.errors import FormatError, shown
from workbench.formats import alpaca_eval, fastchat_answers, json_array, jsonl, urial_results
from workbench.formats.answer_rows import AnswerFile, AnswerRow
from workbench.formats.rows import Refused, RowError
from workbench.formats.source import Source

FORMATS: dict[str, ModuleType] = {"fastchat": fastchat_answers, "urial": urial_results, "alpaca_eval": alpaca_eval}
_SUFFIXES = (".json", ".jsonl", ".turn1", ".turn2", ".turn3")


def read(path: Path) -> AnswerFile:
    """All answers of a file; its kind is found out from its rows. Raises FormatError where no row holds an answer."""
    source = Source(path)
    rows = json_array.rows(source) if json_array.looks_like(source.sample_text) else jsonl.rows(source)
    answers, refused, format = list[AnswerRow](), list[Refused](), ""
    for row in rows:
        try:
            if isinstance(row, Refused):
                raise RowError(row.reason)
            format = format or _format(row.cells)
            if not FORMATS[format].matches(row.cells):
                raise RowError("The row holds no answer.")
            of_row: Callable[[Mapping[str, Any], str], list[AnswerRow]] = FORMATS[format].answers
            answers += of_row(row.cells, model_of(path))
        except RowError as error:
            refused.append(Refused(row.line, str(error)))
    if not answers:
        why = f" Line {refused[0].line}: {refused[0].reason}" if refused else ""
        raise FormatError(f"{path.name} holds no answer.{why}", safe="Nothing was imported.",
                          remedy="Choose FastChat's model_answer, AlpacaEval's outputs or URIAL's results.")
    return AnswerFile(format, tuple(answers), tuple(refused))


def model_of(path: Path) -> str:
    """A file's name without what only tells its kind: FastChat names a model by its file."""
    name = shown(path.name)
    while suffix := next((one for one in _SUFFIXES if name.endswith(one)), ""):
        name = name.removesuffix(suffix)
    return name


def file_names(names: Iterable[str]) -> list[str]:
    """Names that any file system takes, each once, in the same order: what FastChat's scripts will call the models."""
    found: list[str] = []
    for name in names:
        plain = "".join(c if c.isalnum() or c in " ._-+()," else "-" for c in name).strip(" .")[:100] or "contestant"
        number, free = 1, plain
        while free.casefold() in {one.casefold() for one in found}:
            number += 1
            free = f"{plain} ({number})"
        found.append(free)
    return found


def _format(cells: Mapping[str, Any]) -> str:
    found = next((name for name, module in FORMATS.items() if module.matches(cells)), None)
    if found is None:
        raise RowError("The row holds no answer.")
    return found
