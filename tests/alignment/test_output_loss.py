"""Eq. 1 in chunks against torch's kl_div on whole logits."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from workbench.alignment.output_loss import Head, output_loss

POSITIONS, VOCABULARY = 37, 50


def plain(hidden: Tensor, student: Head, teacher_hidden: Tensor, teacher: Head, weights: Tensor) -> Tensor:
    log_q = torch.log_softmax(student.logits(hidden), -1)
    log_p = torch.log_softmax(teacher.logits(teacher_hidden), -1)
    divergence = torch.nn.functional.kl_div(log_q, log_p, log_target=True, reduction="none").sum(-1)
    return (divergence * weights).sum()


def parts(dtype: torch.dtype, scale: float = 1.0, softcap: float = 0.0) -> tuple[Tensor, Head, Tensor, Head, Tensor]:
    generator = torch.Generator().manual_seed(1)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

    student = Head(draw(VOCABULARY, 8).requires_grad_(), scale, softcap)
    weights = torch.rand(POSITIONS, generator=generator, dtype=torch.float64).to(dtype)
    weights[::5] = 0
    return draw(POSITIONS, 8).requires_grad_(), student, draw(POSITIONS, 12), Head(draw(VOCABULARY, 12)), weights


@pytest.mark.parametrize("chunk", [1, 7, 128])
@pytest.mark.parametrize(("scale", "softcap"), [(1.0, 0.0), (0.5, 0.0), (1.0, 5.0), (2.0, 3.0)])
def test_loss_and_gradients_equal_the_plain_ones(chunk: int, scale: float, softcap: float) -> None:
    hidden, student, teacher_hidden, teacher, weights = parts(torch.float64, scale, softcap)
    expected = plain(hidden, student, teacher_hidden, teacher, weights)
    wanted = torch.autograd.grad(expected * 3, (hidden, student.weight))
    loss = output_loss(hidden, student, teacher_hidden, teacher, weights, chunk)
    got = torch.autograd.grad(loss * 3, (hidden, student.weight))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    for ours, theirs in zip(got, wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-8)


def test_a_student_equal_to_its_teacher_has_no_loss() -> None:
    hidden, student, _, _, weights = parts(torch.float32)
    assert output_loss(hidden, student, hidden, student, weights).item() == pytest.approx(0, abs=1e-5)


def test_bfloat16_is_upcast_before_the_softmax() -> None:
    hidden, student, teacher_hidden, teacher, weights = parts(torch.bfloat16)
    loss = output_loss(hidden, student, teacher_hidden, teacher, weights, 7)
    assert loss.dtype is torch.float32
    assert loss.item() == pytest.approx(plain(hidden, student, teacher_hidden, teacher, weights).item(), rel=1e-2)


def test_a_frozen_head_gets_no_gradient_and_costs_none() -> None:
    hidden, student, teacher_hidden, teacher, weights = parts(torch.float32)
    frozen = Head(student.weight.detach())
    output_loss(hidden, frozen, teacher_hidden, teacher, weights).backward()
    assert frozen.weight.grad is None
    assert hidden.grad is not None
    assert hidden.grad[0].abs().sum() == 0                  # a position without weight
    assert hidden.grad[1].abs().sum() > 0


def test_different_vocabularies_are_refused() -> None:
    hidden, student, teacher_hidden, teacher, weights = parts(torch.float32)
    with pytest.raises(ValueError, match="teacher 49, student 50"):
        output_loss(hidden, student, teacher_hidden, Head(teacher.weight[:-1]), weights)
