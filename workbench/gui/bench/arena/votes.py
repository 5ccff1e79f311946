"""Whose turn it is in the blind arena: the next pair or answer for a person, and how far the round is (no Qt here)."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.domain import Answer, Judgement
from workbench.gui.bench.arena.arena import ArenaQuestion
from workbench.services.bench_reading import BenchReading
from workbench.services.project import Project

ROUND = 40                           # pairs, or as many as there are


@dataclass(frozen=True, slots=True)
class Ballot:
    """What is shown next. ``right`` None: one answer is rated alone. ``done`` of ``total`` in round ``round``."""

    left: Answer
    right: Answer | None
    question: ArenaQuestion
    done: int
    total: int
    round: int


def own_votes(reading: BenchReading, person: str) -> list[Judgement]:
    return [one for one in reading.judgements if one.by_person and one.judge == person and one.kind == "pair"]


def next_turn(project: Project, reading: BenchReading, person: str, *, alone: bool) -> Ballot | None:
    """The next pair, or the next answer to rate; None where there is none. Runs on the lane."""
    assert reading.chosen is not None
    set_id = reading.chosen.id
    assert set_id is not None
    if alone:
        found = project.judging.next_answer(person, set_id)
        if found is None:
            return None
        candidate, done, total = found
        answer = reading.answers[candidate.answer_id]
        return Ballot(answer, None, _question(reading, answer, None), done, total, 1)
    chosen = project.judging.next_pair(person, set_id)
    if chosen is None:
        return None
    cast, size = len(own_votes(reading, person)), min(ROUND, chosen.total)
    left, right = reading.answers[chosen.left.answer_id], reading.answers[chosen.right.answer_id]
    return Ballot(left, right, _question(reading, left, right), cast % size, size, cast // size + 1)


def _question(reading: BenchReading, left: Answer, right: Answer | None) -> ArenaQuestion:
    question = next(one for one in reading.questions if one.id == left.question_id)
    return ArenaQuestion(question.category, question.turns[:left.turn + 1], _texts(reading, left),
                         _texts(reading, right) if right is not None else ())


def _texts(reading: BenchReading, answer: Answer) -> tuple[str, ...]:
    """The contestant's answers up to this turn."""
    keys = [(answer.contestant_id, answer.question_id, turn, answer.repeat) for turn in range(answer.turn)]
    earlier = [reading.by_key[key].text if key in reading.by_key else "" for key in keys]
    return (*earlier, answer.text)


def shares(reading: BenchReading, person: str) -> list[tuple[int, float, int]]:
    """(contestant, share of its pairs that this person gave it, pairs), best first."""
    won: dict[int, float] = {}
    played: dict[int, int] = {}
    for one in own_votes(reading, person):
        a, b = reading.answers.get(one.answer_id), reading.answers.get(one.other_answer_id or 0)
        if one.share is None or a is None or b is None:
            continue
        for id, part in ((a.contestant_id, one.share), (b.contestant_id, 1 - one.share)):
            won[id] = won.get(id, 0.0) + part
            played[id] = played.get(id, 0) + 1
    return sorted(((id, won[id] / played[id], played[id]) for id in won), key=lambda row: (-row[1], row[0]))
