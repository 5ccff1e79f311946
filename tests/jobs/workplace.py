"""A small project with a model of random weights, and waiting for its jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Condition
from typing import Any, TypeVar

from workbench.domain import Changes, Demonstration, ModelRef, Prompt, Question, QuestionSet
from workbench.jobs.events import Event, Failed, Finished, Stopped
from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds.count import CountSpec
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.kinds.search import SearchSpec
from workbench.services import recipes
from workbench.services.demonstrations import Filter
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project
from workbench.services.recipes import RecipeRequest

T = TypeVar("T")

PATIENCE = 300.0
BASE = Prompt("Be good.", (Demonstration.pair("x", "y"),), name="base")


@dataclass
class Workplace:
    """``project`` holds some demonstrations and two sets of questions; ``heard`` what the queue said."""

    project: Project
    model: ModelRef
    heard: list[tuple[int, Event, Changes]]
    arrival: Condition

    @classmethod
    def make(cls, folder: Path, model: ModelRef, *, candidates: int = 12, questions: int = 16) -> Workplace:
        project = Project.create(folder, person="Ada")
        pool = [Demonstration.pair(f"say {n}", f"thing {n * 7}", source="ab"[n % 2]) for n in range(candidates)]
        project.lane.run(lambda: project.demonstrations.add(pool))
        for name in ("search", "held"):
            asked = tuple(Question((f"{name} {n}",), (f"reply {n}",), "c", str(n)) for n in range(questions))
            project.lane.run(lambda asked=asked, name=name: project.questions.add(
                QuestionSet(name, asked, held_out=name == "held")))
        return cls.around(project, model)

    @classmethod
    def around(cls, project: Project, model: ModelRef) -> Workplace:
        place = cls(project, model, [], Condition())
        project.lane.run(lambda: project.jobs.listen(place._listen))
        return place

    def run(self, work: Callable[[], T]) -> T:
        return self.project.lane.run(work)

    def pool(self) -> tuple[Demonstration, ...]:
        def read() -> tuple[Demonstration, ...]:
            return tuple(self.project.demonstrations.get(self.project.demonstrations.ids(Filter())))

        return self.run(read)

    def questions(self, set_id: int) -> tuple[Question, ...]:
        return self.run(lambda: self.project.questions.get(set_id)).questions

    def score_spec(self) -> ScoreSpec:
        return ScoreSpec(self.model, BASE, self.pool(), self.questions(1))

    def search_spec(self) -> SearchSpec:
        return SearchSpec(self.model, BASE, self.pool(), self.questions(1), self.questions(2), rounds=2, random_sets=3)

    def count_spec(self, texts: int = 2, length: int = 1) -> CountSpec:
        return CountSpec(self.model, tuple((id, "word " * length) for id in range(1, texts + 1)))

    def long_spec(self) -> CountSpec:
        """Some seconds of work in steps of milliseconds."""
        return self.count_spec(20_000, 50)

    def submit(self, spec: JobSpec) -> int:
        return self.run(lambda: self.project.jobs.submit(spec))

    def recipe(self, recipe: str, base: Prompt, set_id: int = 1, **asked: Any) -> int:
        """Run a recipe on the model under ``base``, as the window and the command line do."""
        def submit() -> int:
            known = [one.ref.id for one in self.project.models.all() if one.ref.path == self.model.path]
            model_id = known[0] if known else self.project.models.register(Path(self.model.path)).created[0]
            stored = [one.id for one in self.project.prompts.all() if one.name == base.name]
            prompt_id = stored[0] if stored else self.project.prompts.create(base).created[0]
            assert model_id is not None
            return recipes.submit(self.project, RecipeRequest(recipe, set_id, model_id, prompt_id, **asked))

        return self.run(submit)

    def info(self, job_id: int) -> JobInfo:
        return self.run(lambda: self.project.jobs.get(job_id))

    def events(self, job_id: int) -> list[Event]:
        with self.arrival:
            return [event for id, event, _ in self.heard if id == job_id]

    def until(self, job_id: int, wanted: Callable[[Event], bool], *, after: int = 0) -> Event:
        """Wait for an event, at or after the ``after``-th of all."""
        def found() -> Event | None:
            return next((event for id, event, _ in self.heard[after:] if id == job_id and wanted(event)), None)

        with self.arrival:
            assert self.arrival.wait_for(lambda: found() is not None, PATIENCE), self.heard[-5:]
            event = found()
            assert event is not None
            return event

    def ended(self, job_id: int, *, after: int = 0) -> Event:
        return self.until(job_id, lambda event: isinstance(event, Finished | Failed | Stopped), after=after)

    def _listen(self, job_id: int, event: Event, changes: Changes) -> None:
        with self.arrival:
            self.heard.append((job_id, event, changes))
            self.arrival.notify_all()
