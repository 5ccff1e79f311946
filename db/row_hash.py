"""A hash for each row that holds content: `PRAGMA quick_check` does not see a flipped bit inside a text."""

from __future__ import annotations

import hashlib
import json

_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def row_hash(*values: object) -> str:
    """SHA-256 (hex) over values that JSON can hold, in order; floats by their shortest exact form."""
    return hashlib.sha256(_ENCODER.encode(values).encode("ascii")).hexdigest()
