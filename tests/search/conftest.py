from __future__ import annotations

import pytest

from tests.search.world import Heard


@pytest.fixture
def heard() -> Heard:
    return Heard()
