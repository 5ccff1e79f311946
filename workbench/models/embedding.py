"""Contextual embeddings of texts' tokens: a model's last hidden states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from workbench.models.base import Tokenizer


@runtime_checkable
class Embedder(Protocol):
    """A model that can embed; not every backend gives its hidden states."""

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """For each text its tokens' last hidden states ``(tokens, width)``, at least one row."""


def hidden_states(
    model: Any, tokenizer: Tokenizer, texts: Sequence[str], *, context: int, budget: int
) -> list[NDArray[np.float32]]:
    """Last hidden states of a transformers module, at most ``budget`` tokens a pass, or half as many where that is more
    than the memory holds; texts are cut to the context. Raises MemoryError where it does not hold a single one.

    The start token goes in front and is left out of the result: its state is the same everywhere, and often so large
    that it would hide the others. Padding stands to the right, where causal attention does not see it.
    """
    import torch

    from workbench.models.passes import inference

    start = [] if tokenizer.start is None else [tokenizer.start]
    rows = [[*start, *tokenizer.encode(text, special=False).ids][:context] or [0] for text in texts]
    order = sorted(range(len(rows)), key=lambda place: -len(rows[place]))
    found: dict[int, NDArray[np.float32]] = {}
    while order:
        longest = len(rows[order[0]])
        group = order[: max(1, budget // longest)]
        batch = np.zeros((len(group), longest), np.int64)
        for line, place in enumerate(group):
            batch[line, : len(rows[place])] = rows[place]
        try:
            with inference():
                ids = torch.from_numpy(batch).to(model.device)
                states = model.base_model(input_ids=ids, use_cache=False).last_hidden_state.float().cpu().numpy()
        except MemoryError:
            if len(group) == 1:
                raise
            budget = len(group) * longest // 2
            continue
        order = order[len(group) :]
        for line, place in enumerate(group):
            length = len(rows[place])
            found[place] = states[line, (len(start) if length > len(start) else 0) : length]
    return [found[place] for place in range(len(rows))]
