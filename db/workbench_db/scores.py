"""What jobs measured: scores of candidates, rounds of a search, sets on held-out questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from workbench.domain import AnswerScore, CandidateScore, Interval, RankedCandidate, SearchRound, SetEvaluation
from workbench_db.row_hash import row_hash
from workbench_db.schema import CandidateMeasureRow, ScoreRow, SearchRoundRow, SetEvaluationRow


def insert_scores(connection: Connection, job_id: int, scores: Iterable[tuple[int, CandidateScore]]) -> None:
    """Store (round, score) pairs; one that is there already (a repeated step) is replaced."""
    for round, score in scores:
        measure = CandidateMeasureRow
        same = measure.demonstration_id.is_not_distinct_from(score.demonstration_id)
        connection.execute(delete(measure).where(measure.job_id == job_id, measure.round == round, same))
        answers = sorted([a.question_id, a.turn, float(a.logprob), a.tokens] for a in score.answers)
        facts: dict[str, Any] = {
            "job_id": job_id, "round": round, "demonstration_id": score.demonstration_id,
            "prompt_tokens": score.prompt_tokens, "own_conditional": _real(score.own_conditional),
            "own_alone": _real(score.own_alone), "own_tokens": score.own_tokens}
        id = connection.execute(insert(measure).values(**facts, row_hash=row_hash(*facts.values(), answers))
                                .returning(measure.id)).scalar_one()
        if answers:
            connection.exec_driver_sql(
                "INSERT INTO scores (measure_id, question_id, turn, logprob, tokens) VALUES (?, ?, ?, ?, ?)",
                [(id, *answer) for answer in answers])


def scores(connection: Connection, job_id: int, round: int | None = None) -> list[tuple[int, CandidateScore]]:
    """(round, score) of a job, by round and in the order they came; of one round if given."""
    measure = CandidateMeasureRow
    here = [measure.job_id == job_id] + ([measure.round == round] if round is not None else [])
    answers: defaultdict[int, list[AnswerScore]] = defaultdict(list)
    rows = connection.execute(
        select(ScoreRow.measure_id, ScoreRow.question_id, ScoreRow.turn, ScoreRow.logprob, ScoreRow.tokens)
        .join(measure, measure.id == ScoreRow.measure_id).where(*here))
    for measure_id, question_id, turn, logprob, tokens in rows:
        answers[measure_id].append(AnswerScore(question_id, turn, logprob, tokens))
    measures = connection.execute(
        select(measure.id, measure.round, measure.demonstration_id, measure.prompt_tokens, measure.own_conditional,
               measure.own_alone, measure.own_tokens).where(*here).order_by(measure.round, measure.id))
    return [(number, CandidateScore(demonstration_id, tuple(answers[id]), prompt_tokens, conditional, alone, own))
            for id, number, demonstration_id, prompt_tokens, conditional, alone, own in measures]


def scored_demonstrations(connection: Connection, job_id: int, round: int = 0) -> list[int | None]:
    """Which candidates of a round are done (None = the base prompt): what a resumed job does not do again."""
    measure = CandidateMeasureRow
    return list(connection.scalars(select(measure.demonstration_id).where(
        measure.job_id == job_id, measure.round == round).order_by(measure.id)))


def insert_round(connection: Connection, job_id: int, found: SearchRound) -> None:
    """Store a round of a search; a repeated one is replaced."""
    ranking = [[c.demonstration_id, c.objective, c.gain.mean, c.gain.low, c.gain.high] for c in found.ranking]
    facts: dict[str, Any] = {"job_id": job_id, "number": found.number, "chosen_id": found.chosen_id,
                             "objective": float(found.objective), "prompt_tokens": found.prompt_tokens,
                             "evaluations": found.evaluations, "ranking": ranking}
    connection.execute(insert(SearchRoundRow).prefix_with("OR REPLACE").values(
        **facts, row_hash=row_hash(*facts.values())))


def rounds(connection: Connection, job_id: int) -> list[SearchRound]:
    row = SearchRoundRow
    found = connection.execute(select(row.number, row.ranking, row.chosen_id, row.objective, row.prompt_tokens,
                                      row.evaluations).where(row.job_id == job_id).order_by(row.number))
    return [SearchRound(number, tuple(RankedCandidate(id, value, Interval(mean, low, high))
                                      for id, value, mean, low, high in ranking), chosen, objective, tokens, count)
            for number, ranking, chosen, objective, tokens, count in found]


def insert_evaluation(connection: Connection, job_id: int, found: SetEvaluation) -> None:
    """Store a set's evaluation; one of the same strategy and label is replaced."""
    answers = [[a.question_id, a.turn, a.logprob, a.tokens] for a in found.answers]
    facts: dict[str, Any] = {"job_id": job_id, "strategy": found.strategy, "label": found.label,
                             "demonstration_ids": list(found.demonstration_ids), "mean": float(found.mean),
                             "answers": answers}
    connection.execute(insert(SetEvaluationRow).prefix_with("OR REPLACE").values(
        **facts, row_hash=row_hash(*facts.values())))


def evaluations(connection: Connection, job_id: int) -> list[SetEvaluation]:
    """In the order they came."""
    row = SetEvaluationRow
    found = connection.execute(select(row.strategy, row.label, row.demonstration_ids, row.mean, row.answers)
                               .where(row.job_id == job_id).order_by(row.id))
    return [SetEvaluation(strategy, label, tuple(ids), mean, tuple(AnswerScore(*answer) for answer in answers))
            for strategy, label, ids, mean, answers in found]


def update_latest_gains(connection: Connection, job_id: int, gains: Mapping[int, Interval]) -> None:
    """Copy a job's gains (demonstration id → nats per answer) to the demonstrations, for the table to show."""
    connection.exec_driver_sql(
        "UPDATE demonstrations SET gain = ?, gain_low = ?, gain_high = ?, gain_job_id = ? WHERE id = ?",
        [(gain.mean, gain.low, gain.high, job_id, id) for id, gain in gains.items()] or [(None, None, None, None, -1)])


def gain_jobs(connection: Connection) -> list[int]:
    """The jobs that measured the gains that the demonstrations show."""
    return list(connection.exec_driver_sql("SELECT DISTINCT gain_job_id FROM demonstrations"
                                           " WHERE gain_job_id IS NOT NULL AND deleted = 0").scalars())


def _real(value: float | None) -> float | None:
    """As SQLite hands it back: the hash of 1.0 is not that of 1."""
    return None if value is None else float(value)
