"""The URIAL repository's results: <model>.turn1.json and <model>.turn2.json (its src/unified_utils.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import isfinite
from typing import Any, TypeGuard

from workbench.domain import DecodingSettings
from workbench.formats.answer_rows import AnswerRow, key_of, question_id, text_of
from workbench.formats.rows import RowError

_TURN = re.compile(r"turn(\d+)_output")
_CONFIGS: dict[str, type[int] | type[float]] = {"temperature": float, "top_p": float, "repetition_penalty": float,
                                                "max_tokens": int}


def matches(row: Mapping[str, Any]) -> bool:
    return "question_id" in row and any(_TURN.fullmatch(name) for name in row)


def answers(cells: Mapping[str, Any], model: str) -> list[AnswerRow]:
    """The answers of a row, mostly one. Raises RowError."""
    key, name, decoding = key_of(cells), text_of(cells, "model_id", model) or model, _decoding(cells.get("configs"))
    turns = {int(found[1]) - 1: text_of(cells, column) for column in cells if (found := _TURN.fullmatch(column))}
    if min(turns) < 0:
        raise RowError("Turns are counted from 1.")
    return [AnswerRow(name, key, turn, 0, text, decoding=decoding) for turn, text in sorted(turns.items())]


def write(rows: Iterable[tuple[AnswerRow, str, str]], turn: int) -> str:
    """The file of one turn (0 = the first); ``rows`` are (answer, category, the text that the model was given)."""
    kept = [{
        "question_id": question_id(row.question), "category": category, f"turn{turn + 1}_output": row.text,
        "model_id": row.model, "turn_id": turn + 1, "model_input": asked, "configs": _configs(row.decoding)}
        for row, category, asked in rows if row.turn == turn and row.repeat == 0]
    return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"


def _configs(decoding: DecodingSettings | None) -> dict[str, float]:
    return {} if decoding is None else {name: getattr(decoding, name) for name in _CONFIGS}


def _decoding(configs: Any) -> DecodingSettings | None:
    if not isinstance(configs, Mapping):
        return None
    numbers = {name: kind(value) for name, kind in _CONFIGS.items() if _is_number(value := configs.get(name))}
    return replace(DecodingSettings(), **numbers) if numbers else None     # type: ignore[arg-type]


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
