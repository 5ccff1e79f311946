"""A whole run on small random models."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaForCausalLM

from tests.alignment.small import VOCABULARY, CharacterTokenizer, model, pool
from workbench.alignment.episodes import AlignmentError, group_by_task
from workbench.alignment.options import AlignmentOptions
from workbench.alignment.run import Models, check_vocabularies, train_student

OPTIONS = AlignmentOptions(template="plain", steps=4, batch=2, fewest=4, most=6, episodes=6, evaluate_every=2,
                           learning_rate=3e-3, warmup_steps=0)


@dataclass
class Record:
    metrics: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    stages: set[str] = field(default_factory=set)

    def progress(self, done: int, total: int, unit: str, message: str) -> None:
        assert 0 < done <= total
        self.stages.add(message)

    def metric(self, name: str, step: int, value: float) -> None:
        self.metrics.setdefault(name, []).append((step, value))


def models() -> Models:
    return Models(model(24, 1), model(16, 2), CharacterTokenizer(), 0)


def tasks(*names: str) -> dict[str, tuple]:
    return group_by_task([d for name in names for d in pool(name, 12)])


def test_a_run_measures_before_during_and_after_and_saves_the_student(tmp_path: Path) -> None:
    record, both = Record(), models()
    outcome = train_student(both, tasks("a", "b"), tasks("c"), OPTIONS, tmp_path, record, examples=4)
    assert record.stages == {"Teacher", "Held-out", "Training"}
    assert [step for step, _ in record.metrics["consistency_best"]] == [0, 2, 4]
    assert [step for step, _ in record.metrics["kl"]] == [1, 2, 3, 4]
    assert {"ranking_loss", "learning_rate", "held_out_kl", "kendall_tau", "log_likelihood_8", "exact_match_0"} <= set(
        record.metrics)
    assert [shots.demonstrations for shots in outcome.after.shots] == [0, 1, 2, 4, 8]
    assert len(outcome.preferences) == len(outcome.after.scores) == 4
    assert outcome.after.kl is not None
    assert outcome.before.kl is not None
    assert outcome.after.kl < outcome.before.kl
    saved = LlamaForCausalLM.from_pretrained(tmp_path / "student")
    for ours, theirs in zip(both.student.parameters(), saved.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_second_start_goes_on_from_the_checkpoint_and_the_kept_teacher(tmp_path: Path) -> None:
    first, second = models(), models()
    train_student(first, tasks("a"), tasks("c"), replace(OPTIONS, save_every=4), tmp_path, Record(), examples=3)
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "teacher").rglob("*.safetensors")}
    record = Record()
    train_student(second, tasks("a"), tasks("c"), replace(OPTIONS, save_every=4), tmp_path, record, examples=3)
    assert "kl" not in record.metrics                                  # all steps were done
    assert files
    assert files == {path: path.stat().st_mtime_ns for path in (tmp_path / "teacher").rglob("*.safetensors")}
    for ours, theirs in zip(first.student.parameters(), second.student.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_newest_checkpoints_stay_and_the_best_on_held_out_tasks(tmp_path: Path) -> None:
    options, record = replace(OPTIONS, steps=6, save_every=1, evaluate_every=1, keep=1, learning_rate=0.2), Record()
    train_student(models(), tasks("a"), tasks("c"), options, tmp_path, record, examples=3)
    measured = {step: value for step, value in record.metrics["log_likelihood_8"] if 0 < step < 6}
    best = max(measured, key=lambda step: measured[step])
    assert best < 5                                                    # the newest but one would stay by chance
    assert {path.name for path in (tmp_path / "checkpoints").glob("[cd]*")} == {f"checkpoint-{best}", "checkpoint-6"}


@pytest.mark.parametrize("every", [0, 1])
def test_a_rate_far_too_high_stops_the_run_before_a_bad_checkpoint_or_measure(tmp_path: Path, every: int) -> None:
    options, record = replace(OPTIONS, steps=6, save_every=1, evaluate_every=every, learning_rate=1e30), Record()
    with pytest.raises(AlignmentError, match="is not a number at step") as caught:
        train_student(models(), tasks("a"), tasks("c"), options, tmp_path, record, examples=3)
    assert "learning rate" in caught.value.remedy
    assert all(np.isfinite(value) for points in record.metrics.values() for _, value in points)
    for path in (tmp_path / "checkpoints").glob("checkpoint-*"):
        assert all(tensor.isfinite().all() for tensor in load_file(path / "model.safetensors").values())


def test_vanilla_is_measured_and_not_trained(tmp_path: Path) -> None:
    outcome = train_student(models(), tasks("a"), tasks("c"), replace(OPTIONS, method="vanilla"), tmp_path, Record(),
                            examples=3)
    assert outcome.before == outcome.after
    assert outcome.flops == 0


def test_bialign_costs_more_than_output_alignment_and_says_how_much(tmp_path: Path) -> None:
    flops = {method: train_student(models(), tasks("a"), tasks("c"), replace(OPTIONS, method=method, evaluate_every=0),
                                   tmp_path / method, Record(), examples=3).flops for method in ("output", "bialign")}
    assert 1 < flops["bialign"] / flops["output"] < 6


def test_similarity_grouped_subsets_come_from_the_teachers_hidden_states(tmp_path: Path) -> None:
    outcome = train_student(models(), tasks("a"), tasks("c"), replace(OPTIONS, subset_method="similarity"), tmp_path,
                            Record(), examples=3)
    assert outcome.flops > 0


def test_overlapping_tasks_and_other_vocabularies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AlignmentError, match="overlap: a"):
        train_student(models(), tasks("a"), tasks("a"), OPTIONS, tmp_path, Record())
    both = models()
    tokens = {chr(i): i for i in range(VOCABULARY)}
    check_vocabularies(both.teacher, both.student, tokens, dict(tokens))
    with pytest.raises(AlignmentError, match=f"2 of {VOCABULARY} tokens"):
        check_vocabularies(both.teacher, both.student, tokens, {**tokens, "a": tokens["b"], "b": tokens["a"]})


# peft asks transformers for the attribute's old name
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
def test_lora_trains_adapters_alone_and_saves_a_plain_merged_model(tmp_path: Path) -> None:
    both, untouched = models(), models()
    options = replace(OPTIONS, lora_rank=2, steps=8, learning_rate=2e-2, save_every=4)
    outcome = train_student(both, tasks("a"), tasks("c"), options, tmp_path, Record(), examples=3)
    assert outcome.before.kl is not None
    assert outcome.after.kl is not None
    assert outcome.after.kl < outcome.before.kl
    saved = LlamaForCausalLM.from_pretrained(tmp_path / "student")
    assert torch.equal(saved.get_input_embeddings().weight, untouched.student.get_input_embeddings().weight)
    ours, theirs = (network.model.layers[0].mlp.up_proj.weight for network in (saved, untouched.student))
    assert not torch.equal(ours, theirs)
    assert sorted(p.name for p in (tmp_path / "checkpoints" / "checkpoint-8").glob("adapter_*.safetensors"))
    from peft import PeftModel

    adapted = PeftModel.from_pretrained(untouched.student, str(tmp_path / "adapter")).merge_and_unload()
    torch.testing.assert_close(adapted.model.layers[0].mlp.up_proj.weight, ours)
