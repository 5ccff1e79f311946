"""A project, opened for a notebook: the same services as the window's, one call after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event as Flag
from types import MappingProxyType, TracebackType
from typing import Any, TypeVar

from workbench.alignment.harness_options import HarnessOptions
from workbench.alignment.options import AlignmentOptions
from workbench.domain import Changes, DecodingSettings, Demonstration, Prompt, Question
from workbench.domain.filter import Filter
from workbench.domain.job_state import JobState
from workbench.errors import JobError
from workbench.jobs.events import Event, Failed, Finished, Progress, Stopped
from workbench.jobs.result import Result
from workbench.library import finished
from workbench.library.model import Model
from workbench.library.requests import (
    bench_request,
    benchmark_request,
    model_named,
    named,
    new_contestants,
    recipe_request,
    search_request,
    sensitivity_request,
    training_request,
)
from workbench.library.results import Bench, Evaluation, RecipeFound, Scores, SearchFound, Sensitivity, Training
from workbench.library.runs import Told
from workbench.services import benching, evaluations, recipes, searches, trainings
from workbench.services.benching import NewContestant
from workbench.services.imports import ImportReport
from workbench.services.project import Project

T = TypeVar("T")
GREEDY = DecodingSettings()
NO_CHANGE: Mapping[str, Any] = MappingProxyType({})


def open_project(folder: str | Path, *, read_only: bool = False) -> OpenProject:
    """Open a project's folder. One program writes it at a time: raises ProjectError where another has it open."""
    return OpenProject(Project.open(Path(folder), read_only=read_only))


def create_project(folder: str | Path, name: str = "") -> OpenProject:
    """Make a new project in an empty or new folder. Raises ProjectError."""
    return OpenProject(Project.create(Path(folder), name))


class OpenProject:
    """An open project. Close it, or use it in a ``with`` statement.

    ``call`` runs any use case of ``workbench.services`` on the project's own thread:
    ``project.call(lambda p: p.demonstrations.set_rating([3], 5))``.
    """

    def __init__(self, project: Project) -> None:
        self.project = project

    @property
    def folder(self) -> Path:
        return self.project.folder

    def call(self, work: Callable[[Project], T]) -> T:
        return self.project.lane.run(lambda: work(self.project))

    def close(self) -> None:
        self.project.close()

    def __enter__(self) -> OpenProject:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    # -- what is in it

    def import_file(self, path: str | Path) -> ImportReport:
        """Import demonstrations, or a prompt file. Raises FormatError."""
        return self.call(lambda p: p.imports.run(Path(path)))

    def import_questions(self, path: str | Path, references: str | Path | None = None, name: str = "") -> Changes:
        return self.call(lambda p: p.questions.import_file(
            Path(path), None if references is None else Path(references), name))

    def demonstrations(self, query: str = "") -> list[Demonstration]:
        """Those that a query finds, as typed into the window's filter (``tag:code rating>=3``). Raises QueryError."""
        return self.call(lambda p: p.demonstrations.get(p.demonstrations.ids(Filter(text=f"{query} "))))

    def questions(self, name: str = "") -> tuple[Question, ...]:
        """The questions of a set, by default of the first. Raises WorkbenchError if there is none of this name."""
        sets = self.call(lambda p: p.questions.sets())
        found = named(sets, name, "question set")
        return self.call(lambda p: p.questions.get(found.id).questions)

    def prompt(self, name: str = "") -> Prompt:
        found = named(self.call(lambda p: p.prompts.all()), name, "prompt")
        return self.call(lambda p: p.prompts.get(found.id))

    def model(self, name: str = "") -> Model:
        """A model of the project, by default the current one."""
        found = self.call(lambda p: model_named(p, name))
        return Model(found.ref, found.facts)

    def add_model(self, path: str | Path, name: str = "") -> Model:
        """Register a folder or a .gguf file. Raises ModelError."""
        changes = self.call(lambda p: p.models.register(Path(path), name))
        added = {id for ids in changes.touched.values() for id in ids}
        found = next(info for info in self.call(lambda p: p.models.all()) if info.ref.id in added)
        return Model(found.ref, found.facts)

    # -- jobs, in child processes, as the window runs them. ``changes`` are fields of the request that differ from the
    # defaults, which are the window's; where a field is an id (``model_id``, ``set_id``), a name does, too. All raise
    # WorkbenchError, ``told`` hears how far they are.

    def score(self, told: Told | None = None, **changes: Any) -> Scores:
        """Each candidate alone. ``changes`` are fields of ``services.searches.SearchRequest``."""
        return self._run(told, lambda p: searches.submit(p, search_request(p, "score", changes)), finished.scores)

    def search(self, told: Told | None = None, **changes: Any) -> SearchFound:
        """Choose demonstrations. ``changes`` are fields of ``services.searches.SearchRequest``."""
        return self._run(told, lambda p: searches.submit(p, search_request(p, "search", changes)), finished.search)

    def sensitivity(self, told: Told | None = None, **changes: Any) -> Sensitivity:
        """What each demonstration of a prompt adds. ``changes``: ``services.searches.SensitivityRequest``."""
        return self._run(told, lambda p: searches.submit_sensitivity(p, sensitivity_request(p, changes)),
                         finished.sensitivity)

    def contestants(self, models: Sequence[str] = ("",), prompts: Sequence[str | None] | None = None,
                    decoding: DecodingSettings = GREEDY) -> tuple[NewContestant, ...]:
        """All combinations of models and prompts by name, for ``bench(new=…)``. "" is the current model; a prompt None
        is the question alone, and ``prompts`` None that and the first prompt."""
        return self.call(lambda p: new_contestants(p, models, prompts, decoding))

    def bench(self, told: Told | None = None, **changes: Any) -> Bench:
        """Answer what is not answered, then judge. ``changes``: ``services.benching.BenchRequest``. What is found is
        all that is on the bench of the question set."""
        request = self.call(lambda p: bench_request(p, changes))
        started = self.call(lambda p: benching.submit(p, request))
        for job_id in started.judging if started.answering is None else (started.answering,):
            self._follow(job_id, told)
        return self.call(lambda p: finished.bench(p, request.set_id))

    def recipe(self, name: str, told: Told | None = None, **changes: Any) -> RecipeFound:
        """An experiment of arXiv 2405.19874: decoding, scaling, demonstration_parts, judged_search, tuning or shift.
        ``changes`` are fields of ``services.recipes.RecipeRequest``."""
        return self._run(told, lambda p: recipes.submit(p, recipe_request(p, name, changes)), finished.recipe)

    def align(self, told: Told | None = None, *, preset: str = "quick",
              options: Mapping[str, Any] | AlignmentOptions = NO_CHANGE, **changes: Any) -> Training:
        """Train a student. ``options`` differ from the preset's (quick, machine or paper), or are all of them;
        ``changes`` are fields of ``services.trainings.TrainingRequest``."""
        return self._run(told, lambda p: trainings.submit(p, training_request(p, preset, options, changes)),
                         finished.training)

    def evaluate(self, options: HarnessOptions, told: Told | None = None, **changes: Any) -> Evaluation:
        """Run tasks of lm-evaluation-harness. ``changes``: ``services.evaluations.BenchmarkRequest``."""
        return self._run(told, lambda p: evaluations.submit_benchmarks(p, benchmark_request(p, options, changes)),
                         finished.evaluation)

    def _run(self, told: Told | None, submit: Callable[[Project], int], found: Callable[[Project, int], T]) -> T:
        job_id = self.call(submit)
        self._follow(job_id, told)
        return self.call(lambda p: found(p, job_id))

    def _follow(self, job_id: int, told: Told | None) -> None:
        """Wait for the job, then for those that wait for it."""
        followers = self.call(lambda p: p.jobs.followers(job_id))
        self.wait(job_id, told)
        for follower in followers:
            self._follow(follower, told)

    def wait(self, job_id: int, told: Told | None = None) -> Result | None:
        """Wait for a job of the queue; what it found. Raises JobError when it does not finish."""
        ended = Flag()

        def listen(job: int, event: Event, changes: Changes) -> None:
            if job == job_id and isinstance(event, Progress) and told is not None and event.total:
                told(f"{event.message + ': ' if event.message else ''}{event.done:,} of {event.total:,} {event.unit}")
            if job == job_id and isinstance(event, Finished | Failed | Stopped):
                ended.set()

        unlisten = self.call(lambda p: p.jobs.listen(listen))
        try:
            if not self.call(lambda p: p.jobs.get(job_id)).state.ended:
                ended.wait()
        except KeyboardInterrupt:
            self.call(lambda p: p.jobs.cancel(job_id))
            raise
        finally:
            self.call(lambda p: unlisten())
        info = self.call(lambda p: p.jobs.get(job_id))
        if info.state is not JobState.FINISHED:
            raise JobError(info.detail, safe="What was finished is kept in the project.")
        return info.result
