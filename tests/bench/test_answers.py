"""Contestants answer turn by turn: what a model is asked, with which seed, and what is not asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from workbench.bench.answers import Answering, Wanted, asked, seed_of
from workbench.domain import Answer, Contestant, DecodingSettings, Demonstration, ModelRef, Prompt, Question
from workbench.models.base import Draw, Drawn
from workbench.models.server_text import CharacterTokenizer

PROMPT = Prompt("Be good.", (Demonstration.pair("x", "y"),), "plain")
QUESTIONS = (Question(("one", "two"), id=1), Question(("three",), id=2))
WARM = DecodingSettings(temperature=1.0, seed=3, stop=("END",))


class Echo:
    """Answers with the number of characters that it was asked, and keeps what it was asked."""

    context = 10_000

    def __init__(self) -> None:
        self.tokenizer = CharacterTokenizer()
        self.asked: list[Draw] = []

    def draw(self, wanted: Sequence[Draw], on_text: Callable[[int, str], None],
             on_drawn: Callable[[int, Drawn], None]) -> list[Drawn]:
        found = [Drawn(f"[{len(one.prompt)}]", 2, "stop", float("nan")) for one in wanted]
        for index, drawn in enumerate(found):
            self.asked.append(wanted[index])
            on_text(index, drawn.text)
            on_drawn(index, drawn)
        return found


def contestant(id: int = 1, decoding: DecodingSettings = WARM, prompt: Prompt | None = PROMPT) -> Contestant:
    return Contestant(f"c{id}", ModelRef("m", "/m"), prompt, decoding, id)


def run(answering: Answering, model: Echo) -> list[Answer]:
    found: list[Answer] = []
    answering.on_answer = found.append
    answering.run(model)  # type: ignore[arg-type]
    return found


def test_the_second_turn_is_asked_after_the_contestants_own_first_answer() -> None:
    model = Echo()
    found = {one.key: one for one in run(Answering([contestant()], QUESTIONS, 1), model)}
    assert set(found) == {(1, 1, 0, 0), (1, 1, 1, 0), (1, 2, 0, 0)}
    last = model.asked[-1].prompt
    assert last.endswith(f"Query: one\nAnswer: {found[1, 1, 0, 0].text}\n\nQuery: two\nAnswer:")
    assert last == asked(contestant(), QUESTIONS[0], [found[1, 1, 0, 0].text]).text
    assert found[1, 1, 0, 0].logprob is None


def test_the_templates_stop_strings_and_the_contestants_own_count() -> None:
    model = Echo()
    run(Answering([contestant()], QUESTIONS, 1), model)
    assert model.asked[0].decoding.stop == ("\n\nQuery:", "\nQuery:", "END")


def test_each_answer_has_a_seed_of_its_own_that_others_do_not_change() -> None:
    alone, beside = Echo(), Echo()
    run(Answering([contestant()], QUESTIONS[1:], 3), alone)
    run(Answering([contestant(2), contestant(1)], QUESTIONS, 3), beside)
    seeds = {one.decoding.seed for one in alone.asked}
    assert len(seeds) == 3
    assert seeds <= {one.decoding.seed for one in beside.asked}
    assert seed_of(Wanted(contestant(), QUESTIONS[0], 0, 0)) == 2007124447


def test_greedy_answers_are_not_repeated() -> None:
    answering = Answering([contestant(1, DecodingSettings()), contestant(2)], QUESTIONS, 4)
    assert sum(one.contestant.id == 1 for one in answering.wanted()) == 3
    assert sum(one.contestant.id == 2 for one in answering.wanted()) == 12


def test_what_is_known_is_not_asked_again_but_is_context() -> None:
    model = Echo()
    known = [Answer(1, 1, 0, 0, "mine"), Answer(1, 2, 0, 0, "")]
    (found,) = run(Answering([contestant()], QUESTIONS, 1, known), model)
    assert found.key == (1, 1, 1, 0)
    assert "Query: one\nAnswer: mine\n" in model.asked[0].prompt


def test_a_question_without_room_is_answered_by_nothing_and_the_others_are_answered() -> None:
    model = Echo()
    model.context = 60
    found = run(Answering([contestant()], (Question(("w " * 50,), id=1), QUESTIONS[1]), 1), model)
    assert [(one.question_id, one.finish, one.tokens) for one in found] == [(1, "context", 0), (2, "stop", 2)]


@pytest.mark.parametrize("prompt", [None, PROMPT])
def test_contestants_with_the_same_prompt_are_drawn_in_one_go(prompt: Prompt | None) -> None:
    calls: list[int] = []

    class Counting(Echo):
        def draw(self, wanted, on_text, on_drawn):  # type: ignore[no-untyped-def]
            calls.append(len(wanted))
            return super().draw(wanted, on_text, on_drawn)

    other = Prompt("Be bad.", template="plain")
    run(Answering([contestant(1, prompt=prompt), contestant(2, prompt=prompt), contestant(3, prompt=other)],
                  QUESTIONS, 1), Counting())
    assert calls == [4, 2, 2, 1]
