"""What can be measured of answers at once, without a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from workbench.bench.measures import instant
from workbench.domain import Answer, Judgement, Question


def measured(questions: Sequence[Question], answers: Iterable[Answer]) -> Iterator[Judgement]:
    """What every measure and grader says of the answers that have a reference, of those questions that it knows."""
    by_id = {question.id: question for question in questions}
    known = [(one, {question.id for question in questions if one.fits(question)}) for one in instant().values()]
    for answer in answers:
        question = by_id[answer.question_id]
        if answer.id is None or answer.turn >= len(question.references) or not question.references[answer.turn]:
            continue
        for one, questions_known in known:
            if question.id in questions_known:
                grade = one.grade(question, answer.turn, answer.text)
                yield Judgement(one.judge, "measure", answer.id, name=one.name, score=grade.score, words=grade.words)
