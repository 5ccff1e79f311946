"""Building a text piece by piece while noting which stretch of it is what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import wraps

from workbench.domain import Demonstration, Prompt, Rendered, Role, Span, SpanKind, Turn
from workbench.errors import PromptError


@dataclass(slots=True)
class Pieces:
    """Text that grows; ``part`` notes a span, ``frame`` does not."""

    _parts: list[str] = field(default_factory=list)
    _spans: list[Span] = field(default_factory=list)
    length: int = 0

    def frame(self, text: str) -> None:
        self._parts.append(text)
        self.length += len(text)

    def part(self, text: str, kind: SpanKind, index: int) -> None:
        start = self.length
        self.frame(text)
        self._spans.append(Span(start, self.length, kind, index))

    def copy(self) -> Pieces:
        """The same so far, to go on with."""
        return Pieces([self.text], self._spans.copy(), self.length)

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def rendered(self, stop: tuple[str, ...]) -> Rendered:
        return Rendered(self.text, tuple(self._spans), stop)


def once_per_prompt(build: Callable[[Prompt], Pieces]) -> Callable[[Prompt], Pieces]:
    """Remember what was built for the last prompt, which is asked many questions one after the other.

    The very object is compared, as comparing long texts would cost what building does; prompts are never changed.
    """
    last: list[tuple[Prompt, Pieces]] = []

    @wraps(build)
    def remembered(prompt: Prompt) -> Pieces:
        known = last[:]
        if known and known[0][0] is prompt:
            return known[0][1]
        pieces = build(prompt)
        last[:] = [(prompt, pieces)]
        return pieces

    return remembered


def labelled_demonstration(demonstration: Demonstration, index: int) -> Iterator[tuple[Turn, SpanKind, int]]:
    """A demonstration's turns, each with its span kind; a system turn counts as part of the instruction."""
    for turn in demonstration.turns:
        kind = SpanKind.ANSWER if turn.role is Role.ASSISTANT else SpanKind.INSTRUCTION
        yield turn, kind, index


def labelled_conversation(turns: Sequence[Turn]) -> Iterator[tuple[Turn, SpanKind, int]]:
    """The asked conversation: the first question and the first reply have index 0, the second ones 1, and so on.

    Raises PromptError unless user and assistant take turns, the user first.
    """
    for place, turn in enumerate(turns):
        expected = Role.ASSISTANT if place % 2 else Role.USER
        if turn.role is not expected:
            raise PromptError(
                f"Turn {place + 1} of the question is the {turn.role}'s, but the {expected}'s is expected.",
                remedy="User and assistant have to take turns, the user first.",
            )
        yield turn, SpanKind.REPLY if place % 2 else SpanKind.QUESTION, place // 2


def awaits_answer(turns: Sequence[Turn]) -> bool:
    """Whether the text has to end where the model's answer begins."""
    return bool(turns) and turns[-1].role is Role.USER
