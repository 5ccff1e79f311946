"""A small project with a finished search, made by the real job with a model of random weights."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from tests.jobs.random_model import write_random_model
from workbench.domain import Changes, Demonstration, Prompt, Question, QuestionSet
from workbench.jobs.events import Failed, Finished
from workbench.jobs.specs import JobSpec, SearchSpec
from workbench.services.project import Project

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
    """Create the project, run a search of two rounds in its child process, and close it."""
    write_random_model(folder.parent / "random-model")
    project = Project.create(folder, "House style", person="tester")
    try:
        run(project, project.lane.run(lambda: _fill(project, folder.parent / "random-model")))
    finally:
        project.close()


def _fill(project: Project, model: Path) -> SearchSpec:
    ids = project.demonstrations.add(CANDIDATES).created
    prompt_id = project.prompts.create(BASE).created[0]
    sets = [project.questions.add(QuestionSet(name, found)).created[0]
            for name, found in (("arithmetic", QUESTIONS), ("held out", HELDOUT))]
    project.models.register(model)
    ref = project.models.all()[0].ref
    questions, heldout = (project.questions.get(id).questions for id in sets)
    base, candidates = project.prompts.get(prompt_id), tuple(project.demonstrations.get(ids))
    return SearchSpec(ref, base, candidates, questions, heldout, rounds=2, random_sets=4)


def run(project: Project, spec: JobSpec) -> int:
    """Run one job to its end; returns its id."""
    ended, failures = Event(), []

    def listen(job_id: int, event: object, changes: Changes) -> None:
        if isinstance(event, Failed):
            failures.append(event.message)
        if isinstance(event, Finished | Failed):
            ended.set()

    stop = project.jobs.listen(listen)
    job_id = project.lane.run(lambda: project.jobs.submit(spec))
    assert ended.wait(120), "the job did not end"
    stop()
    assert not failures, failures
    return job_id
