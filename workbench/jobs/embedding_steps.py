"""Embeddings as a search sees them: orders are heeded between steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.jobs.run import Run
from workbench.models.embedding import Embedder


@dataclass(frozen=True)
class EmbeddingSteps:
    model: Embedder
    run: Run

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        self.run.checkpoint()
        return self.model.embed(texts)
