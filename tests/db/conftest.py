from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench_db import upgrade
from workbench_db.session import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database with the newest schema."""
    made = Database(tmp_path / "project.db", create=True)
    upgrade.create(made)
    yield made
    made.close()
