"""The next token of several answers, each drawn by its own settings and from its own random numbers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from workbench.models.base import Decoding


def choose(
    logits: Tensor, seen: Sequence[Tensor], decodings: Sequence[Decoding], generators: Sequence[torch.Generator]
) -> list[int]:
    """One token for each row of ``logits`` (rows, vocabulary); ``seen`` are the token ids that a row has so far.

    The steps and their order are those of transformers' generate: repetition penalty (Keskar et al., arXiv
    1909.05858), temperature, top-k, top-p (Holtzman et al., arXiv 1904.09751), min-p (Nguyen et al., arXiv
    2407.01082). A row takes one number from its generator, and looks it up in the summed probabilities.
    """
    scores = logits.float()
    penalised = [row for row, decoding in enumerate(decodings) if decoding.repetition_penalty != 1.0]
    if penalised:
        scores = scores.clone()
        for row in penalised:
            _penalise(scores[row], seen[row], decodings[row].repetition_penalty)
    tokens = scores.argmax(-1).tolist()
    drawn = [row for row, decoding in enumerate(decodings) if decoding.temperature > 0]
    if drawn:
        chosen = _draw(scores[drawn], [decodings[row] for row in drawn], [generators[row] for row in drawn])
        for row, token in zip(drawn, chosen, strict=True):
            tokens[row] = token
    return list(map(int, tokens))


def _penalise(scores: Tensor, seen: Tensor, penalty: float) -> None:
    old = scores[seen]
    scores[seen] = torch.where(old < 0, old * penalty, old / penalty)


def _draw(scores: Tensor, decodings: Sequence[Decoding], generators: Sequence[torch.Generator]) -> list[int]:
    """``scores`` (rows, vocabulary), of rows that are not greedy."""
    def column(values: Sequence[float]) -> Tensor:
        return torch.tensor(values, device=scores.device, dtype=torch.float32)[:, None]

    scores = scores / column([decoding.temperature for decoding in decodings])
    vocabulary = scores.shape[-1]
    counts = [decoding.top_k if 0 < decoding.top_k < vocabulary else vocabulary for decoding in decodings]
    if min(counts) < vocabulary:
        scores = _keep_top_k(scores, counts)
    if any(decoding.top_p < 1.0 for decoding in decodings):
        scores = _keep_top_p(scores, column([decoding.top_p for decoding in decodings]))
    probabilities = scores.softmax(-1)
    if any(decoding.min_p > 0 for decoding in decodings):
        least = column([decoding.min_p for decoding in decodings]) * probabilities.amax(-1, keepdim=True)
        probabilities = probabilities.masked_fill(probabilities < least, 0.0)
    exact = torch.float32 if scores.device.type == "mps" else torch.float64
    summed = probabilities.to(exact).cumsum(-1)
    numbers = torch.stack([torch.rand(1, generator=generator, dtype=exact) for generator in generators])
    found = torch.searchsorted(summed, numbers.to(scores.device) * summed[:, -1:], right=True)[:, 0]
    return found.clamp(max=vocabulary - 1).tolist()


def _keep_top_k(scores: Tensor, counts: Sequence[int]) -> Tensor:
    limited = [row for row, count in enumerate(counts) if count < scores.shape[-1]]
    best = scores[limited].topk(max(counts[row] for row in limited)).values
    for place, row in enumerate(limited):
        scores[row] = scores[row].masked_fill(scores[row] < best[place, counts[row] - 1], float("-inf"))
    return scores


def _keep_top_p(scores: Tensor, top_p: Tensor) -> Tensor:
    """The likeliest tokens whose probabilities reach ``top_p`` (rows, 1); the likeliest always."""
    ordered, order = scores.sort()
    cut = ordered.softmax(-1).cumsum(-1) <= 1 - top_p
    cut &= top_p < 1.0
    cut[:, -1] = False
    return scores.masked_fill(cut.scatter(1, order, cut), float("-inf"))
