"""How sure a model is of its own answers to candidates' instructions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.domain import Demonstration, Position, Prompt, Role, Turn
from workbench.models.base import Decoding, Draw, Drawn, LanguageModel
from workbench.prompts import add, render

MAX_TOKENS = 64                      # of an answer, as in the authors' program where answers are texts


class AnswerConfidence:
    """See search.task.Confidence. ``drawn`` is called for each answer that is whole, ``step`` while answers are drawn;
    both may raise Cancelled."""

    def __init__(
        self, model: LanguageModel, base: Prompt, candidates: Sequence[Demonstration],
        position: Position = Position.BEFORE_BASE, drawn: Callable[[], None] = lambda: None,
        step: Callable[[], None] = lambda: None,
    ) -> None:
        self._model, self._base, self._position = model, add(base, ()), position
        self._candidates = {one.id: one for one in candidates}
        self._drawn, self._step = drawn, step

    def confidence(self, asked: Sequence[tuple[int, tuple[int, ...]]]) -> list[float | None]:
        prompts = [self._prompt(id, retrieved) for id, retrieved in asked]
        wanted = {place: prompt for place, prompt in enumerate(prompts) if prompt is not None}
        found = self._model.draw(list(wanted.values()), lambda place, text: self._step(),
                                 lambda place, drawn: self._drawn())
        means = dict(zip(wanted, map(_mean, found), strict=True))
        return [means.get(place) for place in range(len(asked))]

    def _prompt(self, id: int, retrieved: tuple[int, ...]) -> Draw | None:
        """With as many of ``retrieved`` as fit, the nearest last; None where the instruction alone does not."""
        for count in range(len(retrieved), -1, -1):
            shown = [self._candidates[other] for other in reversed(retrieved[:count])]
            prompt = add(self._base, shown, self._position)
            text = render(prompt, (Turn(Role.USER, self._candidates[id].instruction),), tokenizer=self._model.tokenizer)
            if self._model.tokenizer.count(text.text) + MAX_TOKENS <= self._model.context:
                return Draw(text.text, Decoding(MAX_TOKENS, 0.0, stop=text.stop))
        return None


def _mean(answer: Drawn) -> float | None:
    """Nats a token over all that was drawn, the end token among it; None where the model does not tell."""
    if answer.logprob is None:
        return None
    return answer.logprob / max(1, answer.tokens + (answer.finish == "end"))
