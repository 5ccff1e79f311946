"""The output loss against TRL's generalized Jensen-Shannon divergence, which with beta 0 is forward KL."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor

from workbench.alignment.output_loss import Head, output_loss

pytestmark = pytest.mark.peers
ROWS, TIME, VOCABULARY = 3, 11, 64


def trl_loss(student_logits: Tensor, teacher_logits: Tensor, labels: Tensor) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gkd: Any = pytest.importorskip("trl.experimental.gkd.gkd_trainer", exc_type=ImportError,
                                       reason="TRL is not installed (the dev extra has it)")
    loss: Tensor = gkd.GKDTrainer.generalized_jsd_loss(student_logits, teacher_logits, labels, beta=0.0)
    return loss


@pytest.mark.parametrize("masked", [False, True], ids=["all tokens", "some tokens"])
def test_loss_and_gradients_equal_those_of_trl_with_beta_0(masked: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(ROWS, TIME, 16, generator=generator).requires_grad_()
    student = Head(torch.randn(VOCABULARY, 16, generator=generator).requires_grad_())
    teacher_hidden = torch.randn(ROWS, TIME, 24, generator=generator)
    teacher = Head(torch.randn(VOCABULARY, 24, generator=generator))
    labels = torch.zeros(ROWS, TIME, dtype=torch.long)
    if masked:
        labels[:, ::3] = -100

    theirs = trl_loss(hidden @ student.weight.T, teacher_hidden @ teacher.weight.T, labels)
    wanted = torch.autograd.grad(theirs, (hidden, student.weight))
    counted = (labels != -100).flatten().float()
    ours = output_loss(hidden.flatten(0, 1), student, teacher_hidden.flatten(0, 1), teacher, counted / counted.sum(), 7)
    got = torch.autograd.grad(ours, (hidden, student.weight))
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
