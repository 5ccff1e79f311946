"""Any number of ids in one parameter."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, func, select


def id_list(ids: Iterable[int]) -> str:
    """Ids as JSON, for ``IN (SELECT value FROM json_each(?))``."""
    return json.dumps(list(ids), separators=(",", ":"))


def listed(ids: Iterable[int]) -> Select[tuple[Any]]:
    """The same for SQLAlchemy: ``column.in_(listed(ids))``."""
    return select(func.json_each(id_list(ids)).table_valued("value").c.value)
