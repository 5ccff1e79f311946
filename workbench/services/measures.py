"""What can be measured of answers at once, without a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from workbench.bench import house_grader
from workbench.bench.reference_measures import exact_match, token_f1
from workbench.domain import Answer, Judgement, Question

REFERENCE, GRADER = "reference", "grader"


def measured(questions: Sequence[Question], answers: Iterable[Answer]) -> Iterator[Judgement]:
    """Exact match, token F1 and, for the mini-world's questions, the share of the house rules that are kept."""
    by_id = {question.id: question for question in questions}
    graded = {question.id for question in questions if house_grader.fits(question)}
    for answer in answers:
        question = by_id[answer.question_id]
        if answer.id is None or answer.turn >= len(question.references) or not question.references[answer.turn]:
            continue
        reference = question.references[answer.turn]
        for name, measure in (("exact", exact_match), ("f1", token_f1)):
            yield Judgement(REFERENCE, "measure", answer.id, name=name, score=measure(answer.text, reference))
        if question.id in graded:
            grade = house_grader.grade(question, answer.turn, answer.text)
            yield Judgement(GRADER, "measure", answer.id, name="rules", score=grade.score, words=grade.words)
