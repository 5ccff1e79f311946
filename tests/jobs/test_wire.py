from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain import (
    AnswerScore,
    Backend,
    CandidateScore,
    Demonstration,
    Interval,
    ModelRef,
    Prompt,
    Question,
    RankedCandidate,
    SearchRound,
    SetEvaluation,
)
from workbench.errors import JobError
from workbench.jobs.events import Counted, Evaluated, Failed, Finished, Log, Progress, RoundFinished, Scored, Text
from workbench.jobs.kinds.count import CountSpec
from workbench.jobs.kinds.search import SearchResult, SearchSpec
from workbench.jobs.wire import decode_event, decode_spec, encode_event, encode_order, encode_spec

MODEL = ModelRef("tiny", "/models/tiny", Backend.TRANSFORMERS, "ab" * 32, "cpu", "float32", 3)
ANSWERS = (AnswerScore(1, 0, -1.25, 3), AnswerScore(2, 1, -0.1, 7))
ROUND = SearchRound(1, (RankedCandidate(4, -0.7, Interval(0.5, 0.25, 0.75)),), 4, -0.7, 210, 160)
SEARCH = SearchSpec(
    MODEL, Prompt("Be brief.", (Demonstration.pair("a", "b", id=1, tags=("x", "y")),), name="base", id=1, version=2),
    (Demonstration.pair("q", "a", source="s", id=4),), (Question(("one", "two"), ("r1", "r2"), "math", "81", 1),),
    (Question(("three",), ("r3",), "math", "82", 2),), finished_rounds=(ROUND,),
    known=((2, CandidateScore(None, ANSWERS, prompt_tokens=9)),),
    evaluated=(SetEvaluation("random", "random 0", (4,), -0.7, ANSWERS),),
)


def test_a_specification_comes_back_equal() -> None:
    assert decode_spec(encode_spec(SEARCH)) == SEARCH


@pytest.mark.parametrize("event", [
    Scored(CandidateScore(4, ANSWERS, 12, -3.5, -4.5, 6), 2), RoundFinished(ROUND), Text("né\n\u2028"),
    Log("good", "ok"), Evaluated(SetEvaluation("base", "base", (), -0.7, ANSWERS)), Counted(((1, 2), (3, 4))),
    Progress(1, 2, "answers"),
    Finished(SearchResult("greedy", (1,), None)), Failed("no", known=True),
], ids=lambda event: event.kind)
def test_an_event_comes_back_equal_on_one_line(event: Scored) -> None:
    line = encode_event(event)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_event(line) == event


@given(st.text(alphabet=st.characters(codec=None)))
def test_any_text_crosses_even_half_surrogates_and_line_separators(text: str) -> None:
    spec = CountSpec(MODEL, ((1, text),))
    assert decode_spec(encode_spec(spec)) == spec
    line = encode_order(spec=spec)
    assert line.isascii()
    assert line.count(b"\n") == 1


def test_numbers_cross_without_losing_a_bit() -> None:
    for value in (0.1 + 0.2, -1e-300, math.pi * 1e10, float("-inf")):
        event = Scored(CandidateScore(1, (AnswerScore(1, 0, value, 1),)))
        assert decode_event(encode_event(event)) == event


@pytest.mark.parametrize(("change", "said"), [
    ({"kind": "dance"}, "dance"),
    ({"rounds": "many"}, "search.rounds"),
    ({"model": {"name": "x"}}, "search.model.path: field required"),
    ({"position": "middle"}, "search.position"),
    ({"candidates": [{"turns": [{"role": "robot", "text": ""}]}]}, "search.candidates.0.turns.0.role"),
])
def test_a_specification_that_is_wrong_is_refused_with_the_field_named(change: dict[str, object], said: str) -> None:
    content = json.loads(encode_spec(SEARCH)) | change
    with pytest.raises(JobError, match="not valid") as raised:
        decode_spec(json.dumps(content))
    assert said in str(raised.value)


def test_text_that_is_not_json_is_refused() -> None:
    with pytest.raises(JobError, match="not JSON"):
        decode_spec("{")


def test_many_faults_are_counted_and_not_all_listed() -> None:
    content = json.loads(encode_spec(replace(SEARCH, known=())))
    content["questions"] = [{} for _ in range(10)]
    with pytest.raises(JobError, match="and 7 more"):
        decode_spec(json.dumps(content))
