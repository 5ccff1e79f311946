"""One whole training run: samples, the teacher's part, measures before, training, measures after, the saved student."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import PartialState
from transformers import TrainerCallback

from workbench.alignment.episodes import AlignmentError, Episode, Tasks, check_disjoint, sample_episodes
from workbench.alignment.forward import last_hidden
from workbench.alignment.measures import SHOTS, HeldOut, Measures
from workbench.alignment.options import AlignmentOptions
from workbench.alignment.samples import make_samples, pad
from workbench.alignment.sharding import is_sharded, whole_weights
from workbench.alignment.teacher import Teacher, subset_scores
from workbench.alignment.trainer import HELD_OUT, AlignmentTrainer, finite
from workbench.alignment.writing import written
from workbench.models.base import ScoredSequence, Tokenizer
from workbench.models.weights import from_folder


class Watcher(Protocol):
    """Who looks on. Both may raise Cancelled."""

    def progress(self, done: int, total: int, unit: str, message: str) -> None: ...

    def metric(self, name: str, step: int, value: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Models:
    """A loaded teacher and student (transformers causal models) with the tokenizer that they share."""

    teacher: Any
    student: Any
    tokenizer: Tokenizer
    padding_id: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """``preferences`` are the teacher's on the held-out examples, (examples, subsets); ``flops`` are of training."""

    before: Measures
    after: Measures
    preferences: tuple[tuple[float, ...], ...]
    held_out: HeldOut
    flops: float


def check_vocabularies(
    teacher: Any, student: Any, teacher_tokens: dict[str, int], student_tokens: dict[str, int]
) -> None:
    """Both losses compare models token by token. Raises AlignmentError when their vocabularies differ."""
    if teacher_tokens != student_tokens:
        different = sum(student_tokens.get(token) != number for token, number in teacher_tokens.items())
        raise AlignmentError(f"Teacher and student have different vocabularies: {different} of {len(teacher_tokens)} "
                             "tokens of the teacher are others for the student.",
                             remedy="Choose two models of one family.")
    sizes = [model.get_output_embeddings().weight.shape[0] for model in (teacher, student)]
    if sizes[0] != sizes[1]:
        raise AlignmentError(f"The teacher's head has {sizes[0]} rows and the student's {sizes[1]}.",
                             remedy="Choose two models of one family.")


def train_student(models: Models, source: Tasks, target: Tasks, options: AlignmentOptions, folder: Path,
                  watcher: Watcher, examples: int = 100) -> Outcome:
    """Train ``models.student`` and save it under ``folder``/student, with checkpoints and its adapter beside it.

    Started again with the same options and folder it goes on from the newest checkpoint; the teacher's part is kept in
    ``folder``/teacher. Raises AlignmentError.
    """
    check_disjoint(source, target)
    held_out = HeldOut(_held_out_episodes(target, options, examples), options, models.tokenizer, models.padding_id)
    preferences = subset_scores(models.teacher, held_out.samples, models.padding_id,
                                lambda done: watcher.progress(done, len(held_out.samples), "examples", "Teacher"))
    judge = Teacher(models.teacher, held_out.samples, folder / "teacher", models.padding_id)
    judge.prepare()

    student = models.student if not options.lora_rank else with_adapters(models.student, options)

    def measure(step: int) -> Measures:
        found = held_out.measure(student, judge, preferences,
                                 lambda done: watcher.progress(done, len(held_out.samples), "examples", "Held-out"))
        _report(found, step, watcher)
        return found

    before = measure(0)
    flops = 0.0
    if options.method != "vanilla":
        flops = _train(replace(models, student=student), source, options, folder, watcher, measure)
    after = measure(options.steps) if options.method != "vanilla" else before
    weights = whole_weights(student)
    if PartialState().is_main_process:
        _save(student, options, folder, weights)
    return Outcome(before, after, tuple(map(tuple, preferences.tolist())), held_out, flops)


def _save(student: Any, options: AlignmentOptions, folder: Path, weights: dict[str, Any] | None) -> None:
    with written("The trained student"):
        if options.lora_rank:
            student.save_pretrained(folder / "adapter", state_dict=weights)
            student, weights = _merged(student, folder / "adapter"), None
        student.save_pretrained(folder / "student", state_dict=weights)


def _merged(student: Any, adapter: Path) -> Any:
    """One model of the base's weights and the adapter's: of the weights on disk where they were loaded in few bits, or
    where no process has them whole."""
    base = student.get_base_model()
    if not getattr(base, "is_quantized", False) and not is_sharded(student):
        return student.merge_and_unload()
    from peft import PeftModel

    whole = from_folder(Path(base.config.name_or_path), torch.device("cpu"), "float32")
    return PeftModel.from_pretrained(whole, str(adapter)).merge_and_unload()


def with_adapters(model: Any, options: AlignmentOptions) -> Any:
    """LoRA (Hu et al., arXiv 2106.09685) on every linear layer but the head; the model's own weights are frozen.

    On weights loaded in 4 or 8 bit this is QLoRA (Dettmers et al., arXiv 2305.14314).
    """
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    torch.manual_seed(options.seed)
    if getattr(model, "is_quantized", False):
        model = prepare_model_for_kbit_training(                                     # type: ignore[no-untyped-call]
            model, use_gradient_checkpointing=options.gradient_checkpointing)
    config = LoraConfig(r=options.lora_rank, lora_alpha=2 * options.lora_rank, target_modules="all-linear",
                        task_type="CAUSAL_LM")
    return get_peft_model(model, config)


def _held_out_episodes(target: Tasks, options: AlignmentOptions, examples: int) -> list[Episode]:
    """Episodes with as many demonstrations as the largest few-shot measure takes, or as the tasks allow."""
    largest = max(len(members) for members in target.values()) - 1 if target else 0
    size = min(max(SHOTS), max(largest, options.fewest))
    return sample_episodes(target, examples, np.random.default_rng([options.seed, 2]), size, size)


def _train(models: Models, source: Tasks, options: AlignmentOptions, folder: Path, watcher: Watcher,
           measure: Callable[[int], Measures]) -> float:
    generator = np.random.default_rng([options.seed, 0])
    episodes = sample_episodes(source, options.episodes, generator, options.fewest, options.most)
    alike = [similarities(models, e) for e in episodes] if options.subset_method == "similarity" else None
    samples = make_samples(episodes, options, models.tokenizer, generator, alike)
    teacher = None
    if options.needs_teacher:
        teacher = Teacher(models.teacher, samples, folder / "teacher", models.padding_id)
        teacher.prepare(lambda done: watcher.progress(done, len(samples), "samples", "Teacher"))
    device = next(models.student.parameters()).device
    trainer = AlignmentTrainer(
        models.student, samples, options, folder / "checkpoints", padding_id=models.padding_id, teacher=teacher,
        device=str(device), callbacks=[
            TrainingWatch(watcher, options, lambda step: measure(step).shots[-1].log_likelihood)])
    trainer.start()
    return trainer.flops


class TrainingWatch(TrainerCallback):               # type: ignore[misc]
    """Hands the trainer's numbers on, and measures every ``evaluate_every`` steps; the more the better."""

    def __init__(self, watcher: Watcher, options: AlignmentOptions, measure: Callable[[int], float]) -> None:
        self._watcher, self._options, self._measure = watcher, options, measure

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._watcher.progress(state.global_step, state.max_steps, "steps", "Training")

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        for name in ("loss", "kl", "ranking_loss", "cross_entropy", "learning_rate", "grad_norm"):
            if logs and name in logs:
                self._watcher.metric(name, state.global_step, finite(name, float(logs[name]), state.global_step))
        step, every = state.global_step, self._options.evaluate_every
        if logs and "loss" in logs and every and step % every == 0 and step < state.max_steps:
            state.log_history[-1][HELD_OUT] = self._measure(step)


def _report(measures: Measures, step: int, watcher: Watcher) -> None:
    for shots in measures.shots:
        finite("held-out log-likelihood", shots.log_likelihood, step)
    watcher.metric("consistency_best", step, measures.consistency.best)
    watcher.metric("consistency_worst", step, measures.consistency.worst)
    watcher.metric("kendall_tau", step, measures.consistency.tau)
    if measures.kl is not None:
        watcher.metric("held_out_kl", step, finite("held-out KL", measures.kl, step))
    for shots in measures.shots:
        watcher.metric(f"log_likelihood_{shots.demonstrations}", step, shots.log_likelihood)
        watcher.metric(f"exact_match_{shots.demonstrations}", step, shots.exact_match)


@torch.no_grad()
def similarities(models: Models, episode: Episode) -> list[float]:
    """Cosine of each demonstration's instruction with the test's: the teacher's mean last hidden states."""
    texts = [d.instruction for d in (*episode.demonstrations, episode.test)]
    encoded = [models.tokenizer.encode(text).ids for text in texts]
    device = next(models.teacher.parameters()).device
    batch = pad([ScoredSequence(ids, 1, len(ids)) for ids in encoded], models.padding_id).to(device)
    hidden = last_hidden(models.teacher, batch).float() * batch.mask[:, :, None]
    means = torch.nn.functional.normalize(hidden.sum(1) / batch.mask.sum(1, keepdim=True), dim=-1)
    found: Sequence[float] = (means[:-1] @ means[-1]).tolist()
    return list(found)
