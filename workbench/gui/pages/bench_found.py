"""What the recipes that judge and compare have found, read from the project for their charts (no Qt here)."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.domain import Interval, TokenScore
from workbench.jobs.specs import JudgedSearchSpec, ShiftSpec
from workbench.services import bench_numbers
from workbench.services.bench_numbers import ShiftRow
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project

KINDS = ("judged_search", "shift")


@dataclass(frozen=True, slots=True)
class JudgedRound:
    """``candidates`` are (demonstration, judge's mean, nats per answer), best first; ``tau`` between both orders."""

    number: int
    tau: Interval | None
    candidates: tuple[tuple[int, float, float], ...]
    chosen: int


@dataclass(frozen=True, slots=True)
class ShiftedAnswer:
    """The tokens of one answer by the base model and by the contestant."""

    title: str
    base: tuple[TokenScore, ...]
    own: tuple[TokenScore, ...]


@dataclass(frozen=True, slots=True)
class Shifted:
    """One contestant against the base model."""

    name: str
    row: ShiftRow
    answers: tuple[ShiftedAnswer, ...]


@dataclass(frozen=True)
class Found:
    """``rounds`` of a search by a judge, or ``shifts``; both empty while nothing is measured."""

    by: str = ""
    rounds: tuple[JudgedRound, ...] = ()
    shifts: tuple[Shifted, ...] = ()
    set_id: int | None = None

    @property
    def empty(self) -> bool:
        return not self.rounds and not self.shifts


def read_found(project: Project, job: JobInfo) -> Found:
    """What a job of KINDS has found."""
    spec = project.jobs.spec(job.id)
    if isinstance(spec, JudgedSearchSpec):
        return Found(spec.by, tuple(_round(one, chosen) for one, chosen in zip(
            job.summary.get("rounds", ()), job.summary.get("chosen", ()), strict=True)))
    assert isinstance(spec, ShiftSpec)
    set_id = project.questions.holding(spec.questions)
    return Found() if set_id is None else Found(shifts=_shifts(project, spec, set_id), set_id=set_id)


def _round(one: dict[str, object], chosen: int) -> JudgedRound:
    number, tau, low, high, candidates = (one[name] for name in ("number", "tau", "low", "high", "candidates"))
    interval = Interval(tau, low, high) if None not in (tau, low, high) else None
    return JudgedRound(number, interval, tuple(tuple(row) for row in candidates), chosen)


def _shifts(project: Project, spec: ShiftSpec, set_id: int) -> tuple[Shifted, ...]:
    data = bench_numbers.bench_data(project, set_id, [one.id for one in spec.contestants if one.id is not None])
    place = {question.id: number for number, question in enumerate(data.questions, 1)}
    answers: dict[int, list[tuple[tuple[int, int], ShiftedAnswer]]] = {}
    for one in data.judgements:
        tokens = bench_numbers.answer_shift(one) if one.name == bench_numbers.SHIFT_NAME else ()
        if tokens:
            answer = data.answers[one.answer_id]
            at = place[answer.question_id], answer.turn
            answers.setdefault(answer.contestant_id, []).append((at, ShiftedAnswer(
                f"Question {at[0]}, turn {at[1] + 1}",
                tuple(TokenScore(token.text, token.base_logprob, token.rank) for token in tokens),
                tuple(TokenScore(token.text, token.logprob) for token in tokens))))
    return tuple(Shifted(f"{data.names[row.contestant_id]} against {row.base}", row, tuple(
        found for _, found in sorted(answers.get(row.contestant_id, ()), key=lambda pair: pair[0])))
        for row in bench_numbers.shift_table(data))
