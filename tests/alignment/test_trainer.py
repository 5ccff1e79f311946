"""The trainer against a plain step, and equivalent configurations against each other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaForCausalLM, TrainerCallback

from tests.alignment.small import CharacterTokenizer, model, pool
from workbench.alignment.episodes import AlignmentError, group_by_task, sample_episodes
from workbench.alignment.options import AlignmentOptions
from workbench.alignment.ranking_loss import RankingOptions, ranking_loss
from workbench.alignment.samples import Sample, make_samples
from workbench.alignment.teacher import Teacher, subset_scores
from workbench.alignment.trainer import AlignmentTrainer


@pytest.fixture(scope="module")
def options() -> AlignmentOptions:
    return AlignmentOptions(template="plain", steps=4, batch=4, learning_rate=5e-3, warmup_steps=0, fewest=3, most=5,
                            save_every=2, subsets=3)


@pytest.fixture(scope="module")
def samples(options: AlignmentOptions) -> list[Sample]:
    generator = np.random.default_rng(0)
    tasks = group_by_task(pool("a", 10) + pool("b", 10))
    episodes = sample_episodes(tasks, 16, generator, options.fewest, options.most)
    return make_samples(episodes, options, CharacterTokenizer(), generator)


@pytest.fixture
def train(samples: list[Sample], tmp_path: Path) -> Callable[..., tuple[LlamaForCausalLM, list[dict[str, Any]]]]:
    def run(options: AlignmentOptions, name: str = "run", seed: int = 2, **more: Any) -> Any:
        student = model(16, seed)
        teacher = Teacher(model(24, 1), samples, tmp_path / "teacher", 0)
        teacher.prepare(rows=5)
        trainer = AlignmentTrainer(student, samples, options, tmp_path / name, padding_id=0, teacher=teacher,
                                   device="cpu", **more)
        trainer.start()
        return student, trainer.state.log_history
    return run


def weights(student: LlamaForCausalLM) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in student.parameters()])


def test_a_step_has_the_gradient_of_the_plain_loss(
    options: AlignmentOptions, samples: list[Sample], tmp_path: Path
) -> None:
    """The plain way: full logits, every subset with a graph, one backward pass."""
    few = samples[:4]
    teacher_model, student = model(24, 1), model(16, 2)
    teacher = Teacher(teacher_model, few, tmp_path / "teacher", 0)
    teacher.prepare()
    settings = replace(options, ranking_weight=0.7, kl_chunk=5)
    trainer = AlignmentTrainer(student, few, settings, tmp_path / "run", padding_id=0, teacher=teacher, device="cpu")
    trainer.current_gradient_accumulation_steps = 1
    loss = trainer.training_step(student, trainer._collate([0, 1, 2, 3]))
    got = torch.cat([p.grad.flatten() for p in student.parameters() if p.grad is not None])
    student.zero_grad()

    divergences, rows = [], []
    for sample in few:
        ids = torch.tensor([sample.sequence.ids])
        log_q = student(ids).logits[0, :-1].log_softmax(-1)
        log_p = teacher_model(ids).logits[0, :-1].log_softmax(-1)
        divergences.append((log_p.exp() * (log_p - log_q)).sum(-1).mean())
        row = []
        for subset in sample.subsets:
            ids = torch.tensor([subset.ids])
            found = student(ids).logits[0].log_softmax(-1)
            row.append(sum(found[t - 1, subset.ids[t]] for t in range(subset.start, subset.end)))
        rows.append(torch.stack(row))
    plain = torch.stack(divergences).mean() + 0.7 * ranking_loss(
        torch.stack(rows), subset_scores(teacher_model, few, 0), RankingOptions())
    plain.backward()
    expected = torch.cat([p.grad.flatten() for p in student.parameters() if p.grad is not None])
    assert loss.item() == pytest.approx(plain.item(), rel=1e-5)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", ["bialign", "output", "finetune", "pretrain"])
def test_every_method_lowers_its_own_loss(method: Any, options: AlignmentOptions, train: Callable[..., Any]) -> None:
    _, history = train(replace(options, method=method, steps=25, save_every=25))
    losses = [row["loss"] for row in history if "loss" in row]
    assert len(losses) == 25
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])


def test_batch_and_accumulation_give_the_same_weights(options: AlignmentOptions, train: Callable[..., Any]) -> None:
    whole, first = train(options, "a")
    parts, second = train(replace(options, batch=1, accumulation=4), "b")
    torch.testing.assert_close(weights(whole), weights(parts), rtol=0, atol=2e-5)
    for one, other in zip(first, second, strict=True):
        assert one.get("loss", 0) == pytest.approx(other.get("loss", 0), rel=1e-4)


def test_the_chunk_of_the_output_loss_does_not_matter(options: AlignmentOptions, train: Callable[..., Any]) -> None:
    one, _ = train(replace(options, kl_chunk=3), "a")
    other, _ = train(replace(options, kl_chunk=4096), "b")
    torch.testing.assert_close(weights(one), weights(other), rtol=0, atol=2e-5)


class Stop(TrainerCallback):                                           # type: ignore[misc]
    """As a kill would: in the middle of step 4, after the checkpoint of step 2."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 3:
            raise KeyboardInterrupt


def test_a_killed_and_resumed_run_gives_the_same_weights(
    options: AlignmentOptions, train: Callable[..., Any], tmp_path: Path
) -> None:
    undisturbed, _ = train(options, "a")
    with pytest.raises(KeyboardInterrupt):
        train(options, "b", callbacks=[Stop()])
    assert sorted(p.name for p in (tmp_path / "b").glob("checkpoint-*")) == ["checkpoint-2"]
    resumed, _ = train(options, "b", seed=4)                           # other weights: they must come from the file
    assert torch.equal(weights(undisturbed), weights(resumed))


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one_good(
    options: AlignmentOptions, train: Callable[..., Any], tmp_path: Path
) -> None:
    class Block(TrainerCallback):                                      # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == 3:                                 # a file where the folder of step 4 has to go
                (tmp_path / "run" / "unfinished" / "checkpoint-4").write_text("")

    with pytest.raises(AlignmentError, match="last checkpoint is good"):
        train(options, callbacks=[Block()])
    state = json.loads((tmp_path / "run" / "checkpoint-2" / "trainer_state.json").read_text())
    assert state["global_step"] == 2


def test_a_loss_that_is_not_a_number_stops_with_what_to_change(
    options: AlignmentOptions, train: Callable[..., Any]
) -> None:
    with pytest.raises(AlignmentError, match="Lower the learning rate"):
        train(replace(options, learning_rate=1e30, max_gradient_norm=0.0, steps=6))
