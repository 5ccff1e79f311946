"""Probing examples that a model makes itself, and how it labels them under an order of demonstrations."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.domain import Demonstration, Position, Prompt, Question, Role, SpanKind, Turn
from workbench.errors import JobError
from workbench.models.base import Decoding, LanguageModel
from workbench.prompts import add, render
from workbench.scoring.kept_scores import KeptScores, Likelihoods
from workbench.scoring.sequences import answer_sequences, conversation

MOST_LABELS = 16
MOST_EXAMPLES = 24                   # as many as four demonstrations have orders (arXiv 2104.08786, section 4)
_TEMPERATURE, _MAX_TOKENS = 1.0, 64


def labels_of(questions: Sequence[Question]) -> tuple[str, ...]:
    """The different first answers of the questions, sorted. Raises JobError when there are too many to be labels."""
    labels = sorted({reference for question in questions for reference in question.references[:1] if reference})
    if not 2 <= len(labels) <= MOST_LABELS:
        raise JobError(
            f"An order by entropy needs questions with 2 to {MOST_LABELS} different answers; these have {len(labels)}.",
            safe="Nothing was started.", remedy="Choose the order by likelihood, or questions that ask for a label.",
        )
    return tuple(labels)


class GeneratedProbe:
    """Lu et al. 2022 (arXiv 2104.08786, section 3): the model goes on with the prompt under each of ``orders`` and so
    makes up questions, which are the probing examples; it is then asked for the labels' likelihoods.

    ``step`` is called before each piece of work and may raise Cancelled. Raises JobError when nothing came of it.
    """

    def __init__(
        self, model: LanguageModel, base: Prompt, candidates: Sequence[Demonstration], labels: tuple[str, ...],
        orders: Sequence[tuple[int, ...]], *, position: Position = Position.BEFORE_BASE, seed: int = 0,
        kept: KeptScores | None = None, step: Callable[[], None] = lambda: None,
    ) -> None:
        self._model, self._base, self._position, self._step = model, add(base, ()), position, step
        self._candidates = {d.id: d for d in candidates if d.id is not None}
        self._likelihoods, self._labels = Likelihoods(model, kept), labels
        self.examples = self._made_up(orders[:MOST_EXAMPLES], seed)
        if not self.examples:
            raise JobError("The model made up no probing examples, so there is nothing to measure entropy on.",
                           remedy="Choose the order by likelihood.")

    def label_logprobs(self, order: tuple[int, ...]) -> NDArray[np.float64]:
        """Log-likelihoods (nats) of each label as the answer to each example, ``(examples, labels)``."""
        self._step()
        prompt, tokenizer = self._prompt(order), self._model.tokenizer
        rendered = [render(prompt, conversation((example,), (label,)), tokenizer=tokenizer)
                    for example in self.examples for label in self._labels]
        sums = self._likelihoods.sums(answer_sequences(rendered, tokenizer))
        return np.array(sums).reshape(len(self.examples), len(self._labels))

    def _made_up(self, orders: Sequence[tuple[int, ...]], seed: int) -> tuple[str, ...]:
        """The questions that the model goes on with, each once, in the order they came."""
        starts, stop = [], ""
        for order in orders:
            asked = render(self._prompt(order), (Turn(Role.USER, "?"),), tokenizer=self._model.tokenizer)
            span = next(span for span in asked.spans if span.kind is SpanKind.QUESTION)
            starts.append(asked.text[: span.start])
            stop = _first_mark(asked.text[span.end :])
        decoding = Decoding(_MAX_TOKENS, _TEMPERATURE, stop=(stop,) if stop else (), seed=seed)
        made = self._model.generate(starts, decoding, lambda index, text: self._step())
        room = self._model.context - max(len(self._model.tokenizer.encode(start).ids) for start in starts)
        fitting = (text.strip() for text in made if self._fits(text, room))
        return tuple(dict.fromkeys(text for text in fitting if text))

    def _fits(self, text: str, room: int) -> bool:
        encode = self._model.tokenizer.encode
        return len(encode(text).ids) + max(len(encode(label).ids) for label in self._labels) + _MAX_TOKENS <= room

    def _prompt(self, order: tuple[int, ...]) -> Prompt:
        return add(self._base, (self._candidates[id] for id in order), self._position)


def _first_mark(text: str) -> str:
    r"""What ends a question in the template: "\n```", "\nAnswer:"."""
    found = re.match(r"\s*\S+", text)
    return found.group() if found else text
