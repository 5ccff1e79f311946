"""The workbench's own question set for real models."""

from __future__ import annotations

from collections import Counter

import resources
from workbench.formats.mt_bench import read

CATEGORIES = {"writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities"}
CHECKABLE = {"reasoning", "math", "coding", "extraction", "stem"}


def test_the_general_set_has_eighty_two_turn_questions_with_references_where_answers_can_be_wrong() -> None:
    questions = read(resources.path("question_sets", "general")).questions.questions
    assert Counter(q.category for q in questions) == dict.fromkeys(CATEGORIES, 10)
    assert all(len(q.turns) == 2 and all(turn.strip() for turn in q.turns) for q in questions)
    assert len({q.turns for q in questions}) == len({q.key for q in questions}) == 80
    for question in questions:
        if question.category in CHECKABLE:
            assert len(question.references) == 2, question.key
            assert all(question.references), question.key
