"""What the recipes that judge and compare have found, read from the project for their charts."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.domain import Interval, TokenScore
from workbench.jobs.kinds.judged_search import ComparedRound, JudgedSearchResult, JudgedSearchSpec
from workbench.jobs.kinds.shift import ShiftSpec
from workbench.services import bench_numbers
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project
from workbench.services.token_shifts import SHIFT_NAME, ShiftRow, answer_shift, shift_table

KINDS = ("judged_search", "shift")


@dataclass(frozen=True, slots=True)
class JudgedCandidate:
    """``judged`` is the judge's mean of the answers under it, with the interval of its gain over the set so far;
    ``nats`` an answer is what the references' likelihood says, None where that is not measured."""

    id: int
    title: str
    judged: Interval
    nats: float | None


@dataclass(frozen=True, slots=True)
class JudgedRound:
    """``candidates`` are best first; ``before`` is the judge's mean of the set that the round started from; ``chosen``
    is None while the round goes on. ``tau`` is Kendall's, between the judge's order and the likelihood's."""

    number: int
    tau: Interval | None
    before: float
    candidates: tuple[JudgedCandidate, ...]
    chosen: int | None

    @property
    def best(self) -> JudgedCandidate | None:
        return next((one for one in self.candidates if one.id == self.chosen), None)


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
    """``rounds`` of a search by a judge, or ``shifts``; both empty while nothing is measured. ``live`` while the search
    has not ended, which asks for ``rounds_wanted``. ``unreadable`` of what ``judge``, a language model, said gave no
    rating and counts as the lowest."""

    by: str = ""
    rounds_wanted: int = 0
    live: bool = False
    rounds: tuple[JudgedRound, ...] = ()
    shifts: tuple[Shifted, ...] = ()
    set_id: int | None = None
    judge: str = ""
    unreadable: int = 0

    @property
    def empty(self) -> bool:
        return not self.rounds and not self.shifts


def read_found(project: Project, job: JobInfo) -> Found:
    """What a job of KINDS has found."""
    spec = project.jobs.spec(job.id)
    if isinstance(spec, JudgedSearchSpec):
        result = job.result if isinstance(job.result, JudgedSearchResult) else None
        return Found(spec.by, spec.rounds, result is None, _rounds(project, spec, job.id, result),
                     set_id=project.questions.holding(spec.questions),
                     judge=spec.judge.name if spec.judge is not None else "",
                     unreadable=0 if result is None else result.unreadable)
    assert isinstance(spec, ShiftSpec)
    set_id = project.questions.holding(spec.questions)
    return Found() if set_id is None else Found(shifts=_shifts(project, spec, set_id), set_id=set_id)


def _rounds(project: Project, spec: JudgedSearchSpec, job_id: int,
            result: JudgedSearchResult | None) -> tuple[JudgedRound, ...]:
    """Those that are finished, and the one under way; the likelihood is measured when all are."""
    finished = {one.number: one for one in project.results.rounds(job_id)}
    compared = {round.number: round for round in (result.rounds if result is not None else ())}
    titles = {one.id: one.instruction for one in spec.candidates}
    found = []
    for number in range(1, spec.rounds + 1):
        ranking = project.results.ranking(job_id, number)
        if not ranking:
            break
        round = compared.get(number, ComparedRound(number))
        nats = {id: likelihood for id, _, likelihood in round.candidates}
        candidates = tuple(JudgedCandidate(
            one.demonstration_id, titles.get(one.demonstration_id, ""),
            Interval(one.objective, one.objective + one.gain.low - one.gain.mean,
                     one.objective + one.gain.high - one.gain.mean), nats.get(one.demonstration_id))
            for one in ranking)
        chosen = finished[number].chosen_id if number in finished else None
        found.append(JudgedRound(number, _tau(round), ranking[0].objective - ranking[0].gain.mean,
                                 candidates, chosen))
    return tuple(found)


def _tau(round: ComparedRound) -> Interval | None:
    return (None if round.tau is None or round.low is None or round.high is None
            else Interval(round.tau, round.low, round.high))


def _shifts(project: Project, spec: ShiftSpec, set_id: int) -> tuple[Shifted, ...]:
    data = bench_numbers.bench_data(project, set_id, [one.id for one in spec.contestants if one.id is not None])
    place = {question.id: number for number, question in enumerate(data.questions, 1)}
    answers: dict[int, list[tuple[tuple[int, int], ShiftedAnswer]]] = {}
    for one in data.judgements:
        tokens = answer_shift(one) if one.name == SHIFT_NAME else ()
        if tokens:
            answer = data.answers[one.answer_id]
            at = place[answer.question_id], answer.turn
            answers.setdefault(answer.contestant_id, []).append((at, ShiftedAnswer(
                f"Question {at[0]}, turn {at[1] + 1}",
                tuple(TokenScore(token.text, token.base_logprob, token.rank) for token in tokens),
                tuple(TokenScore(token.text, token.logprob) for token in tokens))))
    return tuple(Shifted(f"{data.names[row.contestant_id]} against {row.base}", row, tuple(
        found for _, found in sorted(answers.get(row.contestant_id, ()), key=lambda pair: pair[0])))
        for row in shift_table(data))
