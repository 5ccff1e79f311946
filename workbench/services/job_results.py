"""Writing what a job's child says into the database, event by event."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.domain import AnswerScore, Changes, Interval, JobState, Kind
from workbench.jobs.events import (
    Answered,
    Artifact,
    Evaluated,
    Event,
    Failed,
    Finished,
    Judged,
    Log,
    Metric,
    Progress,
    RoundFinished,
    Scored,
    Started,
    Stopped,
    Tried,
)
from workbench.jobs.kind import JobKind
from workbench.jobs.kinds import KINDS
from workbench.jobs.wire import encode_result
from workbench.search.intervals import gain_intervals
from workbench.services.measures import measured
from workbench_db import answers, contestants, jobs, judgements, questions, scores
from workbench_db.session import Connection

SCORING_ROUND = 0
BOOTSTRAP_SEED = 0                   # intervals that are read again have to come out the same


def store(connection: Connection, job_id: int, kind: str, event: Event) -> Changes:
    """Write one event of a job of this kind; returns what changed.

    Tokens, texts and counts are for whoever asked, and not kept.
    """
    touched: dict[Kind, frozenset[int]] = {}
    match event:
        case Started():
            jobs.set_facts(connection, job_id, event.facts)
        case Progress():
            jobs.set_progress(connection, job_id, event.done, event.total, event.unit, detail=event.message,
                              rate=event.rate, seconds_left=event.seconds_left)
        case Log():
            jobs.append_log(connection, job_id, event.level, event.message)
        case Scored():
            scores.insert_scores(connection, job_id, [(event.round, event.score)])
            touched = {Kind.SCORE: frozenset({job_id})}
        case RoundFinished():
            scores.insert_round(connection, job_id, event.round)
            touched = {Kind.SEARCH: frozenset({job_id})}
            # later rounds' gains are not against the base prompt
            if event.round.number == 1 and KINDS[kind].gains:
                gains = {one.demonstration_id: one.gain for one in event.round.ranking}
                touched |= _show_gains(connection, job_id, gains)
        case Evaluated():
            scores.insert_evaluation(connection, job_id, event.evaluation)
            touched = {Kind.SEARCH: frozenset({job_id})}
        case Answered():
            touched = {Kind.ANSWER: frozenset({answers.insert_answer(connection, event.answer, job_id)})}
        case Judged():
            touched = {Kind.JUDGEMENT: frozenset({judgements.insert_judgement(connection, event.judgement, job_id)})}
        case Tried():
            _store_tried(connection, job_id, event)
        case Metric():
            jobs.add_metric(connection, job_id, event.name, event.step, event.value)
        case Artifact():
            jobs.add_artifact(connection, job_id, event.path, event.role, event.sha256)
        case Finished() | Failed() | Stopped():
            touched = _end(connection, job_id, KINDS[kind], event)
        case _:
            return Changes()
    return Changes({Kind.JOB: frozenset({job_id})} | touched)


def _store_tried(connection: Connection, job_id: int, event: Tried) -> None:
    """Put aside, as a search tries hundreds of sets. What the same contestant has answered before stays as it is."""
    contestant = contestants.insert_contestant(connection, event.contestant, aside=True)
    asked = {one.question_id for one in event.answers}
    there = {one.key: one for one in answers.of_contestants(connection, [contestant], asked)}
    ids: dict[int, int] = {}
    for place, answer in enumerate(event.answers):
        own = replace(answer, contestant_id=contestant)
        known = there.get(own.key)
        if known is None:
            ids[place] = answers.insert_answer(connection, own, job_id)
        elif known.text == own.text and known.id is not None:
            ids[place] = known.id
    judgements.insert_judgements(connection, [replace(one, answer_id=ids[one.answer_id]) for one in event.judgements
                                              if one.answer_id in ids], job_id)


def _end(
    connection: Connection, job_id: int, kind: JobKind[Any, Any], event: Finished | Failed | Stopped
) -> dict[Kind, frozenset[int]]:
    changed: dict[Kind, frozenset[int]] = {}
    match event:
        case Finished():
            jobs.set_summary(connection, job_id, encode_result(event.result))
            jobs.set_state(connection, job_id, JobState.FINISHED, detail=kind.outcome(event.result))
            changed |= {what: frozenset({job_id}) for what in kind.changes}
            if kind.gains and (gains := score_job_gains(connection, job_id)):
                changed |= _show_gains(connection, job_id, gains)
        case Failed():
            jobs.set_state(connection, job_id, JobState.FAILED, detail=event.message)
            jobs.append_log(connection, job_id, "error", event.message)
            if event.traceback:
                jobs.append_log(connection, job_id, "error", event.traceback)
        case Stopped():
            jobs.set_state(connection, job_id, JobState.STOPPED, detail="Cancelled; what was finished is kept.")
    return changed | _measure(connection, job_id) if kind.bench_answers else changed


def _measure(connection: Connection, job_id: int) -> dict[Kind, frozenset[int]]:
    """What needs no model is measured as soon as a job has answered."""
    given = answers.of_job(connection, job_id)
    asked = questions.questions(connection, sorted({one.question_id for one in given}))
    known = {one.key for one in judgements.of_answers(connection, [one.id for one in given if one.id is not None])}
    fresh = [one for one in measured(asked, given) if one.key not in known]
    return {Kind.JUDGEMENT: frozenset(judgements.insert_judgements(connection, fresh))} if fresh else {}


def score_job_gains(connection: Connection, job_id: int) -> dict[int, Interval]:
    """Gains over the base prompt of all that a score job has scored."""
    answers: dict[int | None, tuple[AnswerScore, ...]] = {
        score.demonstration_id: score.answers for _, score in scores.scores(connection, job_id, SCORING_ROUND)
    }
    base = answers.pop(None, None)
    ids = [id for id, found in answers.items() if id is not None and found]
    if base is None or not ids:
        return {}
    intervals = gain_intervals(base, [answers[id] for id in ids], np.random.default_rng(BOOTSTRAP_SEED))
    return dict(zip(ids, intervals, strict=True))


def _show_gains(connection: Connection, job_id: int, gains: dict[int, Interval]) -> dict[Kind, frozenset[int]]:
    scores.update_latest_gains(connection, job_id, gains)
    return {Kind.DEMONSTRATION: frozenset(gains)}
