"""What a student can do on tasks it was not trained on: before, during and after training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from workbench.alignment.consistency import Consistency, consistency
from workbench.alignment.episodes import Episode
from workbench.alignment.forward import answer_logprobs, head, last_hidden
from workbench.alignment.options import AlignmentOptions
from workbench.alignment.output_loss import output_loss
from workbench.alignment.samples import Sample, answer_sequence, make_samples, pad
from workbench.alignment.teacher import Teacher, subset_scores
from workbench.domain import Prompt
from workbench.models.base import ScoredSequence, Tokenizer

SHOTS = (0, 1, 2, 4, 8)
SUBSETS = 5                          # the paper measures consistency on 500 examples × 5 subsets


@dataclass(frozen=True, slots=True)
class Shots:
    """Held-out answers after ``demonstrations`` demonstrations: one log-likelihood (nats) and one 0/1 an example."""

    demonstrations: int
    log_likelihoods: tuple[float, ...]
    exact: tuple[float, ...]

    @property
    def log_likelihood(self) -> float:
        return float(np.mean(self.log_likelihoods))

    @property
    def exact_match(self) -> float:
        return float(np.mean(self.exact))


@dataclass(frozen=True, slots=True)
class Measures:
    """``kl`` is the mean over examples of the mean KL(teacher || student) a token, None where there is no teacher.

    ``scores`` are the student's preference scores, (examples, subsets), for the preference view.
    """

    consistency: Consistency
    shots: tuple[Shots, ...]
    kl: float | None
    scores: tuple[tuple[float, ...], ...]


class HeldOut:
    """Examples of the target tasks, fixed for all measurements of a run and for all methods compared."""

    def __init__(self, episodes: Sequence[Episode], options: AlignmentOptions, tokenizer: Tokenizer,
                 padding_id: int) -> None:
        generator = np.random.default_rng([options.seed, 1])
        settings = replace(options, subsets=SUBSETS, subset_method="sizes")
        self.samples: list[Sample] = make_samples(episodes, settings, tokenizer, generator)
        self._padding = padding_id
        self._shots: dict[int, list[ScoredSequence]] = {}
        for shots in SHOTS:
            enough = [e for e in episodes if len(e.demonstrations) >= shots]
            if enough:
                self._shots[shots] = [answer_sequence(Prompt(options.rules, e.demonstrations[:shots], options.template),
                                                      e.test, tokenizer) for e in enough]

    def measure(self, model: Any, teacher: Teacher | None, preferences: torch.Tensor,
                advance: Callable[[int], None] = lambda done: None) -> Measures:
        """``preferences`` are the teacher's (examples, subsets); ``teacher``'s hidden states must be of these samples.

        ``advance`` gets the number of examples scored and may raise Cancelled.
        """
        training = model.training
        model.eval()
        try:
            scores = subset_scores(model, self.samples, self._padding, advance)
            shots = tuple(self._few_shot(model, count, sequences) for count, sequences in self._shots.items())
            kl = None if teacher is None else self._kl(model, teacher)
        finally:
            model.train(training)
        found = consistency(preferences.tolist(), scores.tolist())
        return Measures(found, shots, kl, tuple(map(tuple, scores.tolist())))

    @torch.no_grad()
    def _few_shot(self, model: Any, count: int, sequences: Sequence[ScoredSequence], rows: int = 16) -> Shots:
        device = next(model.parameters()).device
        sums: list[float] = []
        exact: list[float] = []
        for start in range(0, len(sequences), rows):
            batch = pad(sequences[start : start + rows], self._padding).to(device)
            total, right = answer_logprobs(model, batch)
            sums += total.tolist()
            exact += right.float().tolist()
        return Shots(count, tuple(sums), tuple(exact))

    @torch.no_grad()
    def _kl(self, model: Any, teacher: Teacher) -> float:
        output_head, device, total = head(model), next(model.parameters()).device, 0.0
        for index, sample in enumerate(self.samples):
            batch = pad([sample.sequence], self._padding).to(device)
            hidden = last_hidden(model, batch)[batch.predicts]
            weights = torch.full((len(hidden),), 1 / len(hidden), device=device)
            total += output_loss(hidden, output_head, teacher.hidden(index).to(hidden), teacher.head, weights).item()
        return total / len(self.samples)
