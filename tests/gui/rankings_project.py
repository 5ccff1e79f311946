"""A small project with a finished search, made by the real engine with a model of random weights."""

from __future__ import annotations

from pathlib import Path

from tests.jobs.random_model import write_random_model
from workbench.domain import Demonstration, Prompt, Question, QuestionSet
from workbench.jobs.control import Control
from workbench.jobs.events import Event
from workbench.jobs.kinds import kind_of, run_job
from workbench.jobs.kinds.search import SearchSpec
from workbench.jobs.run import LoadedModel, Run
from workbench.jobs.wire import encode_spec
from workbench.services.job_results import store
from workbench.services.project import Project
from workbench_db import jobs

CANDIDATES = tuple(
    Demonstration.pair(instruction, answer, category=category, source=source)
    for instruction, answer, category, source in (
        ("Name a colour.", "Blue.", "facts", "hand"), ("What is 2 plus 2?", "4", "maths", "hand"),
        ("Say hello politely.", "Good morning.", "style", "import"), ("What is 5 minus 3?", "2", "maths", "import"),
        ("Name <b>a bird</b>\nplease.", "A robin.", "facts", "hand"), ("قل مرحبا 🙂", "مرحبا", "style", "import"),
    ))
QUESTIONS = tuple(Question((f"What is {n} plus 1?",), (f"{n + 1}",), category, key=str(n))
                  for n, category in enumerate(("maths", "maths", "facts", "style", "style", "maths"), start=1))
HELDOUT = tuple(Question((f"What is {n} minus 1?",), (f"{n - 1}",), "maths", key=str(n)) for n in range(11, 15))
BASE = Prompt(rules="Answer briefly.", demonstrations=(Demonstration.pair("Name a fruit.", "An apple."),), name="draft")


def make(folder: Path) -> None:
    """Create the project, run a search of two rounds, write what it says as the queue does, and close it.

    The search runs in this process, which has torch loaded already when the whole suite runs; the jobs that the page
    starts in the tests run in processes of their own.
    """
    write_random_model(folder.parent / "random-model")
    project = Project.create(folder, "House style", person="tester")
    try:
        spec = project.lane.run(lambda: _fill(project, folder.parent / "random-model"))
        events: list[Event] = []
        run_job(spec, Run(events.append, Control(), LoadedModel()))
        project.lane.run(lambda: _write(project, spec, events))
    finally:
        project.close()


def _write(project: Project, spec: SearchSpec, events: list[Event]) -> None:
    with project.database.write() as connection:
        job = jobs.insert_job(connection, spec.kind, kind_of(spec).title(spec), encode_spec(spec))
        jobs.set_state(connection, job, "running")
        for event in events:
            store(connection, job, spec.kind, event)


def _fill(project: Project, model: Path) -> SearchSpec:
    ids = project.demonstrations.add(CANDIDATES).created
    prompt_id = project.prompts.create(BASE).created[0]
    sets = [project.questions.add(QuestionSet(name, found, held_out=found is HELDOUT)).created[0]
            for name, found in (("arithmetic", QUESTIONS), ("held out", HELDOUT))]
    project.models.register(model)
    ref = project.models.all()[0].ref
    questions, heldout = (project.questions.get(id).questions for id in sets)
    base, candidates = project.prompts.get(prompt_id), tuple(project.demonstrations.get(ids))
    return SearchSpec(ref, base, candidates, questions, heldout, rounds=2, random_sets=4)
