"""The real files beside the repository."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_shared_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the real files (../shared/data) are not here")
