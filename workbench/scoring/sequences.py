"""From a rendered prompt to the tokens that are scored."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.domain import Prompt, Rendered, Role, SpanKind, Turn
from workbench.models.base import Encoded, ScoredSequence, Tokenizer
from workbench.prompts import render


def answer_sequences(rendered: Sequence[Rendered], tokenizer: Tokenizer) -> list[ScoredSequence]:
    """Each whole text tokenised in one go; wanted are the tokens that overlap the last reply's characters.

    Where no token stands before them, the tokenizer's start token is put there; without one the first token cannot be
    scored and is left out, as in every causal language model's loss.
    """
    encoded = tokenizer.encode_all([text.text for text in rendered])
    sequences = []
    for text, tokens in zip(rendered, encoded, strict=True):
        span = text.spans[-1]
        if span.kind is not SpanKind.REPLY:
            raise ValueError("the text does not end with a reply")
        sequences.append(_wanted(tokens, span.start, span.end, tokenizer.start))
    return sequences


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
    """The sequence that scores the last of ``turns``, an answer, under ``prompt``."""
    return answer_sequences([render(prompt, turns, tokenizer=tokenizer)], tokenizer)[0]


def _wanted(encoded: Encoded, start: int, end: int, start_token: int | None) -> ScoredSequence:
    ids, offsets = encoded.ids, encoded.offsets
    last = len(ids)
    while last and not (offsets[last - 1][0] < end and offsets[last - 1][1] > start):
        last -= 1
    if not last:
        return ScoredSequence(ids, max(len(ids), 1), max(len(ids), 1))
    # Special tokens stand for no characters and may lie anywhere, so the way back ends at the first token before.
    first = next((i + 1 for i in range(last - 1, -1, -1) if offsets[i][1] <= start), 0)
    if first > 0:
        return ScoredSequence(ids[:last], first, last)
    if start_token is not None:
        return ScoredSequence((start_token, *ids[:last]), 1, last + 1)
    return ScoredSequence(ids[:last], 1, last)
