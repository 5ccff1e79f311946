from __future__ import annotations

import pytest

from workbench.domain import Demonstration, Question, Role, Turn
from workbench.search.overlap import Kind, overlaps

PENS = Question(("A pen costs 3 euros and a book 8 euros. What do two pens and a book cost?", "And three pens?"),
                ("Two pens cost 2 x 3 = 6 euros. With the book that is 6 + 8 = 14 euros in all, says the shop.",), id=1)
ROPE = Question(("How long is each of five parts of a rope of 20 m?",), ("Each part is 4 m long.",), id=2)


def found(text: str, answer: str = "I do not know.") -> tuple[str, int | None] | None:
    met = overlaps([Demonstration.pair(text, answer, id=7)], [ROPE, PENS]).get(7)
    return None if met is None else (met.kind.value, met.question.id)


@pytest.mark.parametrize(("text", "kind"), [
    (PENS.turns[0], Kind.EXACT), (f"  {PENS.turns[0]}\n", Kind.EXACT),
    ("a PEN costs 3 euros, and a book 8 euros – what do two pens and a book cost", Kind.NORMALISED),
    ("And three pens?", Kind.EXACT),
    (f"Here is a task. {PENS.turns[0]} Explain your answer.", Kind.NEAR),
])  # fmt: skip
def test_a_candidate_that_asks_a_question_is_found(text: str, kind: Kind) -> None:
    assert found(text) == (kind.value, 1)


def test_an_answer_that_is_a_reference_is_near() -> None:
    assert found("What do they cost?", PENS.references[0]) == ("near", 1)


def test_a_later_turn_counts_too() -> None:
    talk = Demonstration((Turn(Role.USER, "Hello"), Turn(Role.ASSISTANT, "Hi."), Turn(Role.USER, ROPE.turns[0])), id=3)
    assert overlaps([talk], [ROPE, PENS])[3].question is ROPE


@pytest.mark.parametrize("text", ["", "?!", "A pen costs 3 euros.", "What do two pens and a book cost elsewhere?"])
def test_what_is_only_alike_is_not_marked(text: str) -> None:
    assert found(text) is None


def test_a_sentence_that_many_candidates_begin_with_says_nothing_about_them() -> None:
    opening = "Below is an instruction that describes a task; write a response that completes it well. "
    question = Question((opening + "Name a colour.",), id=1)
    many = [Demonstration.pair(f"{opening}Name {n} things.", "No.", id=n) for n in range(12)]
    assert overlaps(many, [question]) == {}
    assert set(overlaps(many[:9], [question])) == set(range(9))
