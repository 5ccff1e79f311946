"""A hash for each row that holds content: `PRAGMA quick_check` does not see a flipped bit inside a text."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def row_hash(*values: object) -> str:
    """SHA-256 (hex) over values that JSON can hold, in order; floats by their shortest exact form."""
    return hash_of_json(f"[{json_part(*values)}]")


def json_part(*values: object) -> str:
    """Values as they stand in the list that is hashed."""
    return _ENCODER.encode(values)[1:-1]


shared_part = lru_cache(maxsize=4096, typed=True)(json_part)
"""The same for short values that many rows have: encoding them is most of the time that a row's hash takes."""


def hash_of_json(text: str) -> str:
    """The row_hash of a list of values that was put together from parts."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()
