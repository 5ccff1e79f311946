"""Natural-instructions' task files: a definition, examples that are right and wrong, and instances with their outputs.

Each becomes a demonstration: the first right output is the answer, the others are kept beside it. A negative example's
output is labelled false.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workbench.formats.format import Cells, Format
from workbench.formats.rows import RowError


def _unpack(row: Cells) -> Iterable[Cells]:
    instances = row.get("Instances")
    if not isinstance(instances, list):
        raise RowError("“Instances” is no list.")
    of_task: dict[str, Any] = {name: value for name, value in row.items() if name not in (
        "Definition", "Instances", "Positive Examples", "Negative Examples", "Categories", "Source", "Contributors",
        "Instruction_language")}
    of_task |= {"definition": _joined(row.get("Definition"), "\n"), "category": _joined(row.get("Categories"), ", "),
                "source": _joined(row.get("Source"), ", "), "language": _joined(row.get("Instruction_language"), ", "),
                "contributors": row.get("Contributors")}
    for name, good in (("Positive Examples", {}), ("Negative Examples", {"label": False})):
        for example in _objects(row.get(name)):
            yield {**of_task, **good, **example}
    for instance in _objects(instances):
        outputs = instance.get("output")
        outputs = outputs if isinstance(outputs, list) else [outputs]
        yield {**of_task, **instance, "output": outputs[0] if outputs else None, "other_answers": outputs[1:]}


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else iter(())


def _joined(value: Any, gap: str) -> str:
    return gap.join(str(part) for part in value) if isinstance(value, list) else str(value or "")


FORMAT = Format(
    "natural_instructions", "Natural Instructions", "A task's definition with its examples and instances.",
    needs=("Definition", "Instances"), matches=lambda row: isinstance(row["Instances"], list), unpack=_unpack,
    mapping={"instruction": "definition", "input": "input", "answer": "output", "category": "category",
             "source": "source", "language": "language", "label": "label"},
)
