"""What installed packages bring and cannot be used, whatever kind it is of."""

from __future__ import annotations

from typing import Any

from workbench.bench import measures
from workbench.formats import registry as formats
from workbench.models import backends
from workbench.plugins import Failure, Table
from workbench.search import strategies


def failures() -> tuple[Failure, ...]:
    """Looked up once a process; the first call imports what packages bring, so it is made off the window's thread."""
    tables: tuple[Table[Any], ...] = (strategies.table(), *measures.tables(), formats.table(), backends.table())
    return tuple(failure for table in tables for failure in table.failures)
