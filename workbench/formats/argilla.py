"""Argilla's records: ``fields`` that were shown, ``responses`` and ``suggestions`` to questions about them, and
``metadata``.

A question's first submitted response counts, else the suggestion. Data sets that were flattened for the Hub have a
list of responses in a column of the question's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.formats.format import Cells, Format


def _unpack(row: Cells) -> Iterable[Cells]:
    cells = {name: value for name, value in row.items()
             if name not in ("fields", "responses", "suggestions", "metadata", "vectors")}
    if isinstance(row.get("status"), str):
        cells["record_status"] = cells.pop("status")      # "completed": of the record, and no verdict on it
    for part in ("metadata", "suggestions", "responses", "fields"):
        held = row.get(part)
        for name, value in held.items() if isinstance(held, dict) else ():
            said = _value(value)
            if said is not None and (part != "responses" or name not in (row.get("fields") or {})):
                cells[name] = said
    yield cells


def _value(value: Any) -> Any:
    """What was said: of a list of responses the first that was not discarded, of an object its value."""
    if isinstance(value, list) and value and all(isinstance(said, dict) and "value" in said for said in value):
        kept = [said for said in value if said.get("status", "submitted") == "submitted"]
        return kept[0]["value"] if kept else None
    return value["value"] if isinstance(value, dict) and "value" in value else value


FORMAT = Format(
    "argilla", "Argilla", "Records with fields, responses and suggestions.", needs=("fields",), unpack=_unpack,
    matches=lambda row: isinstance(row["fields"], dict) and ("responses" in row or "suggestions" in row),
)
