"""Starting a job, perhaps again: its specification, with what the database already holds of its results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PureWindowsPath

from workbench.errors import JobError
from workbench.jobs.specs import (
    AlignSpec,
    AnswerSpec,
    EvaluateSpec,
    JobSpec,
    JudgedSearchSpec,
    JudgeSpec,
    RecipeSpec,
    ScoreSpec,
    SearchSpec,
    SensitivitySpec,
    ShiftSpec,
)
from workbench.services.job_reuse import take_over
from workbench_db import answers, jobs, judgements, scores
from workbench_db.session import Connection


def at_home(spec: JobSpec, artifacts: Path) -> JobSpec:
    """The same job with its folders among this project's artifacts: the project may have been moved, or come from
    somebody else, and no job writes outside of it. Raises JobError for a folder without a name."""
    def here(folder: str) -> str:
        name = PureWindowsPath(folder).name          # which knows both kinds of separators
        if name in ("", "..", "."):
            raise JobError(f"“{folder}” is not a folder for a job's files.", safe="Nothing was started.")
        return str(artifacts / name)

    if isinstance(spec, AlignSpec | EvaluateSpec):
        return replace(spec, folder=here(spec.folder)) if spec.folder else spec
    if not isinstance(spec, RecipeSpec) or spec.tuning is None:
        return spec
    trainings = tuple(replace(one, folder=here(one.folder)) for one in spec.tuning.trainings)
    moved = {old.path: new.path for old, new in zip(spec.tuning.trainings, trainings, strict=True)}
    contestants = tuple(replace(one, model=replace(one.model, path=moved.get(one.model.path, one.model.path)))
                        for one in spec.contestants)
    return replace(spec, tuning=replace(spec.tuning, trainings=trainings), contestants=contestants)


def continued(connection: Connection, job_id: int, spec: JobSpec, kept_scores: str = "") -> JobSpec:
    """The same job without what is done, by an earlier start of it or by a score job that asked the same.

    ``kept_scores`` is the folder in which it finds and keeps scores by content.
    """
    if isinstance(spec, AnswerSpec | RecipeSpec):
        if isinstance(spec, RecipeSpec):
            spec = replace(spec, evaluated=tuple(scores.evaluations(connection, job_id)))
        return replace(spec, known=tuple(answers.of_contestants(
            connection, [one.id for one in spec.contestants if one.id is not None],
            [one.id for one in spec.questions if one.id is not None])))
    if isinstance(spec, JudgeSpec):
        said = judgements.of_job(connection, job_id)
        asked, answered = (sum(one.details.get(name, 0) for one in said)
                           for name in ("prompt_tokens", "completion_tokens"))
        return replace(spec, spent=(asked, answered), done=tuple(
            (one.answer_id, one.other_answer_id or 0, one.prompt_name) for one in said))
    if isinstance(spec, JudgedSearchSpec):
        done = tuple(scores.rounds(connection, job_id))
        return replace(spec, finished_rounds=done, known=tuple(
            (number, score) for number, score in scores.scores(connection, job_id) if number >= len(done)))
    if isinstance(spec, ShiftSpec):
        return replace(spec, done=tuple(one.answer_id for one in judgements.of_job(connection, job_id)))
    if isinstance(spec, ScoreSpec):
        return replace(spec, done=tuple(scores.scored_demonstrations(connection, job_id)), kept_scores=kept_scores)
    if isinstance(spec, SearchSpec):
        source = take_over(connection, job_id, spec)
        if source is not None:
            jobs.append_log(connection, job_id, "info", f"Job {source} scored the same candidates: taken over.")
        finished = tuple(scores.rounds(connection, job_id))
        last = len(finished)
        known = scores.scores(connection, job_id, last) + scores.scores(connection, job_id, last + 1)
        winner = finished[-1].chosen_id if finished else None
        return replace(
            spec, finished_rounds=finished, evaluated=tuple(scores.evaluations(connection, job_id)),
            known=tuple((number, score) for number, score in known
                        if number > last or score.demonstration_id == winner),
            kept_scores=kept_scores,
        )
    if isinstance(spec, SensitivitySpec):
        return replace(spec, kept_scores=kept_scores)
    return spec
