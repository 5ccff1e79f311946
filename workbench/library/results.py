"""What the library's calls find: frozen dataclasses, and tables of them where pandas is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.domain import (
    Answer,
    Contestant,
    Demonstration,
    Interval,
    Judgement,
    Prompt,
    Question,
    SearchRound,
    SetEvaluation,
)
from workbench.errors import WorkbenchError
from workbench.jobs.kinds.align import AlignResult
from workbench.jobs.kinds.score import ScoreResult
from workbench.jobs.kinds.search import SearchResult
from workbench.library.model import Model
from workbench.services.results import GainTable

if TYPE_CHECKING:
    import pandas


def table(rows: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """The rows as a pandas table. Raises WorkbenchError where pandas is not installed."""
    try:
        import pandas
    except ImportError as error:
        raise WorkbenchError("pandas is not installed.", remedy="Install it with: pip install pandas") from error
    return pandas.DataFrame(list(rows))


@dataclass(frozen=True, slots=True)
class Gain:
    """What one demonstration brings: ``gain`` is the mean change of the reference answers' log-likelihood in nats per
    answer with its 95 % interval over questions, ``win_rate`` the share of questions that it helps. ``tokens`` is what
    it adds to the prompt; ``difficulty`` is its IFD (arXiv 2308.12032), None where it was not measured."""

    demonstration: Demonstration
    gain: Interval
    win_rate: float
    tokens: int
    difficulty: float | None

    @property
    def mean(self) -> float:
        return self.gain.mean


@dataclass(frozen=True, slots=True)
class Scores:
    """Candidates by their gains, best first. ``table.gain`` has every candidate's gain on every question: an array of
    shape (candidates, questions), nats per answer, NaN where it was not scored. ``summary`` is the job's own."""

    gains: tuple[Gain, ...]
    table: GainTable
    summary: ScoreResult

    def to_pandas(self) -> pandas.DataFrame:
        """A row a candidate, best first."""
        return table([{
            "id": found.demonstration.id, "instruction": found.demonstration.instruction, "gain": found.gain.mean,
            "low": found.gain.low, "high": found.gain.high, "win_rate": found.win_rate, "tokens": found.tokens,
            "difficulty": found.difficulty} for found in self.gains])


@dataclass(frozen=True, slots=True)
class SearchFound:
    """What a search has chosen, in its order, and ``prompt``: the base prompt with it. ``rounds`` have the whole
    ranking of each round, ``evaluations`` the chosen set, the base prompt and baselines on the held-out questions."""

    chosen: tuple[Demonstration, ...]
    prompt: Prompt
    rounds: tuple[SearchRound, ...]
    evaluations: tuple[SetEvaluation, ...]
    summary: SearchResult

    @property
    def against_random(self) -> Interval | None:
        """The chosen set minus the mean of random sets of its size, on held-out questions; nats per answer, 95 %."""
        return self.summary.heldout.difference if self.summary.heldout else None

    def to_pandas(self) -> pandas.DataFrame:
        """A row a set that was measured on the held-out questions."""
        return table([{"strategy": found.strategy, "set": found.label, "demonstrations": found.demonstration_ids,
                       "mean": found.mean} for found in self.evaluations])


@dataclass(frozen=True, slots=True)
class Bench:
    """``answers`` of contestants (by ``contestant_id``) to questions (by ``question_id``), and what ``measures`` that
    need no judge say of those that have a reference."""

    contestants: tuple[Contestant, ...]
    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    measures: tuple[Judgement, ...]

    def means(self) -> dict[str, dict[str, float]]:
        """Contestant's name → measure → mean over all its answers with a reference."""
        names = {contestant.id: contestant.name for contestant in self.contestants}
        owner = {answer.id: names[answer.contestant_id] for answer in self.answers}
        scores: dict[str, dict[str, list[float]]] = {}
        for found in self.measures:
            if found.score is not None:
                scores.setdefault(owner[found.answer_id], {}).setdefault(found.name, []).append(found.score)
        return {name: {measure: sum(values) / len(values) for measure, values in found.items()}
                for name, found in scores.items()}

    def to_pandas(self) -> pandas.DataFrame:
        """A row an answer, with a column a measure."""
        names = {contestant.id: contestant.name for contestant in self.contestants}
        keys = {question.id: question.key for question in self.questions}
        measured: dict[int | None, dict[str, float | None]] = {}
        for found in self.measures:
            measured.setdefault(found.answer_id, {})[found.name] = found.score
        return table([{"contestant": names[answer.contestant_id], "question": keys[answer.question_id],
                       "turn": answer.turn, "repeat": answer.repeat, "text": answer.text, "tokens": answer.tokens,
                       **measured.get(answer.id, {})} for answer in self.answers])


@dataclass(frozen=True, slots=True)
class Training:
    """The trained ``student``, and the measures before and after training. ``curves``: name → (step, value)."""

    student: Model
    summary: AlignResult
    curves: Mapping[str, tuple[tuple[int, float], ...]]

    def to_pandas(self) -> pandas.DataFrame:
        """A row a measure."""
        return table([{"measure": name, "before": self.summary.before.get(name), "after": after}
                      for name, after in self.summary.after.items()])
