"""A search's first round asks what a score job asks: each candidate alone, added to the base prompt. What such a job of
the same project has measured is taken over instead of being measured again."""

from __future__ import annotations

from workbench.domain import CandidateScore, ModelRef, Question
from workbench.errors import JobError
from workbench.jobs.specs import JobState, ScoreSpec, SearchSpec
from workbench.jobs.wire import decode_spec
from workbench.search.strategies import strategies
from workbench_db import jobs, scores
from workbench_db.session import Connection

SCORING_ROUND, FIRST_ROUND = 0, 1


def take_over(connection: Connection, job_id: int, spec: SearchSpec) -> int | None:
    """Copy scores of the newest score job that measured the same thing into a search that has none yet.

    Returns that job's id; None where nothing was copied. Only candidates whose text has not changed are taken over.
    """
    strategy = strategies().get(spec.strategy)
    exact = strategy is not None and strategy.scores_singly and spec.options.racing == "off"
    if not exact or scores.scored_demonstrations(connection, job_id, FIRST_ROUND):
        return None
    for job in reversed(jobs.jobs_in_state(connection, JobState.FINISHED)):
        if job.kind != "score":
            continue
        try:
            earlier = decode_spec(job.spec)
        except JobError:                             # written by another version
            continue
        if isinstance(earlier, ScoreSpec) and _same_measure(earlier, spec):
            found = _unchanged(scores.scores(connection, job.id, SCORING_ROUND), earlier, spec)
            scores.insert_scores(connection, job_id, [(FIRST_ROUND, score) for score in found])
            return job.id if found else None
    return None


def _same_measure(earlier: ScoreSpec, spec: SearchSpec) -> bool:
    return (
        _made_by(earlier.model) == _made_by(spec.model) and bool(spec.model.sha256)
        and earlier.base.content_hash == spec.base.content_hash
        and (earlier.position, earlier.turns) == (spec.position, spec.turns)
        and {_asked(one) for one in earlier.questions} == {_asked(one) for one in spec.questions}
    )


def _made_by(model: ModelRef) -> tuple[str, ...]:
    return model.backend, model.sha256, model.device, model.dtype


def _asked(question: Question) -> tuple[object, ...]:
    return question.id, question.turns, question.references


def _unchanged(found: list[tuple[int, CandidateScore]], earlier: ScoreSpec, spec: SearchSpec) -> list[CandidateScore]:
    """The base prompt's score, and those of candidates with the same id and text that have answers."""
    same = {(one.id, one.content_hash) for one in earlier.candidates} & {
        (one.id, one.content_hash) for one in spec.candidates}
    ids = {None, *(id for id, _ in same)}
    return [score for _, score in found if score.demonstration_id in ids and score.answers]
