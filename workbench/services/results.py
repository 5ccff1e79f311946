"""What jobs found: scores, rankings, search rounds, held-out comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.domain import Interval, Question, RankedCandidate, SearchRound, SetEvaluation

if TYPE_CHECKING:
    from workbench.services.project import Project


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A score or search job that has results (perhaps not all yet)."""

    job_id: int
    kind: str                        # score | search
    title: str                       # "Greedy search, 212 candidates, 40 questions"
    model: str
    state: str
    candidates: int
    rounds: int


@dataclass(frozen=True, slots=True)
class GainTable:
    """Gains of one run (and round): ``gain[i][j]`` is candidate i's on question j, nats per answer; NaN not scored.

    Rows are sorted best first; ``previous_rank`` is the rank in the round before (None in the first).
    """

    round: int
    demonstration_ids: tuple[int, ...]
    titles: tuple[str, ...]                       # instructions, first 80 characters
    mean: tuple[Interval, ...]                    # 95 % interval over questions
    win_rate: tuple[float, ...]                   # share of questions with a gain above zero
    previous_rank: tuple[int | None, ...]
    questions: tuple[Question, ...]
    gain: tuple[tuple[float, ...], ...]
    tokens: tuple[int, ...]                       # prompt tokens each adds
    difficulty: tuple[float | None, ...]          # IFD; None where not measured


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A search's report. ``difference`` is greedy − mean of the random sets, paired bootstrap over questions."""

    base: SetEvaluation | None
    chosen: SetEvaluation | None
    baselines: tuple[SetEvaluation, ...]
    random_mean: float | None
    difference: Interval | None


class Results:
    """``project.results``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def runs(self) -> list[RunInfo]:
        """Newest first."""
        raise NotImplementedError

    def gains(self, job_id: int, round: int = 0) -> GainTable:
        """``round`` 0 is a score job's table, or a search's newest round."""
        raise NotImplementedError

    def rounds(self, job_id: int) -> list[SearchRound]:
        raise NotImplementedError

    def held_out(self, job_id: int) -> HeldOut | None:
        raise NotImplementedError

    def ranking(self, job_id: int, round: int = 0) -> list[RankedCandidate]:
        raise NotImplementedError
