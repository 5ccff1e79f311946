"""Starting a job, perhaps again: its specification, with what the database already holds of its results."""

from __future__ import annotations

from dataclasses import replace

from db import answers, jobs, judgements, scores
from db.session import Connection
from workbench.jobs.specs import (
    AnswerSpec,
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
