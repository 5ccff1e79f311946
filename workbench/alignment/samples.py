"""Episodes as token ids: the whole sequence for the output loss, one sequence for each subset of the ranking loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workbench.alignment.episodes import Episode, sample_subsets
from workbench.alignment.options import AlignmentOptions, OutputScope
from workbench.domain import Demonstration, Prompt, Rendered, SpanKind
from workbench.models.base import ScoredSequence, Tokenizer
from workbench.prompts import render
from workbench.scoring.sequences import answer_sequences, conversation, rendered_answer


@dataclass(frozen=True, slots=True)
class Sample:
    """``sequence`` holds all demonstrations; ``subsets[i]`` only those of ``chosen[i]``; scored is the answer.

    ``answers`` are the places in ``sequence`` of the tokens of every answer, the demonstrations' and the test's.
    """

    episode: Episode
    sequence: ScoredSequence
    chosen: tuple[tuple[int, ...], ...] = ()
    subsets: tuple[ScoredSequence, ...] = ()
    answers: tuple[int, ...] = ()


def encode_sample(episode: Episode, chosen: Sequence[tuple[int, ...]], options: AlignmentOptions,
                  tokenizer: Tokenizer) -> Sample:
    """Render and tokenise an episode and its subsets, each as a whole string."""
    def sequence(demonstrations: Sequence[Demonstration]) -> ScoredSequence:
        prompt = Prompt(options.rules, tuple(demonstrations), options.template)
        return answer_sequence(prompt, episode.test, tokenizer)

    subsets = tuple(sequence([episode.demonstrations[i] for i in subset]) for subset in chosen)
    whole, answers = _with_answers(episode, options, tokenizer)
    return Sample(episode, whole, tuple(chosen), subsets, answers)


def _with_answers(
    episode: Episode, options: AlignmentOptions, tokenizer: Tokenizer
) -> tuple[ScoredSequence, tuple[int, ...]]:
    turns = conversation((episode.test.instruction,), (episode.test.answer,))
    prompt = Prompt(options.rules, episode.demonstrations, options.template)
    return with_answers(render(prompt, turns, tokenizer=tokenizer), tokenizer)


def with_answers(rendered: Rendered, tokenizer: Tokenizer) -> tuple[ScoredSequence, tuple[int, ...]]:
    """The tokens of a text that ends with a reply, and the places of those of every answer in it."""
    sequence, encoded = answer_sequences([rendered], tokenizer)[0], tokenizer.encode(rendered.text)
    spans = [span for span in rendered.spans if span.kind in (SpanKind.ANSWER, SpanKind.REPLY)]
    shift = int(sequence.ids != encoded.ids[: len(sequence.ids)])                    # a start token was put before
    places = (place + shift for place, (start, end) in enumerate(encoded.offsets)
              if any(start < span.end and end > span.start for span in spans))
    return sequence, tuple(place for place in places if 0 < place < sequence.end)


def answer_sequence(prompt: Prompt, test: Demonstration, tokenizer: Tokenizer) -> ScoredSequence:
    """The prompt, the test's instruction and its answer; scored are the tokens that overlap the answer's characters."""
    return rendered_answer(prompt, conversation((test.instruction,), (test.answer,)), tokenizer)


def make_samples(episodes: Sequence[Episode], options: AlignmentOptions, tokenizer: Tokenizer,
                 generator: np.random.Generator, similarity: Sequence[Sequence[float]] | None = None) -> list[Sample]:
    """Samples with ``options.subsets`` subsets each; ``similarity[i]`` is needed by similarity-grouped subsets."""
    samples = []
    for number, episode in enumerate(episodes):
        alike = None if similarity is None else similarity[number]
        chosen = sample_subsets(len(episode.demonstrations), options.subsets, generator, options.subset_method, alike)
        samples.append(encode_sample(episode, chosen, options, tokenizer))
    return samples


@dataclass(frozen=True, slots=True)
class Padded:
    """Sequences padded on the right (exact without a mask for causal models, but the mask says what counts).

    ``ids`` and ``mask`` are (rows, time). ``predicts`` marks the positions whose next token is in the sequence,
    ``answer`` those whose next token is scored; both boolean (rows, time).
    """

    ids: Tensor
    mask: Tensor
    predicts: Tensor
    answer: Tensor

    def rows(self, which: Tensor) -> Padded:
        """Some of the rows, cut to the longest of them."""
        longest = int(self.mask[which].sum(1).max())
        return Padded(*(t[which, :longest] for t in (self.ids, self.mask, self.predicts, self.answer)))

    def to(self, device: torch.device) -> Padded:
        return Padded(*(t.to(device) for t in (self.ids, self.mask, self.predicts, self.answer)))


def counted(samples: Sequence[Sample], batch: Padded, scope: OutputScope) -> Tensor:
    """(rows, time): the positions of ``batch``, the padded samples, whose next token the loss counts."""
    if scope == "sequence":
        return batch.predicts
    if scope == "label":
        return batch.answer
    chosen = torch.zeros_like(batch.predicts)
    for row, sample in enumerate(samples):
        chosen[row, torch.tensor(sample.answers) - 1] = True
    return chosen


def pad(sequences: Sequence[ScoredSequence], padding_id: int) -> Padded:
    longest = max(len(s.ids) for s in sequences)
    ids = torch.full((len(sequences), longest), padding_id)
    mask = torch.zeros(len(sequences), longest, dtype=torch.long)
    predicts, answer = (torch.zeros(len(sequences), longest, dtype=torch.bool) for _ in range(2))
    for row, sequence in enumerate(sequences):
        length = len(sequence.ids)
        ids[row, :length] = torch.tensor(sequence.ids)
        mask[row, :length] = 1
        predicts[row, : length - 1] = True
        answer[row, sequence.start - 1 : sequence.end - 1] = True
    return Padded(ids, mask, predicts, answer)
