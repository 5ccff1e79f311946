"""A project with two carried models, the Alignment page over it, and runs written as the queue writes them."""

from __future__ import annotations

from dataclasses import replace

from pytestqt.qtbot import QtBot

from tests.gui.waiting import rest
from workbench.alignment.options import PRESETS, AlignmentOptions
from workbench.gui.alignment.page import AlignmentPage
from workbench.jobs.events import Event, Finished, Metric
from workbench.jobs.kinds import kind_of
from workbench.jobs.kinds.align import AlignResult, PreferenceExample
from workbench.jobs.wire import encode_spec
from workbench.services.job_results import store
from workbench.services.project import Project
from workbench.services.trainings import sample_tasks
from workbench_db import jobs

SMALL = replace(PRESETS["quick"], steps=2, episodes=6, batch=2, most=5, evaluate_every=1)
EXAMPLE = PreferenceExample("label 3", None, (None,) * 4, ((0, 1), (1, 2), (2, 3)), (4, 0, 1, 2, 3),
                            teacher=(-1.0, -2.0, -3.0), before=(-3.0, -2.0, -1.0), after=(-1.0, -3.0, -2.0))


def add_run(project: Project, options: AlignmentOptions, *events: Event) -> int:
    """A run that has said ``events``, written as the queue writes them; called on the lane."""
    models = {model.ref.name: model.ref for model in project.models.all()}
    spec = project.alignment.spec(models["tiny-teacher"], models["tiny-student"], options, examples=2,
                                  pool=sample_tasks())
    with project.database.write() as connection:
        job = jobs.insert_job(connection, spec.kind, kind_of(spec).title(spec), encode_spec(spec))
        jobs.set_state(connection, job, "running")
        for event in events:
            store(connection, job, spec.kind, event)
        if not any(isinstance(event, Finished) for event in events):
            jobs.set_state(connection, job, "interrupted")
    return job


def points(*values: float) -> list[Metric]:
    return [Metric(name, step, value) for name in ("kl", "ranking_loss") for step, value in enumerate(values, 1)] + [
        Metric(name, step, value) for step, value in enumerate(values) for name in
        ("consistency_best", "consistency_worst", "held_out_kl", "log_likelihood_8")]


def finished(before: float = 0.25, after: float = 0.75,
             examples: tuple[PreferenceExample, ...] = (EXAMPLE,)) -> Finished:
    numbers = {"consistency_worst": 0.5, "kendall_tau": 0.1, "kl": 0.4, "log_likelihood_0": -3.0,
               "log_likelihood_8": -2.0, "exact_match_8": 0.5}
    return Finished(AlignResult({"consistency_best": before} | numbers, {"consistency_best": after} | numbers, 1.0,
                                examples))


def write(page: AlignmentPage, qtbot: QtBot, *events: Event, options: AlignmentOptions = SMALL) -> int:
    made: list[int] = []
    page.session.ask(lambda project: add_run(project, options, *events), made.append)
    qtbot.waitUntil(lambda: bool(made))
    page.reader.read()
    rest(page, qtbot)
    return made[0]
