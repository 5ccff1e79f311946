"""The loss on preferences for demonstrations (arXiv 2312.17055, Eq. 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """How Eq. 3 is read where the paper leaves it open.

    ``margin``: what a preferred subset has to win by. "rank" is Eq. 3, the difference of the teacher's ranks over
    N − 1; "score" takes the teacher's log-score difference over the range of its log scores instead.

    ``normaliser_gradient``: whether the student's range (max − min of its log scores), by which its difference is
    divided, carries a gradient. As printed it does; the loss can then be lowered by shrinking or stretching the two
    extreme scores alone.

    ``floor``: the least value of that range, in nats. A student that prefers nothing yet has a range near zero, and
    dividing by it makes gradients explode (norms of 15 to 32 on the tiny models with the formula as printed, against
    about 1 with a floor of 1 nat). ``paper()`` keeps only what guards against division by zero.

    ``push``: "both" is Eq. 3 as printed; a pair in the wrong order pulls R⁺ up and pushes R⁻ down alike, and pushing
    down is the easier way: on the tiny models the answers' likelihood after one demonstration fell by 2.7 nats with
    λ = 0.3. "up" lets no gradient flow to R⁻.
    """

    margin: Literal["rank", "score"] = "rank"
    normaliser_gradient: bool = False
    floor: float = 1.0
    push: Literal["both", "up"] = "both"

    @classmethod
    def paper(cls) -> RankingOptions:
        """Eq. 3 as printed."""
        return cls(margin="rank", normaliser_gradient=True, floor=1e-6)


def ranks(scores: Tensor) -> Tensor:
    """Ranks along the last dimension, 1 = highest score; equal scores share their mean rank. Shape kept."""
    higher = (scores.unsqueeze(-2) > scores.unsqueeze(-1)).sum(-1)
    equal = (scores.unsqueeze(-2) == scores.unsqueeze(-1)).sum(-1)
    return higher + (equal + 1).to(scores.dtype) / 2


def ranking_loss(
    student: Tensor, teacher: Tensor, options: RankingOptions = RankingOptions(), pairs: Tensor | None = None
) -> Tensor:
    """Eq. 3: a hinge for every pair of subsets (R⁺, R⁻) that the teacher orders, summed over pairs, mean over samples.

    ``student`` and ``teacher`` are log Q(R) = log P(answer | R, query), shape ``(samples, N)``, in nats; the teacher's
    carry no gradient. For each pair: max(0, (s⁻ − s⁺) / range(s) + margin⁺⁻).

    The N subsets of a sample share one answer, so its length cancels and log-probabilities are summed, not averaged.
    Pairs that the teacher scores the same have no order and are left out. ``pairs``, boolean ``(samples, N, N)``, takes
    only some of the pairs (a sampled share; the paper tries 3, 4 and 5 of the 6); both orders of a pair may be set.

    Raises ValueError when the shapes differ or N < 2.
    """
    if student.shape != teacher.shape or student.ndim != 2 or student.shape[1] < 2:
        shapes = f"student {tuple(student.shape)} and teacher {tuple(teacher.shape)}"
        raise ValueError(f"{shapes} must both be (samples, N) with N ≥ 2")
    teacher = teacher.detach().to(student.dtype)
    spread = student.amax(1) - student.amin(1)
    if not options.normaliser_gradient:
        spread = spread.detach()
    worse = student if options.push == "both" else student.detach()
    gap = worse.unsqueeze(1) - student.unsqueeze(2)                      # [i, j] = s_j − s_i, where i is R⁺
    hinge = torch.relu(gap / spread.clamp_min(options.floor)[:, None, None] + _margin(teacher, options.margin))
    ordered = teacher.unsqueeze(2) > teacher.unsqueeze(1)                # [i, j]: the teacher prefers i to j
    if pairs is not None:
        ordered = ordered & (pairs | pairs.transpose(1, 2))
    return (hinge * ordered).sum((1, 2)).mean()


def _margin(teacher: Tensor, kind: Literal["rank", "score"]) -> Tensor:
    """``[sample, i, j]``: by how much subset i should be ahead of j, in 0..1 for ordered pairs."""
    if kind == "rank":
        place = ranks(teacher)
        return (place.unsqueeze(1) - place.unsqueeze(2)) / (teacher.shape[1] - 1)
    spread = (teacher.amax(1) - teacher.amin(1)).clamp_min(torch.finfo(teacher.dtype).tiny)
    return (teacher.unsqueeze(2) - teacher.unsqueeze(1)) / spread[:, None, None]


def sample_pairs(samples: int, subsets: int, count: int, generator: torch.Generator) -> Tensor:
    """``count`` of the N(N−1)/2 unordered pairs of each sample, drawn without replacement: boolean (samples, N, N)."""
    first, second = torch.triu_indices(subsets, subsets, offset=1)
    if not 1 <= count <= len(first):
        raise ValueError(f"{count} pairs were asked for; {subsets} subsets have {len(first)}")
    chosen = torch.zeros(samples, subsets, subsets, dtype=torch.bool)
    for sample in range(samples):
        kept = torch.randperm(len(first), generator=generator)[:count]
        chosen[sample, first[kept], second[kept]] = True
    return chosen
