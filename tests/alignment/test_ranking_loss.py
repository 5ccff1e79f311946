"""Eq. 3 against a literal version and against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.alignment.ranking_loss import RankingOptions, ranking_loss, ranks, sample_pairs


def literal(student: list[float], teacher: list[float], floor: float) -> float:
    """One sample, as the formula reads; pairs without an order are left out, tied ranks are shared."""
    n = len(student)
    rank = [1 + sum(o > t for o in teacher) + (sum(o == t for o in teacher) - 1) / 2 for t in teacher]
    spread = max(max(student) - min(student), floor)
    return sum(
        max(0.0, (student[minus] - student[plus]) / spread + (rank[minus] - rank[plus]) / (n - 1))
        for plus in range(n) for minus in range(n) if teacher[plus] > teacher[minus]
    )


quarters = st.integers(-40, 0).map(lambda x: x / 4)
scores = st.lists(quarters, min_size=2, max_size=6)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), student=scores, floor=st.sampled_from([1e-6, 0.5, 1.0]))
def test_the_loss_equals_the_formula_read_literally(data: st.DataObject, student: list[float], floor: float) -> None:
    teacher = data.draw(st.lists(quarters, min_size=len(student), max_size=len(student)))
    loss = ranking_loss(torch.tensor([student], dtype=torch.float64), torch.tensor([teacher], dtype=torch.float64),
                        RankingOptions(floor=floor))
    assert loss.item() == pytest.approx(literal(student, teacher, floor), abs=1e-9)


def test_numbers_worked_out_by_hand() -> None:
    # teacher prefers a > b > c: ranks 1, 2, 3. student: a −2, b −1, c −3; range 2.
    # (a,b): (−1+2)/2 + 1/2 = 1; (a,c): (−3+2)/2 + 1 = 0.5; (b,c): (−3+1)/2 + 1/2 = −0.5 → 0. Sum 1.5.
    student, teacher = torch.tensor([[-2.0, -1.0, -3.0]]), torch.tensor([[-1.0, -2.0, -9.0]])
    assert ranking_loss(student, teacher).item() == pytest.approx(1.5)
    # with the teacher's normalised score differences, 1/8, 1 and 7/8: 0.625 + 0.5 + 0 (−1 + 0.875 < 0) = 1.125
    assert ranking_loss(student, teacher, RankingOptions(margin="score")).item() == pytest.approx(1.125)


def test_a_student_with_the_teachers_order_and_equal_spacing_has_no_loss() -> None:
    teacher = torch.tensor([[-1.0, -7.0, -2.0, -30.0]])
    assert ranking_loss(torch.tensor([[0.0, -2.0, -1.0, -3.0]]), teacher).item() == pytest.approx(0, abs=1e-6)
    assert ranking_loss(teacher, teacher).item() > 0.5       # the teacher itself, unequally spaced, has some


def test_equal_student_scores_give_a_finite_gradient_that_pulls_them_apart() -> None:
    student = torch.full((1, 4), -5.0, requires_grad=True)
    ranking_loss(student, torch.tensor([[-1.0, -2.0, -3.0, -4.0]])).backward()
    assert student.grad is not None
    assert torch.isfinite(student.grad).all()
    assert student.grad[0, 0] < 0 < student.grad[0, 3]       # descent raises the best and lowers the worst


def test_the_papers_normaliser_carries_a_gradient_and_the_default_does_not() -> None:
    def gradient(options: RankingOptions) -> torch.Tensor:
        student = torch.tensor([[-2.0, -1.0, -4.0]], dtype=torch.float64, requires_grad=True)
        ranking_loss(student, torch.tensor([[-1.0, -2.0, -3.0]], dtype=torch.float64), options).backward()
        assert student.grad is not None
        return student.grad

    student = torch.tensor([[-2.0, -1.0, -4.0]], dtype=torch.float64, requires_grad=True)
    teacher = torch.tensor([[-1.0, -2.0, -3.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda s: ranking_loss(s, teacher, RankingOptions.paper()), (student,))
    assert not torch.allclose(gradient(RankingOptions.paper()), gradient(RankingOptions(floor=1e-6)))


def test_a_near_tie_asks_for_little_by_score_and_for_a_whole_rank_by_rank() -> None:
    student, teacher = torch.tensor([[-2.0, -2.0, -2.0]]), torch.tensor([[-1.0, -1.1, -3.0]])
    near = torch.zeros(1, 3, 3, dtype=torch.bool)
    near[0, 0, 1] = True
    assert ranking_loss(student, teacher, RankingOptions(margin="score"), near).item() == pytest.approx(0.05, rel=1e-4)
    assert ranking_loss(student, teacher, RankingOptions(margin="rank"), near).item() == pytest.approx(0.5)


def test_pushing_up_only_leaves_the_less_preferred_subset_alone() -> None:
    teacher = torch.tensor([[-1.0, -4.0]])
    for push, expected in (("both", [-0.5, 0.5]), ("up", [-0.5, 0.0])):
        student = torch.tensor([[-4.0, -2.0]], requires_grad=True)
        ranking_loss(student, teacher, RankingOptions(push=push)).backward()             # type: ignore[arg-type]
        assert student.grad is not None
        assert student.grad[0].tolist() == pytest.approx(expected)


def test_tied_scores_share_their_rank_and_make_no_pair() -> None:
    assert ranks(torch.tensor([[3.0, 1.0, 3.0, 0.0]])).tolist() == [[1.5, 3.0, 1.5, 4.0]]
    assert ranking_loss(torch.tensor([[-1.0, -2.0]]), torch.tensor([[-3.0, -3.0]])).item() == 0


def test_sampled_pairs_are_as_many_as_asked_and_their_losses_add_up() -> None:
    generator = torch.Generator().manual_seed(0)
    student, teacher = torch.randn(5, 4), torch.randn(5, 4)
    for count in (3, 4, 5):
        chosen = sample_pairs(5, 4, count, generator)
        assert chosen.sum((1, 2)).tolist() == [count] * 5
        rest = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1) & ~chosen
        together = ranking_loss(student, teacher, pairs=chosen) + ranking_loss(student, teacher, pairs=rest)
        assert together.item() == pytest.approx(ranking_loss(student, teacher).item(), rel=1e-5)
    with pytest.raises(ValueError, match="7 pairs"):
        sample_pairs(1, 4, 7, generator)


def test_a_batch_is_the_mean_of_its_samples_and_shapes_are_checked() -> None:
    student, teacher = torch.randn(6, 4), torch.randn(6, 4)
    single = [ranking_loss(student[i:i + 1], teacher[i:i + 1]).item() for i in range(6)]
    assert ranking_loss(student, teacher).item() == pytest.approx(math.fsum(single) / 6, rel=1e-5)
    with pytest.raises(ValueError, match="must both be"):
        ranking_loss(student, teacher[:, :3])
