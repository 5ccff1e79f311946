"""Instruction fine-tuning: demonstrations as training data, the loss on their answers alone (arXiv 2405.19874 compares
it with the same demonstrations in context)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.alignment.episodes import AlignmentError, Episode
from workbench.alignment.options import AlignmentOptions
from workbench.alignment.run import TrainingWatch, Watcher, with_adapters
from workbench.alignment.samples import Sample, with_answers
from workbench.alignment.trainer import AlignmentTrainer
from workbench.alignment.writing import written
from workbench.domain import Demonstration, Prompt, Rendered, Role, SpanKind, Turn
from workbench.models.base import Tokenizer
from workbench.prompts import render


@dataclass(frozen=True, slots=True)
class Tuned:
    """``losses`` are those of this start's steps (nats a token of the answers), ``left_out`` counts demonstrations that
    the context does not hold."""

    losses: tuple[float, ...]
    left_out: int


def fine_tune(network: Any, tokenizer: Tokenizer, padding_id: int, prompt: Prompt,
              demonstrations: Sequence[Demonstration], options: AlignmentOptions, folder: Path, watcher: Watcher, *,
              context: int, dtype: str) -> Tuned:
    """Train ``network`` (a transformers causal model), each demonstration alone under ``prompt``'s rules and template.

    What comes of it is saved in ``folder``/unfinished: an adapter (``options.lora_rank``), else all weights in
    ``dtype``. Started again it goes on from the newest checkpoint in ``folder``. Raises AlignmentError.
    """
    import torch

    samples = [encode(one, prompt, tokenizer) for one in demonstrations]
    fitting = [one for one in samples if len(one.sequence.ids) <= context]
    if not fitting:
        raise AlignmentError("No demonstration fits into the model's context.", safe="Nothing was trained.",
                             remedy="Choose shorter demonstrations.")
    device = next(network.parameters()).device
    student = with_adapters(network, options) if options.lora_rank else network
    losses = _Losses(watcher)
    trainer = AlignmentTrainer(
        student, fitting, options, folder / "checkpoints", padding_id=padding_id, device=str(device), scope="answers",
        callbacks=[TrainingWatch(losses, options, lambda step: 0.0)])
    trainer.start()
    with written("The fine-tuned model"):
        (student if options.lora_rank else student.to(getattr(torch, dtype))).save_pretrained(folder / "unfinished")
    return Tuned(tuple(losses.found), len(samples) - len(fitting))


def encode(demonstration: Demonstration, prompt: Prompt, tokenizer: Tokenizer) -> Sample:
    """The text that the demonstration is in context, as the only one. Counted are the tokens of all its answers, with
    what the template ends an answer by."""
    sequence, answers = with_answers(_closed(demonstration, prompt, tokenizer), tokenizer)
    return Sample(Episode("", (), demonstration), sequence, answers=answers)


def _closed(demonstration: Demonstration, prompt: Prompt, tokenizer: Tokenizer) -> Rendered:
    """Ends after the last answer and its stop string, or all that stands before a next question where the template has
    none: a model that never saw an answer end would not end its own."""
    shown = replace(prompt, demonstrations=(demonstration,), verbatim="")
    whole = render(shown, (Turn(Role.USER, "?"),), tokenizer=tokenizer)
    answers = [span for span in whole.spans if span.kind is SpanKind.ANSWER]
    last = answers[-1].end
    after = next(span.start for span in whole.spans if span.start >= last and span.kind is not SpanKind.ANSWER)
    between = whole.text[last:after]
    end = len(next((stop for stop in whole.stop if between.startswith(stop)), between))
    return Rendered(whole.text[: last + end], tuple(
        replace(span, end=min(span.end + end, last + end), kind=SpanKind.REPLY) for span in answers), whole.stop)


class _Losses:
    """A Watcher that keeps the losses: the curves of many models would be one."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self.found: list[float] = []

    def progress(self, done: int, total: int, unit: str, message: str) -> None:
        self._watcher.progress(done, total, unit, message)

    def metric(self, name: str, step: int, value: float) -> None:
        if name == "cross_entropy":
            self.found.append(value)
