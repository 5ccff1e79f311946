"""Token counts and contexts of served models: asked of the server, and too long candidates are left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.listening import result_of
from tests.models import tiny_models
from tests.models.faulty import Faulty, faulty
from tests.models.serving import MISSING, served
from workbench.domain import Backend, CandidateScore, Demonstration, ModelRef, Prompt, Question, Server
from workbench.errors import ModelError
from workbench.jobs.control import Control
from workbench.jobs.events import Counted, Event, Log, Scored
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.count import CountSpec
from workbench.jobs.kinds.score import ScoreResult, ScoreSpec
from workbench.jobs.kinds.search import SearchResult, SearchSpec
from workbench.jobs.run import LoadedModel, Run
from workbench.models import load, load_tokenizer, server_http
from workbench.models.openai_model import OpenAIModel
from workbench.models.server_http import Refused, ServerHttp, Unavailable
from workbench.models.server_probe import probe
from workbench.models.server_tokens import admits, count_tokens, tokenising

needs_server = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

LONG = Demonstration.pair("too long", "word " * 400, id=7)
POOL = (*(Demonstration.pair(f"say {n}", f"thing {n}", id=n) for n in range(1, 4)), LONG)
QUESTIONS = tuple(Question((f"ask {n}",), (f"reply {n}",), "c", str(n), n) for n in range(1, 4))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_http, "_FIRST_WAIT", 0.001)


@pytest.fixture(scope="module")
def ref(gguf: Path) -> Iterator[ModelRef]:
    with served(gguf) as url, closing(ServerHttp(url)) as http:
        yield ModelRef("served", f"{url}#tiny", Backend.OPENAI, server=probe(http, Server("tiny")))


def run(spec: ScoreSpec | SearchSpec | CountSpec) -> list[Event]:
    said: list[Event] = []
    models = LoadedModel()
    try:
        run_job(spec, Run(said.append, Control(), models))
    finally:
        models.close()
    return said


# -- a real server

@pytest.mark.gguf
@needs_server
def test_the_counts_of_a_server_with_a_tokenizer_are_the_models_own(gguf: Path, ref: ModelRef) -> None:
    local = load_tokenizer(ModelRef("m", str(gguf), Backend.LLAMA_CPP))
    model = load(ref)
    assert ref.server is not None
    assert ref.server.tokenising == "llama-cpp-python"
    for text in (*tiny_models.TEXT, "a"):
        assert model.tokenizer.count(text) == local.count(text)
    model.close()


@pytest.mark.gguf
@needs_server
def test_a_job_that_counts_asks_the_server(gguf: Path, ref: ModelRef) -> None:
    local = load_tokenizer(ModelRef("m", str(gguf), Backend.LLAMA_CPP))
    said = run(CountSpec(ref, tuple(enumerate(tiny_models.TEXT))))
    (counted,) = [one for one in said if isinstance(one, Counted)]
    assert counted.counts == tuple((id, local.count(text, special=False)) for id, text in enumerate(tiny_models.TEXT))


@pytest.mark.gguf
@needs_server
def test_a_candidate_that_is_too_long_for_the_servers_context_is_listed_and_the_rest_are_scored(ref: ModelRef) -> None:
    said = run(ScoreSpec(ref, Prompt("Be good."), POOL, QUESTIONS))
    scores: dict[int | None, CandidateScore] = {one.score.demonstration_id: one.score for one in said
                                               if isinstance(one, Scored)}
    assert scores[7].answers == ()
    assert all(len(scores[id].answers) == 3 for id in (None, 1, 2, 3))
    assert any("Demonstration 7 does not fit" in one.message for one in said if isinstance(one, Log))
    assert result_of(said, ScoreResult).too_long == 1


@pytest.mark.gguf
@needs_server
def test_a_search_skips_what_the_servers_context_does_not_hold_and_says_so(ref: ModelRef) -> None:
    said = run(SearchSpec(ref, Prompt("Be good."), POOL, QUESTIONS, (), rounds=2))
    chosen = result_of(said, SearchResult).chosen
    assert len(chosen) == 2
    assert 7 not in chosen
    assert any("1 candidates do not fit into the model's context and are skipped: 7." in one.message
               for one in said if isinstance(one, Log))


# -- other servers' ways

def answers(kind: str, limit: int = 50) -> Any:
    """A server that counts words as tokens in the way of ``kind``."""
    def answer(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        if path == "/tokenize" and kind == "vllm" and "prompt" in body:
            return {"count": len(body["prompt"].split()), "max_model_len": limit, "tokens": body["prompt"].split()}
        if path == "/tokenize" and kind == "llama.cpp":
            return {"tokens": body.get("content", "").split()}
        if path == "/props" and kind == "llama.cpp":
            return {"default_generation_settings": {"n_ctx": limit}}
        if path == "/v1/completions":
            return 400 if len(body["prompt"].split()) > limit else {"choices": [{"text": "x"}]}
        return 404
    return answer


@pytest.fixture
def connected() -> Iterator[Any]:
    opened: list[ServerHttp] = []

    def connect(server: Faulty) -> ServerHttp:
        opened.append(ServerHttp(server.url, attempts=2))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


@pytest.mark.parametrize("kind", ["vllm", "llama.cpp"])
def test_a_servers_own_way_to_count_is_found_out(kind: Any, connected: Any) -> None:
    with faulty(answers(kind)) as server:
        http = connected(server)
        assert tokenising(http, Server("m")) == kind
        assert count_tokens(http, Server("m", tokenising=kind), "one two three") == 3


def test_a_server_that_counts_nothing_is_said_to(connected: Any) -> None:
    with faulty(answers("none")) as server:
        assert tokenising(connected(server), Server("m")) == ""


def test_the_context_of_llama_cpps_server_is_that_of_one_request(connected: Any) -> None:
    with faulty(answers("llama.cpp", limit=77)) as server:
        assert probe(connected(server), Server("m")).context == 77


def test_each_text_is_counted_once(connected: Any) -> None:
    with faulty(answers("vllm")) as server:
        model = OpenAIModel(ModelRef("m", f"{server.url}#m", Backend.OPENAI, server=Server("m", tokenising="vllm")),
                            connected(server))
        assert [model.tokenizer.count(text) for text in ("a b", "a b c", "a b")] == [2, 3, 2]
        assert len(server.seen) == 2


def test_what_count_and_context_decide_is_not_asked(connected: Any) -> None:
    with faulty(answers("vllm")) as server:
        http, known = connected(server), Server("m", context=100)
        assert admits(http, known, 90, "x" * 500, 10)
        assert not admits(http, known, 90, "x" * 500, 11)
        assert admits(http, known, None, "x" * 50, 10)
        assert not server.seen
        assert admits(http, known, None, "x" * 500, 10)
        assert len(server.seen) == 1




@pytest.mark.parametrize("says", [
    "This model's maximum context length is 50 tokens", "the request exceeds the available context size",
    "The decoder prompt (length 90) is longer than the maximum model length of 50",
])
def test_a_refusal_for_length_says_that_it_does_not_fit(
    says: str, connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with faulty(answers("none")) as server:
        http = connected(server)

        def refuse(path: str, content: Any) -> Any:
            raise Refused(400, f"{http.url} refuses the request (400): {says}.")

        monkeypatch.setattr(http, "post", refuse)
        assert not admits(http, Server("m"), None, "x " * 90, 1)


def test_a_refusal_for_another_reason_is_raised(connected: Any) -> None:
    with faulty(answers("none", limit=0)) as server, pytest.raises(ModelError, match="refuses the request"):
        admits(connected(server), Server("m"), None, "x", 1)


def test_a_server_that_breaks_at_long_prompts_and_answers_short_ones_does_not_hold_them(connected: Any) -> None:
    def answer(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        return 500 if len(body["prompt"]) > 100 else {"choices": [{"text": "x"}]}

    with faulty(answer) as server:
        http = connected(server)
        assert not admits(http, Server("m"), None, "x" * 200, 1)
        assert admits(http, Server("m"), None, "x" * 99, 1)
    with faulty(lambda path, body, headers: 500) as server, pytest.raises(Unavailable):
        admits(connected(server), Server("m"), None, "x" * 200, 1)
