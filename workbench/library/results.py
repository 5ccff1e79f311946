"""What the library's calls find: frozen dataclasses, and tables of them where pandas is installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from workbench.jobs.kinds.evaluate import EvaluateResult
from workbench.jobs.kinds.score import ScoreResult, ScoreSpec
from workbench.jobs.kinds.search import SearchResult, SearchSpec
from workbench.jobs.kinds.sensitivity import SensitivityResult
from workbench.jobs.result import Result
from workbench.library.model import Model
from workbench.prompts import add
from workbench.services.evaluations import TaskScore
from workbench.services.recipe_reading import RecipeReading
from workbench.services.results import GainTable, PromptEffect

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


def scores_of(spec: ScoreSpec, found: GainTable, summary: ScoreResult) -> Scores:
    by_id = {candidate.id: candidate for candidate in spec.candidates}
    rows = zip(found.demonstration_ids, found.mean, found.win_rate, found.tokens, found.difficulty, strict=True)
    return Scores(tuple(Gain(by_id[id], gain, share, tokens, difficulty)
                        for id, gain, share, tokens, difficulty in rows), found, summary)


@dataclass(frozen=True, slots=True)
class SearchFound:
    """What a search has chosen, in its order, and ``prompt``: the base prompt with it. ``rounds`` have the whole
    ranking of each round, ``evaluations`` the chosen set, the base prompt and baselines on the held-out questions.
    ``left_out`` are candidates that were not searched among: id → why."""

    chosen: tuple[Demonstration, ...]
    prompt: Prompt
    rounds: tuple[SearchRound, ...]
    evaluations: tuple[SetEvaluation, ...]
    summary: SearchResult
    left_out: Mapping[int, str]

    @property
    def against_random(self) -> Interval | None:
        """The chosen set minus the mean of random sets of its size, on held-out questions; nats per answer, 95 %."""
        return self.summary.heldout.difference if self.summary.heldout else None

    def to_pandas(self) -> pandas.DataFrame:
        """A row a set that was measured on the held-out questions."""
        return table([{"strategy": found.strategy, "set": found.label, "demonstrations": found.demonstration_ids,
                       "mean": found.mean} for found in self.evaluations])


def search_found(spec: SearchSpec, rounds: Iterable[SearchRound], evaluations: Iterable[SetEvaluation],
                 summary: SearchResult) -> SearchFound:
    by_id = {candidate.id: candidate for candidate in spec.candidates}
    chosen = tuple(by_id[id] for id in summary.chosen)
    return SearchFound(chosen, add(spec.base, chosen, spec.position), tuple(rounds), tuple(evaluations), summary,
                       dict(spec.left_out))


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a prompt's demonstrations bring: ``effect.adds`` has what each adds to the others, in the prompt's order,
    ``effect.orders`` what other orders do; nats per answer."""

    prompt: Prompt
    effect: PromptEffect
    summary: SensitivityResult

    def to_pandas(self) -> pandas.DataFrame:
        """A row a demonstration, in the prompt's order."""
        return table([{"id": shown.id, "instruction": shown.instruction, "adds": added.mean, "low": added.low,
                       "high": added.high}
                      for shown, added in zip(self.prompt.demonstrations, self.effect.adds, strict=True)])


@dataclass(frozen=True, slots=True)
class Bench:
    """``answers`` of contestants (by ``contestant_id``) to questions (by ``question_id``), what ``measures`` say of
    those that have a reference, and what judges say of them (``judgements``)."""

    contestants: tuple[Contestant, ...]
    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    measures: tuple[Judgement, ...]
    judgements: tuple[Judgement, ...] = ()

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


@dataclass(frozen=True, slots=True)
class RecipeFound:
    """``reading`` is what the window's charts show: ``points`` of a recipe whose contestants answer, ``found`` of a
    search by a judge or of token shifts, and ``words`` that say which series differ."""

    reading: RecipeReading
    summary: Result

    def to_pandas(self) -> pandas.DataFrame:
        """A row a point of the chart; of a search by a judge a row a candidate and round; of shifts a row a
        contestant."""
        found = self.reading.found
        if found is None:
            return table([{"series": point.title, "x": point.x, "y": point.y, "label": point.label, "turn": point.turn,
                           "mean": point.interval.mean, "low": point.interval.low, "high": point.interval.high,
                           "answers": point.answers} for point in self.reading.points])
        if found.shifts:
            return table([{"contestant": shifted.name, "tokens": shifted.row.tokens,
                           "unshifted": shifted.row.unshifted.mean, "marginal": shifted.row.marginal.mean,
                           "shifted": shifted.row.shifted.mean, "kl": shifted.row.kl.mean} for shifted in found.shifts])
        return table([{"round": tried.number, "id": candidate.id, "instruction": candidate.title,
                       "judged": candidate.judged.mean, "low": candidate.judged.low, "high": candidate.judged.high,
                       "nats": candidate.nats, "chosen": candidate.id == tried.chosen}
                      for tried in found.rounds for candidate in tried.candidates])


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``scores`` of the tasks that were asked for, on one model."""

    scores: tuple[TaskScore, ...]
    summary: EvaluateResult

    def to_pandas(self) -> pandas.DataFrame:
        """A row a task."""
        return table([{"model": score.model, "task": score.task, "measure": score.measure, "value": score.value,
                       "error": score.error, "examples": score.examples} for score in self.scores])
