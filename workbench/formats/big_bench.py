"""BIG-bench's task files: ``{"name": …, "examples": [{"input": "…", "target": "…"}, …]}``.

``target`` may be a list of right answers: the first is the answer, the others are kept beside it. With
``target_scores`` the answers to choose from are choices, and the best one is right. A task's ``task_prefix`` opens each
input.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.formats.format import Cells, Format
from workbench.formats.rows import RowError


def _matches(row: Cells) -> bool:
    target, scores = row.get("target"), row.get("target_scores")
    return isinstance(row["input"], str) and (
        isinstance(scores, dict) or isinstance(target, str) or _texts(target))


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)


def _unpack(row: Cells) -> Iterable[Cells]:
    cells = {name: value for name, value in row.items() if name not in ("task_prefix", "target_scores")}
    if row.get("task_prefix"):
        cells["input"] = f"{row['task_prefix']}{row.get('input', '')}"
    target, scores = row.get("target"), row.get("target_scores")
    if isinstance(target, list):
        if not _texts(target):
            raise RowError("“target” is no list of texts.")
        cells |= {"target": target[0], "other_answers": target[1:]}
    if isinstance(scores, dict) and scores:
        if not all(isinstance(score, int | float) for score in scores.values()):
            raise RowError("“target_scores” are no numbers.")
        cells |= {"choices": list(scores)} | ({} if target else {"target": max(scores, key=lambda text: scores[text])})
    yield cells


FORMAT = Format(
    "big_bench", "BIG-bench", "A task's examples with input and target.", needs=("input",), matches=_matches,
    unpack=_unpack, mapping={"instruction": "input", "answer": "target", "choices": "choices", "category": "name"},
)
