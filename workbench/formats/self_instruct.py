"""Self-instruct's tasks: ``{"instruction": "…", "instances": [{"input": "…", "output": "…"}, …]}``.

Each instance is a demonstration of its own. Finetuning files of the same people have prompt and completion, and need
nothing of this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.formats.format import Cells, Format
from workbench.formats.rows import RowError


def _instances(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(instance, dict) for instance in value)


def _unpack(row: Cells) -> Iterable[Cells]:
    if not _instances(row.get("instances")):
        raise RowError("“instances” is no list of objects.")
    of_task = {name: value for name, value in row.items() if name != "instances"}
    for number, instance in enumerate(row["instances"], 1):
        several = {"instance": number} if len(row["instances"]) > 1 else {}
        yield {**of_task, **several, **instance}


FORMAT = Format(
    "self_instruct", "Self-Instruct tasks", "An instruction with several instances of input and output.",
    needs=("instances",), matches=lambda row: _instances(row["instances"]), unpack=_unpack,
    mapping={"instruction": "instruction", "input": "input", "answer": "output"},
)
