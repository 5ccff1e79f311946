"""A model of the project as the judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.bench.language_model_judge import Reply, Request
from workbench.domain import Prompt, Rendered, Role, Turn
from workbench.errors import PromptError
from workbench.models.base import Decoding, LanguageModel
from workbench.prompts import render

TOGETHER = 8                         # requests drawn in one batch


class LocalJudge:
    """Asks in the model's own chat template; in plain text where it has none."""

    def __init__(self, model: LanguageModel, decoding: Decoding, step: Callable[[], None] = lambda: None) -> None:
        """``step`` is called often while words are drawn, and may raise Cancelled."""
        self.name = model.ref.name
        self._model, self._decoding, self._step = model, decoding, step

    def ask(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        """In batches. A request that leaves no room for an answer in the model's context is not asked."""
        batch: list[tuple[int, Rendered, int]] = []
        for place, request in enumerate(requests):
            rendered = self._rendered(request)
            tokens = len(self._model.tokenizer.encode(rendered.text).ids)
            if tokens >= self._model.context:
                on_reply(place, Reply("", tokens, problem=f"The request takes {tokens:,} tokens and the judge's "
                                                          f"context holds {self._model.context:,}."))
                continue
            batch.append((place, rendered, tokens))
            if len(batch) == TOGETHER:
                self._draw(batch, on_reply)
                batch = []
        if batch:
            self._draw(batch, on_reply)

    def _draw(self, batch: Sequence[tuple[int, Rendered, int]], on_reply: Callable[[int, Reply], None]) -> None:
        stop = tuple(dict.fromkeys((*self._decoding.stop, *batch[0][1].stop)))
        words = self._model.generate([rendered.text for _, rendered, _ in batch], replace(self._decoding, stop=stop),
                                     lambda place, text: self._step())
        for (place, _, tokens), said in zip(batch, words, strict=True):
            on_reply(place, Reply(said, tokens, len(self._model.tokenizer.encode(said, special=False).ids)))

    def _rendered(self, request: Request) -> Rendered:
        turns = (Turn(Role.USER, request.user),)
        try:
            return render(Prompt(request.system, template="chat"), turns, tokenizer=self._model.tokenizer)
        except PromptError:
            return render(Prompt(request.system, template="plain"), turns, tokenizer=self._model.tokenizer)
