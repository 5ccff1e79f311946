"""Decoding one JSON value, with errors in words."""

from __future__ import annotations

import json
from typing import Any

from workbench.formats.rows import COLUMN_LIMIT, RowError

_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


def decode(text: str) -> Any:
    """The value of a JSON text. Raises RowError, also for nesting that would exhaust the stack and absurd numbers."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise RowError(f"Not JSON: {error.msg.lower()}, at character {error.pos + 1}.") from None
    except RecursionError:
        raise RowError("The JSON is nested too deeply.") from None
    except ValueError:      # int() refuses numbers of more than 4300 digits
        raise RowError("The JSON holds a number with too many digits.") from None


def as_object(value: Any) -> dict[str, Any]:
    """The value itself when it is an object. Raises RowError."""
    if isinstance(value, dict):
        if len(value) > COLUMN_LIMIT:
            raise RowError(f"The row has {len(value):,} keys; at most {COLUMN_LIMIT:,} are taken.")
        return value
    raise RowError(f"A JSON object is expected here, and this is {_KINDS.get(type(value), 'something else')}.")


def is_json(text: str) -> bool:
    """Whether a text is a JSON object or list."""
    try:
        return isinstance(decode(text), dict | list)
    except RowError:
        return False
