"""What a command has to say: as data for programs, as text for people."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from math import isfinite, isnan
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Output:
    """``data`` is printed with --json, else ``text``. ``code`` is the exit code (1: found what should not be)."""

    data: object
    text: str
    code: int = 0


def p_words(p: float) -> str:
    """ "0.013"; what is too small to be said so is never 0."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def as_json(data: object) -> str:
    """Signs that standard output's encoding may lack are escaped."""
    plain_signs = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") != "utf8"
    return json.dumps(_plain(data), ensure_ascii=plain_signs, indent=2)


def table(rows: Sequence[Sequence[object]], heads: Sequence[str]) -> str:
    """Columns of text, numbers to the right. Cells are cut at 60 characters."""
    if not rows:
        return "(none)"
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[at]) for row in [list(heads), *cells]) for at in range(len(heads))]
    numeric = [all(isinstance(row[at], int | float) or row[at] is None for row in rows) for at in range(len(heads))]

    def line(row: Sequence[str]) -> str:
        padded = (cell.rjust(width) if right else cell.ljust(width)
                  for cell, width, right in zip(row, widths, numeric, strict=True))
        return "  ".join(padded).rstrip()

    return "\n".join([line(list(heads)), *map(line, cells)])


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def _plain(value: object) -> Any:
    """Dataclasses, enums, paths and times as JSON can hold them; numbers that are none become null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def _key(key: object) -> str:
    return str(key.value) if isinstance(key, Enum) else str(key)
