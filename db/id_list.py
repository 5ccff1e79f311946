"""Any number of ids in one parameter."""

from __future__ import annotations

import json
from collections.abc import Iterable


def id_list(ids: Iterable[int]) -> str:
    """Ids as JSON, for ``IN (SELECT value FROM json_each(?))``."""
    return json.dumps(list(ids), separators=(",", ":"))
