"""AlpacaEval's model outputs: a JSON list of instruction, output and generator (also URIAL's, for single turns)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from workbench.formats.answer_rows import AnswerRow, text_of
from workbench.formats.rows import RowError, require_text


def matches(row: Mapping[str, Any]) -> bool:
    return {"instruction", "output"} <= row.keys() and "generator" in row


def answers(cells: Mapping[str, Any], model: str) -> list[AnswerRow]:
    """One answer, or several where ``output`` is a list of draws. Raises RowError."""
    texts = cells["output"] if isinstance(cells["output"], list) else [cells["output"]]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise RowError("“output” is not a text.")
    name, instruction = text_of(cells, "generator", model) or model, text_of(cells, "instruction")
    return [AnswerRow(name, "", 0, repeat, require_text(text, "“output”"), instruction)
            for repeat, text in enumerate(texts)]


def write(rows: Iterable[tuple[str, AnswerRow]]) -> str:
    """The file of first-turn answers; ``rows`` are (dataset, answer with its instruction). Later turns and repeats have
    no place in it."""
    kept = [{"dataset": dataset, "instruction": row.instruction, "output": row.text, "generator": row.model}
            for dataset, row in rows if row.turn == 0 and row.repeat == 0]
    return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"
