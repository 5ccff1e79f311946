"""What answers are measured by: a judge's ratings, a measure, or the share of pairs won."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from workbench.bench.judgements import PairJudgement, Winner
from workbench.bench.measures import measure_named
from workbench.domain import Answer, Contestant, Judgement, Question
from workbench.statistics.intervals import NO_BOUNDS
from workbench.statistics.paired import Measured

PEOPLE = "People"                    # all of them together


class BenchData(Protocol):
    """The answers to one question set, by id, and what was said of them."""

    @property
    def questions(self) -> Sequence[Question]: ...
    @property
    def contestants(self) -> Sequence[Contestant]: ...
    @property
    def answers(self) -> Mapping[int, Answer]: ...
    @property
    def judgements(self) -> Sequence[Judgement]: ...


@dataclass(frozen=True, slots=True)
class Measure:
    """``judge`` PEOPLE is everybody. ``name`` is the measure's, for the kind "measure"."""

    judge: str
    kind: Literal["rating", "measure", "wins"]
    name: str = ""

    @property
    def label(self) -> str:
        if self.kind == "rating":
            return f"Rating by {'people' if self.judge == PEOPLE else self.judge}"
        if self.kind == "wins":
            return f"Pairs won, {'people' if self.judge == PEOPLE else self.judge}"
        return measure_named(self.name).title

    @property
    def unit(self) -> str:
        if self.kind == "rating":
            return "points"
        return "share of pairs" if self.kind == "wins" else measure_named(self.name).unit

    @property
    def judged_by(self) -> str:
        """ "judged by base-13b", or what was measured."""
        if self.kind == "measure":
            return self.label[0].lower() + self.label[1:]
        return f"judged by {'people' if self.judge == PEOPLE else self.judge}"

    @property
    def note(self) -> str:
        """What the number is, in a sentence that stands on every chart."""
        if self.kind == "rating":
            return "Score 1 to 10, higher is better"
        if self.kind == "wins":
            return "Share of pairs won, a tie is half"
        return f"{self.label}: not an MT-Bench score"

    @property
    def scale(self) -> tuple[float, float]:
        """The range that is always shown; (0, 0) where there is none."""
        if self.kind == "rating":
            return 0.0, 10.0
        return (0.0, 1.0) if self.kind == "wins" else measure_named(self.name).bounds or (0.0, 0.0)

    @property
    def bounds(self) -> tuple[float, float]:
        """What a mean cannot pass."""
        if self.kind == "rating":
            return 1.0, 10.0
        return (0.0, 1.0) if self.kind == "wins" else measure_named(self.name).bounds or NO_BOUNDS

    @property
    def digits(self) -> int:
        return 1 if self.kind == "rating" else 2


def measures(data: BenchData) -> list[Measure]:
    """Those that there are judgements for: language-model judges, then people, then measures without a judge."""
    found: dict[Measure, tuple[int, str]] = {}
    for one in data.judgements:
        judge = PEOPLE if one.by_person else one.judge
        if one.kind == "pair":
            found[Measure(judge, "wins")] = (2 if one.by_person else 1, judge)
        elif one.kind == "rating":
            found[Measure(judge, "rating")] = (1 if one.by_person else 0, judge)
        else:
            found[Measure(judge, "measure", one.name)] = (3, f"{judge} {one.name}")
    return sorted(found, key=lambda measure: found[measure])


def values(data: BenchData, measure: Measure) -> dict[int, list[Measured]]:
    """By contestant: the measure's values of its answers. Several people's ratings of one answer are averaged."""
    sums: defaultdict[int, list[float]] = defaultdict(list)
    for answer_id, value in _values_in(data.judgements, measure):
        sums[answer_id].append(value)
    category = {question.id: question.category for question in data.questions}
    found: dict[int, list[Measured]] = {one.id: [] for one in data.contestants if one.id is not None}
    for answer_id, given in sums.items():
        answer = data.answers.get(answer_id)
        if answer is not None:
            found[answer.contestant_id].append(Measured(
                answer.question_id, answer.turn, sum(given) / len(given), answer.repeat,
                category.get(answer.question_id, "") or "No category"))
    return found


def mean_value(said: Sequence[Judgement], measure: Measure, answer_id: int) -> float:
    """One answer's value by what was said of it; NaN where there is none."""
    given = [value for id, value in _values_in(said, measure) if id == answer_id]
    return sum(given) / len(given) if given else float("nan")


def _values_in(judgements: Sequence[Judgement], measure: Measure) -> list[tuple[int, float]]:
    """(answer, value) of each judgement that the measure counts; what could not be read does not count."""
    found: list[tuple[int, float]] = []
    for one in judgements:
        if not _counts(one, measure):
            continue
        if one.kind == "pair":
            if one.share is not None and one.other_answer_id is not None:
                found += [(one.answer_id, one.share), (one.other_answer_id, 1 - one.share)]
        elif one.score is not None and one.readable:
            found.append((one.answer_id, one.score))
    return found


def _counts(one: Judgement, measure: Measure) -> bool:
    judged = one.by_person if measure.judge == PEOPLE else (one.judge == measure.judge and not one.by_person)
    kind = "pair" if measure.kind == "wins" else measure.kind
    return judged and one.kind == kind and (measure.kind != "measure" or one.name == measure.name)


_WINNERS: dict[str, Winner] = {"answer": "model_1", "other": "model_2", "tie": "tie", "both_bad": "tie",
                               "error": "error"}


def games(data: BenchData, measure: Measure, chosen: Sequence[int]) -> list[PairJudgement]:
    """The pairs behind a measure, contestants by their ids as text: a judge's own, or who has the higher value.

    People see one order; it stands for both. Values closer than a tenth are a tie, as FastChat has it for ratings.
    """
    if measure.kind == "wins":
        return _voted(data, measure, set(chosen))
    return _derived(data, measure, set(chosen))


def _voted(data: BenchData, measure: Measure, chosen: set[int]) -> list[PairJudgement]:
    found = []
    for one in data.judgements:
        if not _counts(one, measure) or one.verdict == "skip" or one.other_answer_id is None:
            continue
        a, b = data.answers.get(one.answer_id), data.answers.get(one.other_answer_id)
        if a is None or b is None or not {a.contestant_id, b.contestant_id} <= chosen:
            continue
        first, second = (_WINNERS.get(verdict or one.verdict, "error") for verdict in (one.first, one.second))
        found.append(PairJudgement(str(a.question_id), str(a.contestant_id), str(b.contestant_id), one.judge,
                                   a.turn + 1, first, second))
    return found


def _derived(data: BenchData, measure: Measure, chosen: set[int]) -> list[PairJudgement]:
    by_turn: defaultdict[tuple[int, int, int], dict[int, float]] = defaultdict(dict)
    for contestant, found in values(data, measure).items():
        for one in found if contestant in chosen else ():
            by_turn[one.question_id, one.turn, one.repeat][contestant] = one.value
    made = []
    for (question, turn, _), given in by_turn.items():
        ids = sorted(given)
        for number, a in enumerate(ids):
            for b in ids[number + 1:]:
                difference = given[a] - given[b]
                tie = abs(difference) <= (0.1 if measure.kind == "rating" else 0.0)
                winner: Winner = "tie" if tie else ("model_1" if difference > 0 else "model_2")
                made.append(PairJudgement(str(question), str(a), str(b), measure.judge, turn + 1, winner, winner))
    return made
