"""Answers drawn token by token, with the prompts' common start computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from workbench.models.base import Decoding
from workbench.models.stopping import find_end


class Decoder(Protocol):
    def decode(self, ids: Sequence[int]) -> str: ...


class Steps(Protocol):
    """A model taken token by token. A past is whatever ``forward`` gave; None is the empty one."""

    def forward(self, ids: Sequence[int], past: Any) -> tuple[Tensor, Any]:
        """Logits (vocabulary) after the last of ``ids``, and the past with them added; the old one is used up."""

    def fork(self, past: Any) -> Any:
        """A past that grows on its own."""

    def release(self, past: Any) -> None:
        """A past is not needed any more."""


def generate(
    steps: Steps, decoder: Decoder, prompts: Sequence[tuple[int, ...]], decoding: Decoding,
    on_text: Callable[[int, str], None], end_tokens: frozenset[int], context: int,
) -> list[str]:
    """See LanguageModel.generate. Greedy output equals ``transformers.generate``'s.

    Prompt i is drawn with seed ``decoding.seed + i``, so that an answer does not depend on the prompts beside it.
    """
    shared = _common_start(prompts)
    start = steps.forward(prompts[0][:shared], None)[1] if shared else None
    answers = []
    for index, ids in enumerate(prompts):
        stream = TextStream(decoder, decoding.stop, partial(on_text, index))
        past = steps.fork(start) if shared else None
        _draw(steps, past, ids, shared, decoding, stream, end_tokens, context, seed=decoding.seed + index)
        answers.append(stream.text)
    steps.release(start)
    return answers


def _draw(
    steps: Steps, past: Any, ids: tuple[int, ...], shared: int, decoding: Decoding, stream: TextStream,
    end_tokens: frozenset[int], context: int, *, seed: int,
) -> None:
    generator = torch.Generator(device="cpu").manual_seed(seed)
    logits, past = steps.forward(ids[shared:], past)
    seen = torch.tensor(ids, device=logits.device)
    for _ in range(min(decoding.max_tokens, context - len(ids))):
        token = choose(logits, seen, decoding, generator)
        if token in end_tokens:
            break
        if stream.add(token):
            steps.release(past)
            return
        seen = torch.cat([seen, torch.tensor([token], device=seen.device)])
        logits, past = steps.forward((token,), past)
    steps.release(past)
    stream.finish()


def choose(logits: Tensor, seen: Tensor, decoding: Decoding, generator: torch.Generator) -> int:
    """One token from ``logits`` (vocabulary). The steps and their order are those of transformers' generate:
    repetition penalty (Keskar et al., arXiv 1909.05858), temperature, top-k, top-p (Holtzman et al., arXiv 1904.09751).
    """
    scores = logits.float().clone()
    if decoding.repetition_penalty != 1.0:
        old = scores[seen]
        scores[seen] = torch.where(old < 0, old * decoding.repetition_penalty, old / decoding.repetition_penalty)
    if decoding.temperature <= 0:
        return int(scores.argmax())
    scores = scores / decoding.temperature
    if 0 < decoding.top_k < len(scores):
        scores[scores < scores.topk(decoding.top_k).values[-1]] = float("-inf")
    if decoding.top_p < 1.0:
        ordered, order = scores.sort()
        cut = ordered.softmax(-1).cumsum(-1) <= 1 - decoding.top_p
        cut[-1] = False
        scores[order[cut]] = float("-inf")
    return int(torch.multinomial(scores.softmax(-1).cpu(), 1, generator=generator))


@dataclass(slots=True)
class TextStream:
    """Tokens in, text out: holds back half characters and what may be the beginning of a stop string."""

    decoder: Decoder
    stop: tuple[str, ...]
    on_text: Callable[[str], None]
    ids: list[int] = field(default_factory=list)
    text: str = ""                   # what was given out

    def add(self, token: int) -> bool:
        """Take one more token; True when a stop string has come."""
        self.ids.append(token)
        whole = self.decoder.decode(self.ids)
        end, undecided = find_end(whole, self.stop, finished=False)
        if end is not None:
            self._give(whole[:end])
            return True
        if not whole.endswith("\ufffd"):
            self._give(whole[: len(whole) - undecided])
        return False

    def finish(self) -> None:
        """No more tokens: give out what was held back."""
        whole = self.decoder.decode(self.ids)
        end, _ = find_end(whole, self.stop, finished=True)
        self._give(whole[:end])

    def _give(self, whole: str) -> None:
        if len(whole) > len(self.text):
            self.on_text(whole[len(self.text) :])
            self.text = whole


def _common_start(prompts: Sequence[tuple[int, ...]]) -> int:
    """Tokens that all prompts share, less one, as each needs a token of its own to begin with."""
    if len(prompts) < 2:
        return 0
    first, last = min(prompts), max(prompts)
    shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return min(shared, *(len(prompt) - 1 for prompt in prompts))

