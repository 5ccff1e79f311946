"""A judge behind llama-cpp-python's own server, reached through a server that goes wrong now and then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.listening import result_of
from tests.models import tiny_models
from tests.models.faulty import Faulty, faulty
from tests.models.serving import MISSING, served
from workbench.bench.matches import GivenAnswers, all_pairs, single
from workbench.domain import Backend, DecodingSettings, ModelRef, Question, Server
from workbench.domain.bench import UNREADABLE
from workbench.domain.judge_prompt import JudgePrompt
from workbench.errors import ModelError
from workbench.jobs.control import Control
from workbench.jobs.events import Event, Finished, Judged
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.judge import JudgeResult, JudgeSpec, Price
from workbench.jobs.run import LoadedModel, Run
from workbench.models import server_http
from workbench.models.gguf_writer import convert

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

PROMPTS = (JudgePrompt("one", "single", "Be fair.", "{question}|{answer}", "[[rating]]"),
           JudgePrompt("two", "pairwise", "", "{question}|{answer_a}|{answer_b}", "[[A]]"))
QUESTIONS = tuple(Question((f"Why {n}?",), (), "writing", id=n) for n in range(1, 4))
GIVEN = tuple(GivenAnswers(c, n, 0, (10 * c + n,), (f"{c} {n}",)) for c in (1, 2) for n in range(1, 4))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("judge") / "m"
    tiny_models.save(folder, num_key_value_heads=2)
    convert(folder, folder.with_suffix(".gguf"))
    with served(folder.with_suffix(".gguf"), logits_all=False) as found:
        yield found


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_http, "_FIRST_WAIT", 0.001)


def spec_at(server: Faulty, *, attempts: int = 3, timeout: float = 30.0, concurrency: int = 1,
            pairs: bool = False) -> JudgeSpec:
    settings = Server("tiny", concurrency=concurrency, attempts=attempts, timeout=timeout)
    return JudgeSpec(ModelRef("judge", f"{server.url}#tiny", Backend.OPENAI, server=settings), QUESTIONS, GIVEN,
                     tuple((all_pairs if pairs else single)(GIVEN)), prompts=PROMPTS,
                     decoding=DecodingSettings(max_tokens=5))


def judge(spec: JudgeSpec, said: list[Event]) -> None:
    models = LoadedModel()
    try:
        run_job(spec, Run(said.append, Control(), models))
    finally:
        model = models.loaded(spec.model)
        if model is not None:
            model.close()


def judged(said: list[Event]) -> list[int]:
    return [event.judgement.answer_id for event in said if isinstance(event, Judged)]


@pytest.mark.parametrize("fault", [503, ("429", 0.001), "broken", "dropped"])
def test_a_failing_request_is_asked_again_and_every_answer_is_judged_once(url: str, fault: object) -> None:
    said: list[Event] = []
    with faulty(url) as server:
        server.faults = [None, fault, fault]
        judge(spec_at(server), said)
        assert len(server.seen) == 6 + 2
    assert judged(said) == [answers.answer_ids[0] for answers in GIVEN]
    assert all(event.judgement.score == UNREADABLE and event.judgement.words for event in said
               if isinstance(event, Judged))


def test_a_server_that_falls_silent_is_asked_again(url: str) -> None:
    said: list[Event] = []
    with faulty(url) as server:
        judge(replace(spec_at(server), matches=spec_at(server).matches[:1]), said)        # the model is warm now
        server.faults = ["silent"]
        judge(spec_at(server, timeout=2.0, attempts=10), said)
    assert sorted(judged(said)[1:]) == sorted(answers.answer_ids[0] for answers in GIVEN)


def rates(body: dict[str, Any], answers: dict[str, int] | None = None) -> Any:
    """A stand-in's answer: 7, or the status that ``answers`` has for the answer that is judged."""
    judged_text = body["messages"][-1]["content"].partition("|")[2]
    status = (answers or {}).get(judged_text, 200)
    event = {"choices": [{"index": 0, "delta": {"content": "Rating: [[7]]"}, "finish_reason": "stop"}]}
    return [event] if status == 200 else status


def test_what_a_broken_off_job_has_judged_is_not_asked_again() -> None:
    said: list[Event] = []
    down = False
    with faulty(lambda path, body, headers: 500 if down else rates(body)) as server:
        spec = spec_at(server)
        judge(replace(spec, matches=spec.matches[:2]), said)
        down = True
        rest = replace(spec, done=tuple((id, 0, "one") for id in judged(said)))
        with pytest.raises(ModelError, match="gave no answer in 3 attempts"):
            judge(rest, said)
        assert judged(said) == [11, 12]
        down, before = False, len(server.seen)
        judge(rest, said)
        assert len(server.seen) == before + 4
    assert judged(said) == [11, 12, 13, 21, 22, 23]
    finished = said[-1]
    assert isinstance(finished, Finished)
    assert result_of([finished], JudgeResult).judgements == 6


@pytest.mark.parametrize(("status", "why"), [(422, "refuses the request (422): not here"), (500, "gave no answer")])
def test_one_request_that_never_succeeds_does_not_hold_up_the_others(status: int, why: str) -> None:
    said: list[Event] = []
    with faulty(lambda path, body, headers: rates(body, {"1 2": status})) as server:
        judge(spec_at(server, concurrency=2), said)
    found = {event.judgement.answer_id: event.judgement for event in said if isinstance(event, Judged)}
    assert len(found) == len(judged(said)) == 6
    assert [id for id, one in found.items() if "problem" in one.details] == [12]
    assert why in found[12].details["problem"]
    assert {one.score for id, one in found.items() if id != 12} == {7}
    assert found[12].score == UNREADABLE


def test_both_orders_are_asked_at_a_time_and_their_tokens_are_paid(url: str) -> None:
    said: list[Event] = []
    with faulty(url) as server:
        judge(replace(spec_at(server, concurrency=4, pairs=True), price=Price(1e6, 2e6)), said)
        asked = [body["messages"][-1]["content"] for _, body, _ in server.seen]
        assert all("system" not in [message["role"] for message in body["messages"]] for _, body, _ in server.seen)
    assert sorted(asked) == sorted(f"Why {n}?|{a} {n}|{b} {n}" for n in (1, 2, 3) for a, b in ((1, 2), (2, 1)))
    result = result_of(said, JudgeResult)
    assert 6 <= result.completion_tokens <= 30
    assert result.cost == result.prompt_tokens + 2 * result.completion_tokens


def test_an_answer_that_is_too_long_for_the_judge_is_left_unjudged_with_the_servers_reason(url: str) -> None:
    said: list[Event] = []
    with faulty(url) as server:
        spec = spec_at(server, attempts=1)
        long = replace(GIVEN[1], texts=("word " * 2000,))
        judge(replace(spec, given=(GIVEN[0], long, *GIVEN[2:])), said)
    found = {event.judgement.answer_id: event.judgement for event in said if isinstance(event, Judged)}
    assert len(found) == len(judged(said)) == 6
    assert server.url in found[12].details["problem"]
    assert [id for id, one in found.items() if "problem" in one.details] == [12]


def test_a_key_that_is_not_accepted_ends_the_job(url: str) -> None:
    with faulty(url) as server:
        server.faults = [401]
        with pytest.raises(ModelError, match="does not accept the key"):
            judge(spec_at(server), [])
