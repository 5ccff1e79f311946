"""From a rendered prompt to the tokens that are scored."""

from __future__ import annotations

from workbench.domain import Prompt, Rendered, Role, SpanKind, Turn
from workbench.models.base import Encoded, ScoredSequence, Tokenizer
from workbench.prompts import render


def answer_sequence(rendered: Rendered, tokenizer: Tokenizer) -> ScoredSequence:
    """The whole text tokenised in one go; wanted are the tokens that overlap the last reply's characters.

    Where no token stands before them, the tokenizer's start token is put there; without one the first token cannot be
    scored and is left out, as in every causal language model's loss.
    """
    span = rendered.spans[-1]
    if span.kind is not SpanKind.REPLY:
        raise ValueError("the text does not end with a reply")
    return _wanted(tokenizer.encode(rendered.text), span.start, span.end, tokenizer.start)


def text_sequence(text: str, tokenizer: Tokenizer) -> ScoredSequence:
    """All of ``text``, with nothing before it but the start token."""
    return _wanted(tokenizer.encode(text), 0, len(text), tokenizer.start)


def conversation(questions: tuple[str, ...], answers: tuple[str, ...]) -> tuple[Turn, ...]:
    """User and assistant in turn; there may be one answer less than questions."""
    turns: list[Turn] = []
    for place, question in enumerate(questions):
        turns.append(Turn(Role.USER, question))
        if place < len(answers):
            turns.append(Turn(Role.ASSISTANT, answers[place]))
    return tuple(turns)


def rendered_answer(prompt: Prompt, turns: tuple[Turn, ...], tokenizer: Tokenizer) -> ScoredSequence:
    return answer_sequence(render(prompt, turns, tokenizer=tokenizer), tokenizer)


def _wanted(encoded: Encoded, start: int, end: int, start_token: int | None) -> ScoredSequence:
    ids, offsets = encoded.ids, encoded.offsets
    inside = [i for i, (a, b) in enumerate(offsets) if a < end and b > start]
    if not inside:
        return ScoredSequence(ids, max(len(ids), 1), max(len(ids), 1))
    first, last = inside[0], inside[-1] + 1
    if first > 0:
        return ScoredSequence(ids[:last], first, last)
    if start_token is not None:
        return ScoredSequence((start_token, *ids[:last]), 1, last + 1)
    return ScoredSequence(ids[:last], 1, last)
