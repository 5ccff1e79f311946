"""The loss on output distributions (arXiv 2312.17055, Eq. 1): forward KL(teacher || student), in chunks.

Neither model's logits are ever held for a whole sequence: for each chunk of positions both are made from the last
hidden states, the KL and its gradient are computed, and they are dropped. Since d KL / d student logits is simply
softmax(student) − softmax(teacher), the gradient is computed in the forward pass and no graph is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Head:
    """What turns last hidden states ``(positions, width)`` into logits ``(positions, vocab)``.

    ``weight`` is ``(vocab, width)``. Logits are multiplied by ``scale`` (Cohere's logit_scale, Granite's inverse
    logits_scaling), then bent by ``softcap`` · tanh(z / softcap) (Gemma 2's final_logit_softcapping) where it is not 0.
    """

    weight: Tensor
    scale: float = 1.0
    softcap: float = 0.0

    def logits(self, hidden: Tensor) -> Tensor:
        """``(positions, vocab)``, float32 or wider."""
        raw = (hidden @ self.weight.T).to(torch.promote_types(hidden.dtype, torch.float32))
        raw = raw * self.scale if self.scale != 1 else raw
        return self.softcap * torch.tanh(raw / self.softcap) if self.softcap else raw

    def slope(self, logits: Tensor) -> Tensor | float:
        """d logits / d (hidden @ weightᵀ), from the logits themselves."""
        return self.scale * (1 - (logits / self.softcap) ** 2) if self.softcap else self.scale


def output_loss(
    student_hidden: Tensor, student: Head, teacher_hidden: Tensor, teacher: Head, weights: Tensor, chunk: int = 128
) -> Tensor:
    """Σ over positions of ``weights`` · KL(teacher || student), summed over the shared vocabulary; a scalar, in nats.

    ``student_hidden`` is ``(positions, student width)``, ``teacher_hidden`` ``(positions, teacher width)``, ``weights``
    ``(positions,)``: 1 / (number of positions) gives the mean over the whole sequence, zeros leave positions out (the
    "label only" option, padding). Gradients flow to the student's hidden states and head weight.

    Raises ValueError when the vocabularies differ in size.
    """
    if student.weight.shape[0] != teacher.weight.shape[0]:
        raise ValueError(f"vocabularies differ: teacher {teacher.weight.shape[0]}, student {student.weight.shape[0]}")
    kept = weights.nonzero().squeeze(1)
    if len(kept) < len(weights):
        student_hidden, teacher_hidden, weights = student_hidden[kept], teacher_hidden[kept], weights[kept]
    loss: Tensor = _ChunkedKL.apply(                       # type: ignore[no-untyped-call]
        student_hidden, student.weight, student, teacher_hidden.detach(), teacher, weights, chunk)
    return loss


class _ChunkedKL(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, student: Head, teacher_hidden: Tensor, teacher: Head,
                weights: Tensor, chunk: int) -> Tensor:
        need_hidden, need_weight = ctx.needs_input_grad[0], ctx.needs_input_grad[1]
        grad_hidden = torch.empty_like(hidden) if need_hidden else None
        wide = torch.promote_types(hidden.dtype, torch.float32)
        grad_weight = torch.zeros_like(weight, dtype=wide) if need_weight else None
        total = hidden.new_zeros((), dtype=wide)
        for start in range(0, len(hidden), chunk):
            rows = slice(start, start + chunk)
            logits = student.logits(hidden[rows])
            slope = student.slope(logits)
            log_q = logits.sub_(torch.logsumexp(logits, -1, keepdim=True))
            teacher_logits = teacher.logits(teacher_hidden[rows]).to(log_q.dtype)
            log_p = teacher_logits.sub_(torch.logsumexp(teacher_logits, -1, keepdim=True))
            share = weights[rows].to(log_q.dtype).unsqueeze(1)
            p = log_p.exp()
            total += (p * log_p.sub_(log_q) * share).sum()
            if grad_hidden is None and grad_weight is None:
                continue
            slack = log_q.exp_().sub_(p).mul_(share).mul_(slope)           # d loss / d (hidden @ weightᵀ)
            if grad_hidden is not None:
                grad_hidden[rows] = slack.to(weight.dtype) @ weight
            if grad_weight is not None:
                grad_weight.addmm_(slack.T, hidden[rows].to(slack.dtype))
        ctx.save_for_backward(grad_hidden, None if grad_weight is None else grad_weight.to(weight.dtype))
        return total

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        grad_hidden, grad_weight = ctx.saved_tensors
        # in place: these belong to nobody else, and the weight's is as large as the head
        scaled = [None if grad is None else grad.mul_(upstream.to(grad.dtype)) for grad in (grad_hidden, grad_weight)]
        return (*scaled, None, None, None, None, None)
