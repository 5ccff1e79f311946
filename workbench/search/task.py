"""What every strategy gets, and what it says while it works."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.domain import AnswerScore, CandidateScore, Demonstration, SearchRound
from workbench.errors import JobError
from workbench.search.options import SearchOptions

if TYPE_CHECKING:
    from workbench.search.racing import Race

# Streams of random numbers that a search draws from, apart from each other, so that one does not shift another.
CHOOSING, BASELINES, COMPARING, ORDERING, EQUAL_WORK = 0, 1, 2, 3, 4

ANSWERS_PER_STEP = 64                # sets are scored together up to this many answers; what a crash repeats


def stream(seed: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng((seed, purpose))


class Objective(Protocol):
    """How good a set is: the log-likelihoods of the reference answers when its demonstrations are added to the base.

    Sets are ordered: ``(4, 9)`` puts demonstration 4 before 9, as the prompt will.
    """

    def evaluate(self, sets: Sequence[tuple[int, ...]]) -> list[tuple[AnswerScore, ...]]:
        """One tuple of answers a set, the same answers in the same order for all. May raise Cancelled."""

    def prompt_tokens(self, ids: tuple[int, ...]) -> int:
        """Tokens of the base prompt with this set added."""

    def fits(self, ids: tuple[int, ...]) -> bool:
        """Whether the model's context holds the prompt with this set and any question with its answer."""

    def on(self, questions: Sequence[int]) -> Objective:
        """The same objective on these of its questions only, by id."""


class Embeddings(Protocol):
    """What a model makes of texts."""

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """For each text its tokens' contextual embeddings ``(tokens, width)``, at least one. May raise Cancelled."""


class Confidence(Protocol):
    """How sure a model is of what it answers itself."""

    def confidence(self, asked: Sequence[tuple[int, tuple[int, ...]]]) -> list[float | None]:
        """For each (candidate, others with the nearest first): the mean log-probability, in nats a token, of the
        model's own greedy answer to the candidate's instruction, after as many of the others as the context holds, the
        nearest last; None where it cannot be told. May raise Cancelled."""


def in_steps(
    objective: Objective, sets: Sequence[tuple[int, ...]], answers: int = 0
) -> list[tuple[AnswerScore, ...]]:
    """``objective.evaluate`` in steps of ANSWERS_PER_STEP; ``answers`` is how many a set has (0: the first tells)."""
    found = objective.evaluate(sets[:1]) if sets and not answers else []
    step = max(1, ANSWERS_PER_STEP // (answers or len(found[0]))) if sets else 1
    for start in range(len(found), len(sets), step):
        found += objective.evaluate(sets[start : start + step])
    return found


class Watch(Protocol):
    """Hears of results as they come, so that they can be kept at once."""

    def scored(self, round: int, score: CandidateScore) -> None: ...

    def round_finished(self, round: SearchRound) -> None: ...

    def raced(self, round: int, race: Race) -> None: ...

    def settled(self, finalists: int, *, changed: bool) -> None:
        """So many sets were scored again in float32; ``changed``: another one than before is the best."""

    def log(self, level: Literal["info", "good", "warning"], message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class SearchTask:
    """One search: ``size`` demonstrations out of ``candidates``, the whole prompt within ``token_budget`` tokens
    (0: only the model's context limits it).

    ``finished`` and ``known`` (by round and demonstration id, None for the set that the round started from) come
    from an earlier start of the same search and are not computed again. ``exact`` gives the objective in float32 where
    ``objective`` is computed in half precision, else None. ``embeddings`` is for strategies that compare texts,
    ``confidence`` for those that let the model answer the candidates' own instructions.
    """

    objective: Objective
    candidates: tuple[Demonstration, ...]
    size: int
    token_budget: int
    rng: np.random.Generator
    watch: Watch
    finished: tuple[SearchRound, ...] = ()
    known: Mapping[tuple[int, int | None], CandidateScore] = field(default_factory=dict)
    options: SearchOptions = field(default_factory=SearchOptions)
    exact: Callable[[], Objective | None] = lambda: None
    embeddings: Embeddings | None = None
    confidence: Confidence | None = None
    questions: tuple[str, ...] = ()                  # texts of the questions that are searched on

    @property
    def ids(self) -> tuple[int, ...]:
        """The candidates' ids in ascending order: the order in which they are scored, whatever the pool's was."""
        return tuple(sorted(d.id for d in self.candidates if d.id is not None))

    def fits(self, ids: tuple[int, ...]) -> bool:
        in_budget = not self.token_budget or self.objective.prompt_tokens(ids) <= self.token_budget
        return in_budget and self.objective.fits(ids)

    @property
    def limit(self) -> str:
        """What the prompts have to fit into, in words."""
        return f"{self.token_budget} tokens" if self.token_budget else "the model's context"

    def check_base(self) -> None:
        """Raises JobError when the base prompt alone does not fit."""
        if not self.fits(()):
            tokens = self.objective.prompt_tokens(())
            raise JobError(
                f"The base prompt takes {tokens} tokens and does not fit into {self.limit}.",
                remedy="Shorten the base prompt, raise the budget, or choose a model with a longer context.",
            )
