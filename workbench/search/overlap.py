"""Candidates that ask what they are judged on: their own copies of questions rank first and prove nothing."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from workbench.domain import Demonstration, Question, Role

NGRAM = 13                           # words, as in Brown et al., arXiv 2005.14165, appendix C
BOILERPLATE = 10                     # what more candidates than this have in common says nothing about one of them

Words = tuple[str, ...]


class Kind(StrEnum):
    """How a candidate meets a question."""

    EXACT = "exact"                  # the same text
    NORMALISED = "normalised"        # the same words, whatever their case, marks and spaces
    NEAR = "near"                    # NGRAM words in a row are the same


class Overlap(NamedTuple):
    """``question`` is met by a candidate, in what it asks or in a reference answer."""

    kind: Kind
    question: Question

    @property
    def words(self) -> str:
        """ "asks question 12", "nearly asks question 12" """
        how = "nearly asks" if self.kind is Kind.NEAR else "asks"
        return f"{how} question {self.question.key or self.question.id}"


def overlaps(candidates: Sequence[Demonstration], questions: Sequence[Question]) -> dict[int, Overlap]:
    """For each candidate (by id) that meets a question the closest one; the first of those that are equally close.

    What the candidate asks, in any turn, is held against what the questions ask; runs of NGRAM words also its answers
    against the references.
    """
    exact, normalised, near = dict[str, Question](), dict[Words, Question](), dict[Words, Question]()
    for question in questions:
        for text in question.turns:
            exact.setdefault(text.strip(), question)
            normalised.setdefault(words(text), question)
        for text in (*question.turns, *question.references):
            for run in _runs(words(text)):
                near.setdefault(run, question)
    runs = {candidate.id: {run for turn in candidate.turns for run in _runs(words(turn.text))} & near.keys()
            for candidate in candidates if candidate.id is not None}
    held = Counter(run for own in runs.values() for run in own)
    found = dict[int, Overlap]()
    for candidate in candidates:
        if candidate.id is None:
            continue
        asked = [turn.text for turn in candidate.turns if turn.role is Role.USER]
        telling = (run for run in sorted(runs[candidate.id]) if held[run] <= BOILERPLATE)
        kinds: tuple[tuple[Kind, Iterable[Question | None]], ...] = (
            (Kind.EXACT, (exact.get(text.strip()) for text in asked)),
            (Kind.NORMALISED, (normalised.get(words(text)) for text in asked if words(text))),
            (Kind.NEAR, (near[run] for run in telling)),
        )
        closest = next((Overlap(kind, question) for kind, met in kinds for question in met if question is not None),
                       None)
        if closest is not None:
            found[candidate.id] = closest
    return found


def words(text: str) -> Words:
    """A text's words, without case, marks and compatibility forms."""
    return tuple(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def _runs(text: Words) -> Iterator[Words]:
    return (text[place : place + NGRAM] for place in range(len(text) - NGRAM + 1))
