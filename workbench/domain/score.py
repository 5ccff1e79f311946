"""Log-likelihoods, in nats."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenScore:
    """One scored token: its text, log-probability (nats), rank (0 = most likely), and likelier alternatives."""

    text: str
    logprob: float
    rank: int = -1
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerScore:
    """The log-likelihood of one reference answer: sum over its ``tokens`` tokens, in nats."""

    question_id: int
    turn: int
    logprob: float
    tokens: int


@dataclass(frozen=True, slots=True)
class CandidateScore:
    """What one demonstration does, added to a base prompt. ``demonstration_id`` None is the base prompt itself.

    ``own_conditional`` and ``own_alone`` are the log-likelihoods of the demonstration's own answer with and without
    its instruction; the ratio of their negatives per token is the instruction-following difficulty (IFD, Li et al.,
    arXiv 2308.12032). ``own_tokens`` counts the answer's tokens, ``prompt_tokens`` what the demonstration adds.
    """

    demonstration_id: int | None
    answers: tuple[AnswerScore, ...]
    prompt_tokens: int = 0
    own_conditional: float | None = None
    own_alone: float | None = None
    own_tokens: int = 0
