"""Prodigy's exports: a text with what was decided of it, ``answer`` being accept, reject or ignore.

What was written (``user_input``) or chosen (``accept``, of ``options``), or the ``label``, is the demonstration's
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workbench.formats.format import Cells, Format

_STATUS = {"accept": "accepted", "reject": "rejected", "ignore": "candidate"}


def _unpack(row: Cells) -> Iterable[Cells]:
    cells = {name: value for name, value in row.items() if name not in ("answer", "label")}
    said = row.get("user_input") or _chosen(row) or row.get("label")
    yield {**cells, "said": said, "decision": _STATUS.get(str(row.get("answer")), "candidate")}


def _chosen(row: Cells) -> str:
    """The texts of the options that were accepted."""
    options, accepted = row.get("options"), row.get("accept")
    if not isinstance(options, list) or not isinstance(accepted, list):
        return ""
    texts: dict[Any, str] = {str(option.get("id")): str(option.get("text", option.get("id")))
                             for option in options if isinstance(option, Mapping)}
    return ", ".join(texts.get(str(id), str(id)) for id in accepted)


FORMAT = Format(
    "prodigy", "Prodigy", "Texts with what was accepted or rejected of them.", needs=("answer", "_task_hash"),
    matches=lambda row: row["answer"] in _STATUS, unpack=_unpack,
    mapping={"instruction": "text", "answer": "said", "status": "decision"},
)
