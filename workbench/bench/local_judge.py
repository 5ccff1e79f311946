"""A model of the project as the judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.bench.language_model_judge import Reply, Request
from workbench.domain import DecodingSettings, Prompt, Rendered, Role, Turn
from workbench.errors import PromptError
from workbench.models.base import Draw, Drawn, LanguageModel
from workbench.prompts import render


class LocalJudge:
    """Asks in the model's own chat template; in plain text where it has none."""

    def __init__(
        self, model: LanguageModel, decoding: DecodingSettings, step: Callable[[], None] = lambda: None
    ) -> None:
        """``step`` is called often while words are drawn, and may raise Cancelled."""
        self.name = model.ref.name
        self._model, self._decoding, self._step = model, decoding, step

    def ask(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        """Many at a time. A request that leaves no room for an answer in the model's context is not asked."""
        rendered = [self._rendered(request) for request in requests]
        tokens = [len(encoded.ids) for encoded in self._model.tokenizer.encode_all([one.text for one in rendered])]
        fitting = [place for place, length in enumerate(tokens) if length < self._model.context]
        for place in sorted(set(range(len(requests))) - set(fitting)):
            on_reply(place, Reply("", problem=f"The request takes {tokens[place]:,} tokens and the judge's context "
                                              f"holds {self._model.context:,}."))

        def drawn(index: int, found: Drawn) -> None:
            place = fitting[index]
            on_reply(place, Reply(found.text, tokens[place], found.tokens))

        if fitting:
            wanted = [self._draw(rendered[place]) for place in fitting]
            self._model.draw(wanted, lambda index, text: self._step(), drawn)

    def _draw(self, rendered: Rendered) -> Draw:
        stop = tuple(dict.fromkeys((*self._decoding.stop, *rendered.stop)))
        return Draw(rendered.text, replace(self._decoding, stop=stop))

    def _rendered(self, request: Request) -> Rendered:
        turns = (Turn(Role.USER, request.user),)
        try:
            return render(Prompt(request.system, template="chat"), turns, tokenizer=self._model.tokenizer)
        except PromptError:
            return render(Prompt(request.system, template="plain"), turns, tokenizer=self._model.tokenizer)
