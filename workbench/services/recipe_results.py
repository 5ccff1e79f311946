"""What the ICL-alignment paper's experiments have found, as points of a chart. services.recipes starts them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.bench.measures import GRADER, LOG_LIKELIHOOD, REFERENCE, measures
from workbench.bench.recipe_table import RECIPES
from workbench.bench.recipes import (
    SERIES_NAMES,
)
from workbench.domain import Changes, Interval, ModelRef
from workbench.errors import WorkbenchError
from workbench.jobs.kinds.judged_search import JudgedSearchSpec
from workbench.jobs.kinds.recipe import RecipeSpec
from workbench.services.bench_measures import Measure
from workbench.services.job_results import BOOTSTRAP_SEED
from workbench.services.measures import measured
from workbench.services.recipe_tests import SeriesTest, groups, order_agreement, series_tests
from workbench.statistics.paired import Measured, series_mean
from workbench.wording import counted
from workbench_db import answers as stored_answers
from workbench_db import contestants as stored_contestants
from workbench_db import scores as stored_scores

if TYPE_CHECKING:
    from workbench.services.project import Project

LIKELIHOOD = LOG_LIKELIHOOD.name


@dataclass(frozen=True, slots=True)
class Score:
    """What a recipe's chart can show. ``judge`` is the language-model judge of a rating, "reference" or "grader" of a
    measure."""

    name: str
    judge: str
    title: str                       # "Log-likelihood of the reference, nats per answer: not an MT-Bench score"

    @property
    def measure(self) -> Measure:
        return Measure(self.judge, "rating") if self.name == "rating" else Measure(self.judge, "measure", self.name)


def scores_of_measures() -> list[Score]:
    """In the order in which they are offered."""
    return [Score(one.name, one.judge, one.note) for one in measures().values()]


@dataclass(frozen=True, slots=True)
class RecipePoint:
    """A mark of a recipe's chart: the mean over the answers of ``contestant_ids``, one a draw, with its 95 % interval
    over ``questions`` and, if there are several, ``draws``. ``label`` names ``x`` where it is no number; ``turn`` (0 =
    the first) is set where turns are points of their own."""

    series: str
    title: str                       # the series' name
    x: float
    y: float | None
    label: str
    interval: Interval
    answers: int
    questions: int
    draws: int
    contestant_ids: tuple[int, ...]
    turn: int | None = None

    @property
    def basis(self) -> str:
        """ "40 questions, 3 draws": what the interval is over; "40 questions, this set only" where one was drawn."""
        return f"{counted(self.questions, 'question')}, " + (
            f"{self.draws} draws" if self.draws > 1 else "this set only")


@dataclass(frozen=True, slots=True)
class Tuned:
    """A model that recipe 5 has trained. ``registered`` is its name among the project's models; "" if it is none."""

    name: str                        # "tiny-student, Fine-tuned, 30, seed 0"
    model: ModelRef
    registered: str = ""


class Recipes:
    """``project.recipes``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    # — reading —

    def spec(self, job_id: int) -> RecipeSpec:
        """Raises WorkbenchError if the job is no recipe."""
        found = self._project.jobs.spec(job_id)
        if not isinstance(found, RecipeSpec):
            raise WorkbenchError(f"Job {job_id} is not a recipe.", remedy="Choose another job.")
        return found

    def scores(self, job_id: int) -> list[Score]:
        """What there is to show: measures first, then language-model judges that rated these answers."""
        spec = self.spec(job_id)
        values = self._values(spec, job_id)
        judges = sorted({judge for judge, _ in values if judge not in (REFERENCE, GRADER)})
        return [one for one in scores_of_measures() if (one.judge, one.name) in values] + [
            Score("rating", judge, f"Rating by {judge}, 1 to 10") for judge in judges]

    def points(self, job_id: int, score: Score | None = None) -> list[RecipePoint]:
        """The chart's marks, series by series, for one of ``scores`` (by default the first)."""
        spec = self.spec(job_id)
        recipe, values = RECIPES[spec.recipe], self._values(spec, job_id)
        score = score or next((one for one in scores_of_measures() if (one.judge, one.name) in values), None)
        if score is None:
            return []
        of_contestant, bounds = values.get((score.judge, score.name), {}), score.measure.bounds
        found = []
        for (series, x, y), ids in groups(spec).items():
            drawn = [of_contestant.get(id, ()) for id in ids]
            turns = sorted({one.turn for values in drawn for one in values})
            label = f"{x:g}" if recipe.ordered else SERIES_NAMES[series]
            for turn in turns if recipe.by_turn else (None,):
                own = [[one for one in values if turn in (None, one.turn)] for values in drawn]
                mean = series_mean(own, np.random.default_rng(BOOTSTRAP_SEED), bounds)
                if mean is not None:
                    title = SERIES_NAMES[series] + ("" if turn is None else f", turn {turn + 1}")
                    found.append(RecipePoint(series, title, x, y, label, mean.interval, sum(map(len, own)),
                                             mean.questions, mean.draws, ids, turn))
        return found

    def tests(self, job_id: int, score: Score) -> list[SeriesTest]:
        """Each series against the recipe's reference (see RecipeEntry.against)."""
        spec = self.spec(job_id)
        return series_tests(spec, self._values(spec, job_id).get((score.judge, score.name), {}))

    def orders(self, job_id: int, score: Score) -> list[tuple[Score, float, int]]:
        """How alike ``score`` and each other one order the recipe's points: Kendall's tau, and over how many points."""
        spec = self.spec(job_id)
        values = self._values(spec, job_id)
        own = values.get((score.judge, score.name), {})
        found = [(one, *order_agreement(spec, own, values[one.judge, one.name])) for one in self.scores(job_id)
                 if one != score]
        return [(one, tau, points) for one, tau, points in found if tau == tau and points > 2]

    def _values(self, spec: RecipeSpec, job_id: int) -> dict[tuple[str, str], dict[int, list[Measured]]]:
        """(judge, name) → contestant → its values."""
        found: defaultdict[tuple[str, str], defaultdict[int, list[Measured]]] = defaultdict(lambda: defaultdict(list))
        with self._project.database.read() as connection:
            evaluations = stored_scores.evaluations(connection, job_id)
        for evaluation in evaluations:
            found[REFERENCE, LIKELIHOOD][int(evaluation.label)] += [
                Measured(one.question_id, one.turn, one.logprob) for one in evaluation.answers]
        ids = {one.id for one in spec.contestants if one.id is not None}
        asked = [one for one in spec.questions if one.id is not None]
        answers = {one.id: one for one in self._project.bench.answers_to([one.id or 0 for one in asked], ids)}
        stored = (one for one in self._project.bench.judgements_of(id for id in answers if id is not None)
                  if one.kind == "rating" and not one.by_person and one.readable)
        for judgement in (*measured(asked, answers.values()), *stored):
            answer = answers.get(judgement.answer_id)
            if answer is not None and judgement.score is not None:
                name = "rating" if judgement.kind == "rating" else judgement.name
                found[judgement.judge, name][answer.contestant_id].append(
                    Measured(answer.question_id, answer.turn, judgement.score, answer.repeat))
        return {key: dict(by_contestant) for key, by_contestant in found.items()}

    # — what recipe 4 has tried —

    def bring_back(self, job_id: int, number: int, demonstration_id: int) -> tuple[tuple[int, ...], Changes]:
        """Contestants that a search by a judge has tried: the set that round ``number`` (from 1) started from, and the
        same with a candidate. Those that were put aside come back on the bench, measured (undoable); those whose
        answers are not there are left out. Raises WorkbenchError: the job is no such search."""
        spec = self._project.jobs.spec(job_id)
        if not isinstance(spec, JudgedSearchSpec):
            raise WorkbenchError(f"Job {job_id} is not a search by a judge.", remedy="Choose another job.")
        before = [one.chosen_id for one in self._project.results.rounds(job_id) if one.number < number]
        asked = [one.id for one in spec.questions if one.id is not None]
        with self._project.database.read() as connection:
            found = [stored_contestants.stored_as(connection, spec.contestant(ids), aside=True)
                     for ids in (before, [*before, demonstration_id])]
            ids = tuple(id for id in found if id is not None
                        and stored_answers.of_contestants(connection, [id], asked))
        changes = self._project.bench.bring_back(ids)
        set_id = self._project.questions.holding(spec.questions)
        if ids and set_id is not None:
            self._project.judging.measure(set_id, ids)
        return ids, changes

    # — what recipe 5 has trained —

    def tuned(self, job_id: int) -> list[Tuned]:
        """The models that are there, in the order of the chart."""
        spec = self.spec(job_id)
        made = {one.path for one in spec.tuning.trainings} if spec.tuning is not None else set()
        known = {one.ref.path: one.ref.name for one in self._project.models.all()}
        found = {one.model.path: Tuned(one.name, one.model, known.get(one.model.path, "")) for one in spec.contestants
                 if one.model.path in made and Path(one.model.path).is_dir()}
        return list(found.values())

    def register(self, tuned: Tuned, name: str) -> Changes:
        """Make a trained model one of the project's. Raises ModelError."""
        base = Path(tuned.model.base) if tuned.model.base else None
        return self._project.models.register(Path(tuned.model.path), name, base=base)
