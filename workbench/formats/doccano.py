"""Doccano's exports: ``{"id": 1, "text": "…", "label": ["…"]}``, where a label is a class or a text that answers.

The first label is the answer, the others are kept beside it. Spans (``[start, end, name]``) answer nothing: such a row
is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from workbench.formats.format import Cells, Format
from workbench.formats.rows import RowError


def _unpack(row: Cells) -> Iterable[Cells]:
    labels = row.get("label")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise RowError("“label” is no list of texts.")
    yield {**row, "label": labels[0] if labels else None, "other_answers": labels[1:]}


FORMAT = Format(
    "doccano", "Doccano", "Texts with their labels.", needs=("text", "label"), unpack=_unpack,
    matches=lambda row: isinstance(row["text"], str) and isinstance(row["label"], list)
    and all(isinstance(label, str) for label in row["label"]),
    mapping={"instruction": "text", "answer": "label"},
)
