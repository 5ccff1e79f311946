"""Programs as DSPy saves them (``program.save("….json")``): each predictor's demonstrations and instructions.

A predictor is an object with ``demos`` and a ``signature``. Its instructions become the system turn, its name the
category; which of a demonstration's fields are asked and which answered is told by their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workbench.formats.format import Cells, Format
from workbench.formats.rows import RowError


def _predictors(row: Cells) -> dict[str, Mapping[str, Any]]:
    found = {name: value for name, value in row.items() if _is_predictor(value)}
    return found or ({"": row} if _is_predictor(row) else {})


def _is_predictor(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("demos"), list) and (
        "signature" in value or "traces" in value or "train" in value)


def _unpack(row: Cells) -> Iterable[Cells]:
    predictors = _predictors(row)
    if not predictors:
        raise RowError("No predictor with “demos” is in it.")
    for name, predictor in predictors.items():
        signature = predictor.get("signature")
        told = signature.get("instructions") if isinstance(signature, Mapping) else None
        for demo in predictor["demos"]:
            if isinstance(demo, Mapping):
                stored = demo.get("_store")
                yield {"system": told, "predictor": name, **(stored if isinstance(stored, Mapping) else demo)}


FORMAT = Format("dspy", "DSPy program", "The demonstrations of a saved program's predictors.",
                matches=lambda row: bool(_predictors(row)), unpack=_unpack,
                mapping={"system": "system", "category": "predictor"})
