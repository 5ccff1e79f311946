"""Jobs that have results to look at, and what is needed to show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from workbench_db.schema import CandidateMeasureRow, DemonstrationRow, JobRow, SearchRoundRow, SetEvaluationRow


@dataclass(frozen=True, slots=True)
class StoredRun:
    job_id: int
    kind: str
    title: str
    model: str
    state: str
    candidates: int
    rounds: int


def runs(connection: Connection) -> list[StoredRun]:
    """Score and search jobs with any result, newest first. The specifications stay where they are: they are long."""
    scored = select(CandidateMeasureRow.id).where(CandidateMeasureRow.job_id == JobRow.id).exists()
    evaluated = select(SetEvaluationRow.id).where(SetEvaluationRow.job_id == JobRow.id).exists()
    rounds = select(func.count()).where(SearchRoundRow.job_id == JobRow.id).scalar_subquery()
    query = select(
        JobRow.id, JobRow.kind, JobRow.title, func.json_extract(JobRow.spec, "$.model.name"), JobRow.state,
        func.json_array_length(JobRow.spec, "$.candidates"), rounds,
    ).where(scored | evaluated).order_by(JobRow.id.desc())
    return [StoredRun(*row) for row in connection.execute(query)]


def newest_round(connection: Connection, job_id: int) -> int:
    """The last round of which anything was scored; 0 for a score job."""
    return connection.scalar(select(func.max(CandidateMeasureRow.round)).where(
        CandidateMeasureRow.job_id == job_id)) or 0


def titles(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The first line of each demonstration's instruction, those of deleted ones too."""
    found: dict[int, str] = {}
    for start in range(0, len(ids), 500):
        query = select(DemonstrationRow.id, DemonstrationRow.title)
        for id, title in connection.execute(query.where(DemonstrationRow.id.in_(ids[start : start + 500]))):
            found[id] = title
    return found
