"""The trainer: transformers' own, with a step that needs little memory.

A step of BiAlign (L = L_KL + λ · L_rank) is several backward passes whose gradients add up, so that few passes'
activations are held at a time: first the student scores all subsets, the longest with a graph and the others without;
the hinge's gradient with respect to those few scores says which subsets matter; only these are back-propagated, those
without a graph after a second pass; the output loss comes last. Mixed precision, accumulation, checkpoints, resume and
distribution are the library's.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import PrinterCallback, Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from workbench.alignment.episodes import AlignmentError
from workbench.alignment.forward import answer_logprobs, head, hidden_at
from workbench.alignment.heap import give_back_holes, keep_large_blocks_apart
from workbench.alignment.lean_layers import make_lean
from workbench.alignment.options import AlignmentOptions, OutputScope
from workbench.alignment.output_loss import output_loss
from workbench.alignment.placing import placed
from workbench.alignment.ranking_loss import RankingOptions, ranking_loss, sample_pairs
from workbench.alignment.samples import Padded, Sample, counted, pad
from workbench.alignment.sharding import most, whole_between_passes
from workbench.alignment.teacher import Teacher
from workbench.alignment.writing import written
from workbench.models.memory import ran_out

HELD_OUT = "held_out"              # in the state's history: a checkpoint with more of it is better
HELD = 1.9                        # tokens of subsets whose graph is kept, in tokens of the output loss's own pass
PADDING = 0.05                       # of a pass, at most
TOKENS_AT_ONCE = {"cpu": 1_024, "gpu": 16_384}          # of the subsets in one pass; padding costs, and so do passes


class Numbers(Dataset[int]):
    """0 … size − 1: the trainer shuffles these, and the collator makes batches of them."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> int:
        return index


def training_arguments(options: AlignmentOptions, folder: Path, device: str = "auto") -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder), max_steps=options.steps, per_device_train_batch_size=options.batch,
        gradient_accumulation_steps=options.accumulation, learning_rate=options.learning_rate,
        warmup_steps=options.warmup_steps, weight_decay=options.weight_decay, lr_scheduler_type="linear",
        max_grad_norm=options.max_gradient_norm, seed=options.seed, data_seed=options.seed,
        bf16=options.precision == "bfloat16", activation_checkpointing=options.gradient_checkpointing,
        logging_steps=1, save_strategy="steps", save_steps=options.save_every, report_to=[], disable_tqdm=True,
        remove_unused_columns=False, use_cpu=device == "cpu", dataloader_pin_memory=False,
        average_tokens_across_devices=False, ddp_find_unused_parameters=False, ddp_broadcast_buffers=False,
    )


class AlignmentTrainer(Trainer):                      # type: ignore[misc]
    """Trains ``model`` on ``samples`` by ``options.method``; ``teacher`` is needed for output alignment and BiAlign.

    ``scope`` says where the loss is taken; by default the method and the options do.
    """

    def __init__(
        self, model: Any, samples: Sequence[Sample], options: AlignmentOptions, folder: Path, *, padding_id: int,
        teacher: Teacher | None = None, device: str = "auto", callbacks: list[Any] | None = None,
        scope: OutputScope | None = None,
    ) -> None:
        if options.needs_teacher and teacher is None:
            raise ValueError(f"{options.method} needs a teacher")
        self.options, self.samples, self.teacher, self._padding = options, samples, teacher, padding_id
        self._ranking = RankingOptions(options.margin, options.normaliser_gradient, options.floor, options.push)
        by_method: dict[str, OutputScope] = {"finetune": "label", "pretrain": "sequence"}
        self._scope = scope or by_method.get(options.method, options.output_scope)
        self._parts: dict[str, list[float]] = {}
        self.flops = 0.0                 # of the student: 2 · weights a token forward, 4 · backward
        self._tokens_at_once = TOKENS_AT_ONCE["cpu" if device == "cpu" else "gpu"]
        self._weights = sum(p.numel() for p in model.parameters())
        make_lean(model)
        self._tidy = give_back_holes if device == "cpu" else lambda: None
        if device == "cpu":
            keep_large_blocks_apart()
        super().__init__(model=model, args=placed(device, lambda: training_arguments(options, folder, device)),
                         train_dataset=Numbers(len(samples)), data_collator=self._collate, callbacks=callbacks)
        self.remove_callback(PrinterCallback)
        deepspeed = self.accelerator.state.deepspeed_plugin
        if deepspeed is not None and deepspeed.zero_stage > 2:
            raise AlignmentError("Training does not work with DeepSpeed's ZeRO-3.", safe="Nothing was trained.",
                                 remedy="Set zero_stage to 2, or shard weights with docs/accelerate/fsdp.yaml.")

    def _collate(self, indices: list[int]) -> dict[str, Any]:
        chosen = [self.samples[i] for i in indices]
        sequence = pad([s.sequence for s in chosen], self._padding)
        batch: dict[str, Any] = {"sequence": sequence, "counted": counted(chosen, sequence, self._scope)}
        if self.teacher is not None and self.options.needs_teacher:
            batch["teacher_hidden"] = torch.cat([self.teacher.hidden(i) for i in indices])
        if self.teacher is not None and self.options.method == "bialign":
            batch["subsets"] = pad([subset for s in chosen for subset in s.subsets], self._padding)
            batch["teacher_scores"] = torch.stack([self.teacher.scores(i) for i in indices])
        return batch

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        """Gradients of the whole loss; returns its value over the number of accumulated batches."""
        model.train()
        device = self.args.device
        inputs = {name: value.to(device) for name, value in inputs.items()}
        if self._alike and self.accelerator.is_fsdp2:    # in every batch: gradients would be whole otherwise
            model.set_requires_gradient_sync(True)
        share = 1 / self.current_gradient_accumulation_steps
        total = torch.zeros((), device=device)
        if "subsets" in inputs:
            with self._not_the_last(model):
                held = 0.0 if self.options.gradient_checkpointing else HELD * int(inputs["sequence"].mask.sum())
                ranking = self._ranking_step(model, inputs["subsets"], inputs["teacher_scores"], share, held)
            total += self.options.ranking_weight * ranking
            self._note("ranking_loss", ranking)
        self._tidy()
        with self.compute_loss_context_manager():
            main = self._main_loss(model, inputs)
        self._tidy()
        self.flops += 6 * self._weights * int(inputs["sequence"].mask.sum())
        self._backward(main * share)
        self._note("kl" if self.options.needs_teacher else "cross_entropy", main)
        value: Tensor = (total + main).detach() * share
        return value

    def _backward(self, loss: Tensor) -> None:
        """``loss`` is divided by the number of accumulated batches already, which DeepSpeed would do again."""
        sharing = self.accelerator.state.deepspeed_plugin is not None
        self.accelerator.backward(loss, **({"scale_wrt_gas": False} if sharing else {}))

    @property
    def _alike(self) -> bool:
        """Do processes meet in every pass, to gather a layer or to share out gradients? All must take as many then."""
        state = self.accelerator.state
        if self.accelerator.is_fsdp2:
            return bool(state.fsdp_plugin.reshard_after_forward)
        return state.deepspeed_plugin is not None and state.deepspeed_plugin.zero_stage > 1

    @contextmanager
    def _not_the_last(self, model: Any) -> Iterator[None]:
        """Backward passes before a step's last, after each of which DeepSpeed would take a step. Their gradients stay
        here, unless processes meet in every pass."""
        state, sharded = self.accelerator.gradient_state, self.accelerator.is_fsdp2
        before = state.sync_gradients
        with ExitStack() as stack:
            if not self._alike:
                stack.enter_context(self.accelerator.no_sync(model))
            if sharded:
                kept = model.get_output_embeddings() if self._alike else model
                stack.enter_context(whole_between_passes(kept))
            state._set_sync_gradients(False)
            try:
                yield
            finally:
                state._set_sync_gradients(before)

    def _main_loss(self, model: Any, inputs: dict[str, Any]) -> Tensor:
        """Mean over samples of each sample's mean over its counted tokens: KL to the teacher, or cross-entropy."""
        batch: Padded = inputs["sequence"]
        counts: Tensor = inputs["counted"]
        hidden = hidden_at(model, batch, counts)
        self._tidy()
        weights = (counts / counts.sum(1, keepdim=True) / len(counts))[counts]
        student = head(self.accelerator.unwrap_model(model))
        if self.teacher is not None and self.options.needs_teacher:
            teacher_hidden = inputs["teacher_hidden"][counts[batch.predicts]].to(hidden.dtype)
            return output_loss(hidden, student, teacher_hidden, self.teacher.head, weights, self.options.kl_chunk)
        targets = batch.ids.roll(-1, 1)[counts]
        losses = torch.nn.functional.cross_entropy(student.logits(hidden), targets, reduction="none")
        mean: Tensor = (losses * weights).sum()
        return mean

    def _ranking_step(
        self, model: Any, subsets: Padded, teacher_scores: Tensor, share: float, held: float
    ) -> Tensor:
        """Back-propagate λ · L_rank through the subsets whose score it depends on; returns L_rank's value.

        The longest rows, up to ``held`` tokens and one group in any case, have their graph from the start and are not
        run twice.
        """
        network = self.accelerator.unwrap_model(model)
        lengths = subsets.mask.sum(1)
        once, twice = self._groups(lengths, held)
        scores = torch.zeros(len(subsets.ids), device=subsets.ids.device)

        def score(rows: Tensor) -> Tensor:
            some = subsets.rows(rows)
            self.flops += 2 * self._weights * int(some.mask.sum())
            with self.compute_loss_context_manager():
                found = answer_logprobs(model, some, network)[0]
            self._tidy()
            return found

        def backward(found: Tensor, rows: Tensor) -> None:
            self.flops += 4 * self._weights * int(subsets.mask[rows].sum())
            self._tidy()
            self._backward((found * slope[rows]).sum() * self.options.ranking_weight * share)

        with torch.no_grad():
            for rows in twice:
                scores[rows] = score(rows)
        graphs = [(score(rows), rows) for rows in once]
        for found, rows in graphs:
            scores[rows] = found.detach()
        leaf = scores.view(teacher_scores.shape).requires_grad_()
        loss = ranking_loss(leaf, teacher_scores, self._ranking, self._pairs(teacher_scores))
        slope = torch.autograd.grad(loss, leaf)[0].flatten()
        active = self._active([*once, *twice], slope)
        for some in reversed(active[: len(once)]):      # each graph is dropped before the next pass
            found, rows = graphs.pop()
            if len(some):
                backward(found, rows)
        for some in active[len(once) :]:
            if len(some):
                backward(score(some), some)
        return loss.detach()

    def _groups(self, lengths: Tensor, held: float) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """Row numbers of the passes that keep their graph, and of those that are run twice."""
        groups = length_groups(lengths, self._tokens_at_once)
        once, twice = split_groups(groups, lengths, held)
        if not self._alike:
            return once, twice
        passes, fewest = most([len(groups), -len(once)], lengths.device)
        rows = lengths.argsort(stable=True).tensor_split(passes)
        return rows[passes + fewest :], rows[: passes + fewest]

    def _active(self, groups: Sequence[Tensor], slope: Tensor) -> list[Tensor]:
        """The rows of each group that the loss depends on: one at least where another process has some and waits."""
        found = [rows[slope[rows] != 0] for rows in groups]
        if not self._alike:
            return found
        anywhere = most([len(rows) for rows in found], slope.device)
        return [some if len(some) or not any_ else rows[:1]
                for some, any_, rows in zip(found, anywhere, groups, strict=True)]

    def _pairs(self, scores: Tensor) -> Tensor | None:
        if not self.options.pairs:
            return None
        seed = self.options.seed * 1_000_003 + self.state.global_step
        generator = torch.Generator().manual_seed(seed)
        return sample_pairs(len(scores), scores.shape[1], self.options.pairs, generator).to(scores.device)

    def _note(self, name: str, value: Tensor) -> None:
        number = finite(name, value.item(), self.state.global_step + 1)
        self._parts.setdefault(name, []).append(number)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Adds the parts of the loss, means over processes since the last log, under their own names."""
        parts = {name: self._over_processes(sum(values) / len(values)) for name, values in self._parts.items()}
        self._parts.clear()
        super().log({**logs, **parts}, start_time)

    def _over_processes(self, value: float) -> float:
        found: Tensor = self.accelerator.reduce(torch.tensor(value, device=self.args.device), "mean")
        return found.item()

    def _get_output_dir(self, trial: Any) -> str:
        folder = super()._get_output_dir(trial)
        return os.path.join(folder, "unfinished") if getattr(self, "_saving", False) else folder

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Written beside, then moved into place whole: a checkpoint that is there is good."""
        self._saving = True
        try:
            with written("The checkpoint"):
                super()._save_checkpoint(model, trial)
        finally:
            self._saving = False
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            name = f"checkpoint-{self.state.global_step}"
            folder = Path(self.args.output_dir)
            _sync(folder / "unfinished" / name)
            (folder / "unfinished" / name).replace(folder / name)
            _forget_old(folder, self.options.keep, self.state.log_history)

    def start(self) -> None:
        """Train, from the newest checkpoint in the folder if there is one."""
        checkpoint = newest_checkpoint(Path(self.args.output_dir))
        if checkpoint and _step(Path(checkpoint)) >= self.args.max_steps:
            self._load_from_checkpoint(checkpoint)
            return
        try:
            self.train(resume_from_checkpoint=checkpoint)
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error):
                raise
            raise AlignmentError("There was not enough memory for a step.", safe="The last checkpoint is good.",
                                 remedy="Lower the batch and raise the accumulation, train with LoRA, turn gradient "
                                        "checkpointing on, or lower the chunk of the output loss.") from error


def finite(name: str, number: float, step: int) -> float:
    """The number. Raises AlignmentError where it is infinite or none."""
    if not isfinite(number):
        raise AlignmentError(
            f"The {name.replace('_', ' ')} is not a number at step {step}.", safe="The last checkpoint is good.",
            remedy="Lower the learning rate, raise the floor of the ranking loss, or train in float32.")
    return number


def length_groups(lengths: Tensor, tokens: int) -> list[Tensor]:
    """Row numbers in groups of similar length, shortest first: a single row, or rows × longest row ≤ ``tokens`` with
    little padding."""
    groups: list[list[int]] = []
    sums: list[int] = []
    for row in lengths.argsort(stable=True).tolist():
        length = int(lengths[row])
        padded = (len(groups[-1]) + 1) * length if groups else 0
        if groups and padded <= tokens and padded <= (sums[-1] + length) * (1 + PADDING):
            groups[-1].append(row)
            sums[-1] += length
        else:
            groups.append([row])
            sums.append(length)
    return [torch.tensor(group, device=lengths.device) for group in groups]


def split_groups(groups: Sequence[Tensor], lengths: Tensor, held: float) -> tuple[list[Tensor], list[Tensor]]:
    """The last group and those before it, as long as their tokens are at most ``held``; and the others."""
    tokens, first = 0, len(groups)
    while first and (first == len(groups) or tokens + int(lengths[groups[first - 1]].sum()) <= held):
        first -= 1
        tokens += int(lengths[groups[first]].sum())
    return list(groups[first:]), list(groups[:first])


def newest_checkpoint(folder: Path) -> str | None:
    return get_last_checkpoint(str(folder)) if folder.is_dir() else None


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.split("-")[1])


def _sync(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _forget_old(folder: Path, keep: int, history: Sequence[dict[str, Any]]) -> None:
    """All but the ``keep`` newest and the best of those measured. Renamed first: what has its name is whole."""
    there = {_step(path): path for path in folder.glob("checkpoint-*")}
    measured = {one["step"]: one[HELD_OUT] for one in history if HELD_OUT in one and one["step"] in there}
    for step in sorted(there)[:-keep]:
        if step != max(measured, key=lambda step: measured[step], default=None):
            there[step].rename(folder / f"dropped-{step}")
    for dropped in folder.glob("dropped-*"):
        shutil.rmtree(dropped)
