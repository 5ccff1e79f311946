"""What a project's finished jobs have found, read on its lane."""

from __future__ import annotations

from typing import TypeVar

from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds.align import AlignResult
from workbench.jobs.kinds.evaluate import EvaluateResult
from workbench.jobs.kinds.score import ScoreResult, ScoreSpec
from workbench.jobs.kinds.search import SearchResult, SearchSpec
from workbench.jobs.kinds.sensitivity import SensitivityResult
from workbench.jobs.result import Result
from workbench.library.model import load_model
from workbench.library.results import (
    Bench,
    Evaluation,
    RecipeFound,
    Scores,
    SearchFound,
    Sensitivity,
    Training,
    scores_of,
    search_found,
)
from workbench.services.bench_reading import read_bench
from workbench.services.evaluations import task_scores
from workbench.services.project import Project
from workbench.services.recipe_reading import read_recipes
from workbench.services.training_reading import METRICS

Told = TypeVar("Told", bound=JobSpec)
Found = TypeVar("Found", bound=Result)


def scores(project: Project, job_id: int) -> Scores:
    spec, result = _ended(project, job_id, ScoreSpec, ScoreResult)
    return scores_of(spec, project.results.gains(job_id), result)


def search(project: Project, job_id: int) -> SearchFound:
    spec, result = _ended(project, job_id, SearchSpec, SearchResult)
    report = project.results.held_out(job_id)
    sets = () if report is None else (report.base, report.chosen, *report.baselines)
    return search_found(spec, project.results.rounds(job_id), [found for found in sets if found is not None], result)


def sensitivity(project: Project, job_id: int) -> Sensitivity:
    spec, effect = project.results.measured(job_id)
    result = project.jobs.get(job_id).result
    assert isinstance(result, SensitivityResult)
    return Sensitivity(spec.prompt, effect, result)


def bench(project: Project, set_id: int) -> Bench:
    """All that is on the bench of a question set."""
    reading = read_bench(project, set_id)
    return Bench(reading.contestants, reading.questions, tuple(reading.answers.values()),
                 tuple(said for said in reading.judgements if said.kind == "measure"),
                 tuple(said for said in reading.judgements if said.kind != "measure"))


def recipe(project: Project, job_id: int) -> RecipeFound:
    result = project.jobs.get(job_id).result
    assert result is not None
    return RecipeFound(read_recipes(project, job_id, None), result)


def training(project: Project, job_id: int) -> Training:
    run = next(run for run in project.alignment.runs() if run.job_id == job_id)
    assert isinstance(run.result, AlignResult)
    curves = {name: tuple(points) for name, points in project.alignment.curves(job_id, METRICS).items()}
    student = load_model(project.alignment.student(job_id), f"{run.spec.student.name} trained")
    return Training(student, run.result, curves)


def evaluation(project: Project, job_id: int) -> Evaluation:
    result = project.jobs.get(job_id).result
    assert isinstance(result, EvaluateResult)
    return Evaluation(tuple(score for score in task_scores(project) if score.job_id == job_id), result)


def _ended(project: Project, job_id: int, told: type[Told], found: type[Found]) -> tuple[Told, Found]:
    spec, result = project.jobs.spec(job_id), project.jobs.get(job_id).result
    assert isinstance(spec, told)
    assert isinstance(result, found)
    return spec, result
