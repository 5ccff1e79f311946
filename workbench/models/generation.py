"""Answers drawn token by token, many at a time, with the prompts' common start computed once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from workbench.domain.bench import Finish
from workbench.errors import ModelError
from workbench.models.base import Decoding, Draw, Drawn
from workbench.models.sampling import choose
from workbench.models.stopping import find_end

T = TypeVar("T")

_REFILL = 4                          # new rows are begun when a quarter of the places is free


class Decoder(Protocol):
    def decode(self, ids: Sequence[int]) -> str: ...


class Rows(Protocol):
    """Several answers that a model takes token by token, in step; they are numbered 0 … n - 1."""

    most: int                        # rows at a time; known after ``start``

    def start(self, shared: Sequence[int], room: int, count: int) -> None:
        """Compute what all rows begin with (perhaps nothing). ``count`` rows are to come, of ``room`` tokens at most
        after it."""

    def add(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Begin rows, after those that are there, each with what follows the shared start: logits after each (new
        rows, vocabulary). Raises MemoryError, and then none is begun."""

    def step(self, tokens: Sequence[int]) -> Tensor:
        """One more token for each row: logits (rows, vocabulary)."""

    def drop(self, row: int) -> None:
        """A row is done; the last row takes its number."""

    def close(self) -> None:
        """No row is needed any more."""


class Steps(Protocol):
    """A model taken token by token. A past is whatever ``forward`` gave; None is the empty one."""

    def forward(self, ids: Sequence[int], past: Any) -> tuple[Tensor, Any]:
        """Logits (vocabulary) after the last of ``ids``, and the past with them added; the old one is used up."""

    def fork(self, past: Any) -> Any:
        """A past that grows on its own."""

    def release(self, past: Any) -> None:
        """A past is not needed any more."""


class OneByOne:
    """Rows of any model that can be taken token by token: one after the other, with a past of its own each."""

    most = 1

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._shared: Any = None
        self._pasts: list[Any] = []

    def start(self, shared: Sequence[int], room: int, count: int) -> None:
        self._shared = self._steps.forward(shared, None)[1] if shared else None

    def add(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        found = []
        for ids in prompts:
            past = None if self._shared is None else self._steps.fork(self._shared)
            logits, past = self._steps.forward(ids, past)
            self._pasts.append(past)
            found.append(logits)
        return torch.stack(found)

    def step(self, tokens: Sequence[int]) -> Tensor:
        found = []
        for row, token in enumerate(tokens):
            logits, self._pasts[row] = self._steps.forward((token,), self._pasts[row])
            found.append(logits)
        return torch.stack(found)

    def drop(self, row: int) -> None:
        self._steps.release(self._pasts[row])
        self._pasts[row] = self._pasts[-1]
        self._pasts.pop()

    def close(self) -> None:
        while self._pasts:
            self.drop(0)
        self._steps.release(self._shared)
        self._shared = None


def draw(
    rows: Rows, decoder: Decoder, prompts: Sequence[tuple[int, ...]], decodings: Sequence[Decoding],
    on_text: Callable[[int, str], None], on_drawn: Callable[[int, Drawn], None], end_tokens: frozenset[int],
    context: int,
) -> list[Drawn]:
    """See LanguageModel.draw. Greedy output equals ``transformers.generate``'s.

    Rows come and go: where answers are whole, others take their places.
    """
    if not prompts:
        return []
    shared = _common_start(prompts)
    found: dict[int, Drawn] = {}

    def begin(index: int) -> _Running:
        room = context - len(prompts[index])
        stream = TextStream(decoder, decodings[index].stop, partial(on_text, index))
        return _Running(index, decodings[index], prompts[index], room, stream)

    def whole(one: _Running, finish: Finish) -> None:
        found[one.index] = one.drawn(finish)
        on_drawn(one.index, found[one.index])

    try:
        answers = [begin(index) for index in range(len(prompts))]
        rows.start(prompts[0][:shared], max(len(one.prompt) - shared + one.most for one in answers), len(answers))
        _run(rows, answers, shared, whole, end_tokens)
    finally:
        rows.close()
    return [found[index] for index in range(len(prompts))]


def _run(rows: Rows, waiting: Sequence[_Running], shared: int, whole: Callable[[_Running, Finish], None],
         end_tokens: frozenset[int]) -> None:
    queue, running, most = deque(waiting), list[_Running](), rows.most
    logits: Tensor | None = None
    while queue or running:
        if queue and (not running or most - len(running) >= max(most // _REFILL, 1)):
            new = [queue.popleft() for _ in range(min(most - len(running), len(queue)))]
            try:
                with _shared_out(new):
                    added = rows.add([one.prompt[shared:] for one in new])
            except MemoryError as error:
                queue.extendleft(reversed(new))
                most = max(len(running), len(new) // 2)
                if most == 0:
                    raise ModelError("The memory is not enough for one answer.", safe="What was finished is kept.",
                                     remedy="Close other programs, or allow fewer tokens.") from error
                if not running:
                    continue
            else:
                running += new
                logits = added if logits is None else torch.cat([logits, added])
        assert logits is not None
        with _shared_out(running[:]):
            logits = _advance(rows, running, logits, whole, end_tokens)


@contextmanager
def _shared_out(running: Sequence[_Running]) -> Iterator[None]:
    """The time that passes, in equal parts."""
    began = time.perf_counter()
    yield
    part = (time.perf_counter() - began) / len(running)
    for one in running:
        one.seconds += part


def _advance(rows: Rows, running: list[_Running], logits: Tensor, whole: Callable[[_Running, Finish], None],
             end_tokens: frozenset[int]) -> Tensor | None:
    """A token for each row; takes out the rows that are done. Logits of those that go on, None where none does."""
    tokens = choose(logits, [one.seen for one in running], [one.decoding for one in running],
                    [one.generator for one in running])
    chosen = logits.gather(1, torch.tensor(tokens, device=logits.device)[:, None])[:, 0].float()
    logprobs = (chosen - logits.float().logsumexp(-1)).tolist()
    ended = [one.add(token, logprob, end_tokens) for one, token, logprob in zip(running, tokens, logprobs, strict=True)]
    for row in reversed(range(len(running))):
        if finish := ended[row]:
            whole(running[row], finish)
            rows.drop(row)
            _fill(running, row)
            _fill(tokens, row)
    return rows.step(tokens) if running else None


def _fill(values: list[T], place: int) -> None:
    """Take a value out; the last one comes in its place."""
    values[place] = values[-1]
    values.pop()


@dataclass(slots=True)
class _Running:
    """An answer in the making; ``room`` is how many tokens the context has for it."""

    index: int
    decoding: Decoding
    prompt: tuple[int, ...]
    room: int
    stream: TextStream
    logprob: float = 0.0
    seconds: float = 0.0
    generator: torch.Generator = field(init=False)
    seen: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.generator = torch.Generator(device="cpu").manual_seed(self.decoding.seed)
        self.seen = torch.tensor(self.prompt)

    @property
    def most(self) -> int:
        """Tokens that it may have."""
        return min(self.decoding.max_tokens, self.room)

    def add(self, token: int, logprob: float, end_tokens: frozenset[int]) -> Finish:
        """Take one more token; why the answer is whole, "" while it is not."""
        self.logprob += logprob
        if token in end_tokens:
            return "end"
        if self.stream.add(token):
            return "stop"
        if len(self.stream.ids) >= self.most:
            return "length" if self.most == self.decoding.max_tokens else "context"
        if self.decoding.repetition_penalty != 1.0:
            self.seen = torch.cat([self.seen, torch.tensor([token])])
        return ""

    def drawn(self, finish: Finish) -> Drawn:
        if finish != "stop":
            self.stream.finish()
        return Drawn(self.stream.text, len(self.stream.ids), finish, self.logprob, self.seconds)


def alike(prompts: Sequence[str], decoding: Decoding) -> list[Draw]:
    """What LanguageModel.generate asks for."""
    return [Draw(prompt, replace(decoding, seed=decoding.seed + index)) for index, prompt in enumerate(prompts)]


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
    """Tokens that all prompts share, less one, as each needs a token of its own to begin with; 0 for one prompt."""
    if len(prompts) < 2:
        return 0
    first, last = min(prompts), max(prompts)
    shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return min(shared, *(len(prompt) - 1 for prompt in prompts))
