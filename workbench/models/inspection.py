"""One scored token, as a person looks at it."""

from __future__ import annotations

import torch

from workbench.domain import TokenScore
from workbench.models.base import Tokenizer


def token_score(tokenizer: Tokenizer, logprobs: torch.Tensor, target: int, alternatives: int) -> TokenScore:
    """``logprobs`` (vocabulary) are those at the token's place; ``alternatives`` how many others are told."""
    best = logprobs.topk(min(alternatives + 1, len(logprobs)))
    others = [
        (tokenizer.token_text(int(token)), float(value))
        for value, token in zip(best.values, best.indices, strict=True)
        if int(token) != target
    ]
    rank = int((logprobs > logprobs[target]).sum())
    return TokenScore(tokenizer.token_text(target), float(logprobs[target]), rank, tuple(others[:alternatives]))
