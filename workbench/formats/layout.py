"""A layout: columns with agreed names, whatever kind of file (JSON Lines, JSON, CSV, Parquet, …) they stand in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Layout:
    """``mapping`` is field → column; ``needs`` are the columns without which a file is not of this layout.

    ``matches`` looks at the values of the first rows, which have all of ``needs``.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    mapping: dict[str, str]
    matches: Callable[[Mapping[str, Any]], bool]

    def fits(self, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> bool:
        return set(self.needs) <= set(columns) and bool(sample) and all(self.matches(row) for row in sample)

    def mapping_for(self, columns: Sequence[str]) -> dict[str, str]:
        """The mapping, with the columns that the file does not have left out."""
        return {field: column for field, column in self.mapping.items() if column in columns}


def turns_have(value: Any, role: str, text: str) -> bool:
    """Whether a cell is a list of turns with these keys (or an object of two such lists)."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(turn, Mapping) and role in turn and text in turn for turn in value)
    return isinstance(value, Mapping) and role in value and text in value
