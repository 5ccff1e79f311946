"""Models on servers: real answers and scores from llama-cpp-python's server, and servers that go wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.models.faulty import Faulty, faulty
from tests.models.serving import MISSING, served
from workbench.domain import Backend, ModelRef, Prompt, Role, Server, Turn
from workbench.errors import Cancelled, ModelError
from workbench.models import Decoding, load, load_tokenizer, read_facts
from workbench.models.base import Draw
from workbench.models.openai_model import OpenAIModel, parameters
from workbench.models.server_http import Pacer, ServerHttp, Unavailable
from workbench.models.server_probe import address, probe
from workbench.models.server_text import EstimatingTokenizer, messages_of, places
from workbench.prompts import render
from workbench.scoring.sequences import answer_sequences, text_sequence

needs_server = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
TEXTS = ["The quick brown fox jumps", "# Query:\n```\nWhat is two é🙂 and two?\n```", "naïve  café\n\n  x"]


@pytest.fixture(scope="module")
def url(gguf: Path) -> Iterator[str]:
    with served(gguf) as found:
        yield found


@pytest.fixture(scope="module")
def ref(url: str) -> ModelRef:
    with closing(ServerHttp(url)) as http:
        return ModelRef("served", f"{url}#tiny", Backend.OPENAI, server=probe(http, Server("tiny")))


@pytest.fixture
def model(ref: ModelRef) -> Iterator[OpenAIModel]:
    loaded = load(ref)
    assert isinstance(loaded, OpenAIModel)
    yield loaded
    loaded.close()


opened: list[ServerHttp] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while opened:
        opened.pop().close()


def connect(url: str, key: str = "", **settings: Any) -> ServerHttp:
    """Closed at the end of the test."""
    opened.append(ServerHttp(url, key, **settings))
    return opened[-1]


def at(server: Faulty, **settings: Any) -> tuple[OpenAIModel, list[float]]:
    """A model on a stand-in server, and the list of the waits between its attempts, which take no time."""
    waits: list[float] = []
    ref = ModelRef("m", f"{server.url}#m", Backend.OPENAI, server=Server("m", **{"scoring": "echo", **settings}))
    assert ref.server is not None
    http = connect(ref.url, "sk-secret", timeout=ref.server.timeout, attempts=ref.server.attempts,
                   wait=waits.append)
    return OpenAIModel(ref, http), waits


def answers(text: str) -> Callable[[str, dict[str, Any], dict[str, str]], Any]:
    def answer(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        if body.get("stream"):
            return [{"choices": [{"text": part, "delta": {"content": part}}]} for part in text] + [
                {"choices": [{"text": "", "finish_reason": "stop"}]}]
        tokens = ["The", *[f" {word}" for word in text.split()[1:]]]
        numbers = [None, *[-float(place) for place in range(1, len(tokens))]]
        return {"choices": [{"text": text, "logprobs": {"tokens": tokens, "token_logprobs": numbers}}]}

    return answer


def ascii_of(text: str) -> str:
    """llama-cpp-python's server loses characters whose bytes come as several tokens."""
    return "".join(letter for letter in text if letter.isascii())


# -- a real server

@pytest.mark.gguf
@needs_server
def test_a_server_is_asked_what_it_can_do(ref: ModelRef) -> None:
    server = ref.server
    assert server is not None
    assert (server.scoring, server.note) == ("echo", "")
    assert server.completions
    assert server.chat
    assert server.extras


@pytest.mark.gguf
@needs_server
def test_scores_by_offsets_equal_the_local_models(gguf: Path, model: OpenAIModel) -> None:
    """The server keeps its cache in float16; the first token has no score there."""
    local = load(ModelRef("m", str(gguf.with_suffix("")), device="cpu"))
    ours = model.logprobs([text_sequence(text, model.tokenizer) for text in TEXTS])
    theirs = local.logprobs([text_sequence(text, local.tokenizer) for text in TEXTS])
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(other[1:], abs=0.03)


@pytest.mark.gguf
@needs_server
def test_an_answers_tokens_are_those_that_meet_its_characters(gguf: Path, model: OpenAIModel) -> None:
    local = load(ModelRef("m", str(gguf.with_suffix("")), device="cpu"))
    turns = (Turn(Role.USER, "What is it?"), Turn(Role.ASSISTANT, "The quick é🙂 dog."))
    rendered = [render(Prompt(rules="Be brief."), turns)]
    (mine,) = model.logprobs(answer_sequences(rendered, model.tokenizer))
    (other,) = local.logprobs(answer_sequences(rendered, local.tokenizer))
    assert mine == pytest.approx(other, abs=0.03)
    inspected = model.inspect(answer_sequences(rendered, model.tokenizer)[0])
    assert [token.logprob for token in inspected] == pytest.approx(mine, abs=1e-6)
    assert "".join(token.text for token in inspected).startswith("The quick")


@pytest.mark.gguf
@needs_server
def test_greedy_answers_are_streamed_and_equal_the_local_models(gguf: Path, model: OpenAIModel) -> None:
    local = load(ModelRef("m", str(gguf.with_suffix("")), device="cpu"))
    pieces: list[tuple[int, str]] = []
    prompts = ["The quick brown fox", "# Query:\n```\nWhat"]
    decoding = Decoding(max_tokens=10)
    found = model.generate(prompts, decoding, lambda index, text: pieces.append((index, text)))
    wanted = local.generate(prompts, decoding, lambda index, text: None)
    assert [ascii_of(text) for text in found] == [ascii_of(text) for text in wanted]
    assert len(pieces) > 4
    assert ["".join(text for index, text in pieces if index == place) for place in range(2)] == found


@pytest.mark.gguf
@needs_server
def test_a_prompt_in_the_chat_template_goes_to_the_server_as_its_messages(model: OpenAIModel) -> None:
    rendered = render(Prompt(template="chat", rules="Be brief."), (Turn(Role.USER, "Hi"),), tokenizer=model.tokenizer)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert messages_of(rendered.text) == messages
    (drawn,) = model.draw([Draw(rendered.text, Decoding(max_tokens=6))])
    assert drawn.text == model.chat(messages, Decoding(max_tokens=6)).text
    assert drawn.finish == "length"
    with pytest.raises(ModelError, match="applied on its server"):
        model.logprobs([text_sequence(rendered.text, model.tokenizer)])


@pytest.mark.gguf
@needs_server
def test_a_server_that_tells_no_log_probabilities_is_said_to_and_scores_are_refused(gguf: Path) -> None:
    with served(gguf, logits_all=False) as url:
        server = probe(connect(url, attempts=1), Server("tiny"))
    assert (server.scoring, server.completions) == ("", True)
    assert server.note
    model = OpenAIModel(ModelRef("m", f"{url}#tiny", Backend.OPENAI, server=server), connect(url))
    with pytest.raises(ModelError, match="cannot score"):
        model.logprobs([text_sequence("The quick", model.tokenizer)])


@pytest.mark.gguf
@needs_server
def test_the_real_server_behind_a_bad_line_gives_the_same_scores(url: str, ref: ModelRef, model: OpenAIModel) -> None:
    wanted = model.logprobs([text_sequence(text, model.tokenizer) for text in TEXTS])
    with faulty(url) as server:
        server.faults = [("429", 3), "broken", "dropped", 503]
        poor, waits = at(server, concurrency=2)
        poor.server = replace(poor.server, model="tiny")
        found = poor.logprobs([text_sequence(text, poor.tokenizer) for text in TEXTS])
    for mine, other in zip(found, wanted, strict=True):
        assert mine == pytest.approx(other, abs=1e-3)
    assert max(waits) == pytest.approx(3.0, abs=0.5)     # what the server asked for, and not for one thread alone
    assert len(waits) >= 4


# -- servers that go wrong

def test_waits_grow_and_the_last_failure_is_told_without_the_key() -> None:
    with faulty(answers("The end")) as server:
        server.faults = [500, 502, "broken", "dropped"]
        model, waits = at(server, attempts=4)
        with pytest.raises(Unavailable, match="connection was dropped") as told:
            model.logprobs([text_sequence("The end", model.tokenizer)])
    assert len(waits) == 3
    assert waits[0] < waits[1] < waits[2]
    assert "sk-secret" not in str(told.value)
    assert "is kept" in told.value.safe


def test_a_server_that_never_answers_is_given_up_after_its_time() -> None:
    with faulty(answers("The end")) as server:
        server.faults = ["silent"]
        model, waits = at(server, attempts=1, timeout=0.1)
        with pytest.raises(Unavailable, match=r"within 0\.1 s"):
            model.chat([{"role": "user", "content": "Hi"}], Decoding(max_tokens=2))
    assert waits == []


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_what_is_refused_is_not_asked_again_and_the_key_is_not_repeated(status: int) -> None:
    def refuse(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        return status

    with faulty(refuse) as server:
        model, _ = at(server)
        with pytest.raises(ModelError) as told:
            model.chat([{"role": "user", "content": "Hi"}], Decoding(max_tokens=2))
    assert len(server.seen) == 1
    assert "sk-secret" not in str(told.value)
    assert server.seen[0][2]["authorization"] == "Bearer sk-secret"


def test_an_answer_that_is_cut_off_begins_anew_and_nothing_is_said_twice() -> None:
    said: list[str] = []
    with faulty(answers("Half of it")) as server:
        server.faults = ["dropped"]
        model, _ = at(server)
        reply = model.chat([{"role": "user", "content": "Hi"}], Decoding(max_tokens=20), said.append)
    assert reply.text == "Half of it" == "".join(said)
    assert reply.finish == "end"


def test_a_stop_string_ends_an_answer_but_a_fence_that_opens_code_does_not() -> None:
    with faulty(answers("Use:\n```py\nx\n```\nDone.\n```\nmore")) as server:
        model, _ = at(server)
        (text,) = model.generate(["p"], Decoding(max_tokens=99, stop=("\n```", "# Query")), lambda i, t: None)
    assert text == "Use:\n```py\nx\n```\nDone."
    assert server.seen[0][1]["stop"] == ["# Query"]


def test_many_are_asked_at_a_time_and_each_gets_its_own_answer() -> None:
    together, most, lock = [0], [0], threading.Lock()
    enough = threading.Barrier(3)

    def answer(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        with lock:
            together[0] += 1
            most[0] = max(most[0], together[0])
        enough.wait(10)                                  # goes on only when three are here at once
        with lock:
            together[0] -= 1
        return answers(f"The {body['messages'][0]['content']}")(path, body, headers)

    done: list[int] = []
    with faulty(answer) as server:
        model, _ = at(server, concurrency=3)
        replies = model.chat_all([[{"role": "user", "content": str(n)}] for n in range(6)], Decoding(max_tokens=9),
                                 lambda index, reply: done.append(index))
    assert [reply.text for reply in replies] == [f"The {n}" for n in range(6)]
    assert sorted(done) == list(range(6))
    assert most[0] == 3
    assert sorted(body["seed"] for _, body, _ in server.seen) == list(range(6))


def test_requests_keep_to_the_limit_a_minute() -> None:
    with faulty(answers("The end of it")) as server:
        waits: list[float] = []
        ref = ModelRef("m", f"{server.url}#m", Backend.OPENAI, server=Server("m", scoring="echo"))
        model = OpenAIModel(ref, connect(ref.url, requests_per_minute=60, wait=waits.append))
        model.logprobs([text_sequence("The end of it", model.tokenizer)] * 4)
    assert len(waits) == 3
    assert sorted(waits) == pytest.approx([1.0, 2.0, 3.0], abs=0.5)


def test_cancelling_ends_what_is_under_way_at_once_and_the_model_can_be_used_again() -> None:
    def stop(done: int) -> None:
        raise Cancelled

    with faulty(answers("The end of it")) as server:
        server.faults = ["silent", "silent"]
        model, _ = at(server, concurrency=2)
        sequence = text_sequence("The end of it", model.tokenizer)
        with pytest.raises(Cancelled):
            model.logprobs([sequence] * 8, stop)
        assert model.logprobs([sequence]) == [(-1.0, -2.0, -3.0)]


def test_tokens_that_do_not_make_up_the_text_are_refused() -> None:
    with faulty(answers("The other text")) as server:
        model, _ = at(server)
        with pytest.raises(ModelError, match="do not make up the text"):
            model.logprobs([text_sequence("The end of it", model.tokenizer)])


def test_prompt_logprobs_of_vllm_are_read(model_of_vllm: Faulty) -> None:
    model, _ = at(model_of_vllm, scoring="prompt_logprobs")
    assert model.logprobs([text_sequence("The end", model.tokenizer)]) == [(-0.5, -0.25)]
    tokens = model.inspect(text_sequence("The end", model.tokenizer))
    assert [(t.text, t.rank, t.alternatives) for t in tokens] == [
        ("The", 0, ()), (" end", 1, ((" start", -0.125),))]


@pytest.fixture
def model_of_vllm() -> Iterator[Faulty]:
    """Answers as vLLM 0.10 gives them to ``prompt_logprobs``: BOS first, ids for keys, the prompt's token first."""
    def answer(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        if "echo" in body:
            return 400
        if path.endswith("/models"):
            return {"data": [{"id": "m", "max_model_len": 4096}]}
        if "prompt_logprobs" not in body:
            return {"choices": [{"text": " x"}]}
        if not body["prompt"].startswith("The end"):
            rows = [None, {"9": {"logprob": -1.0, "rank": 1, "decoded_token": body["prompt"]}}]
        else:
            rows = [None, {"5": {"logprob": -0.5, "rank": 1, "decoded_token": "The"}},
                    {"7": {"logprob": -0.25, "rank": 2, "decoded_token": " end"},
                     "8": {"logprob": -0.125, "rank": 1, "decoded_token": " start"}}]
        return {"choices": [{"text": " x", "prompt_logprobs": rows}]}

    with faulty(answer) as server:
        yield server


def test_a_server_of_vllms_kind_is_found_out(model_of_vllm: Faulty) -> None:
    found = probe(connect(model_of_vllm.url, attempts=1), Server("m"))
    assert (found.scoring, found.context, found.completions) == ("prompt_logprobs", 4096, True)
    with pytest.raises(ModelError, match="has no model “other”") as told:
        probe(connect(model_of_vllm.url, attempts=1), Server("other"))
    assert "It has: m" in told.value.remedy


def test_log_probabilities_beside_the_wrong_tokens_are_not_used() -> None:
    """llama-cpp-python shifts an echoed prompt's by one where the model has no beginning-of-text token."""
    def answer(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        if path.endswith("/models"):
            return {"data": [{"id": "m"}]}
        tokens = body.get("prompt", "").split(" ") if body.get("echo") else ["", "Madrid"]
        pieces = [tokens[0], *[f" {token}" for token in tokens[1:]]]
        numbers = [None, *[-1.0 - place for place in range(1, len(pieces))]] if body.get("echo") else [-9.0, -0.01]
        if "logprobs" not in body:
            return {"choices": [{"text": " Madrid", "message": {"content": "Hi"}}]}
        told = {"tokens": pieces, "token_logprobs": numbers} if body.get("echo") else {
            "tokens": [" Madrid"], "token_logprobs": [-0.01]}
        return {"choices": [{"text": " Madrid", "logprobs": told}]}

    with faulty(answer) as server:
        found = probe(connect(server.url, attempts=1), Server("m"))
    assert found.scoring == ""
    assert "wrong tokens" in found.note


def test_a_strict_server_is_sent_only_what_it_knows() -> None:
    def strict(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        if path.endswith("/models"):
            return {"data": [{"id": "m"}]}
        if path.endswith("/completions") and "messages" not in body:
            return 404
        return 400 if "top_k" in body else {"choices": [{"message": {"content": "Hi"}}]}

    with faulty(strict) as server:
        found = probe(connect(server.url, attempts=1), Server("m"))
    assert (found.chat, found.completions, found.extras, found.scoring) == (True, False, False, "")
    assert set(parameters(Decoding(), extras=False)) == {"max_tokens", "temperature", "top_p", "seed"}
    with pytest.raises(ModelError, match="top-k"):
        parameters(Decoding(top_k=5), extras=False)


def test_nothing_at_the_address_is_said() -> None:
    with faulty(answers("")) as server:
        url = server.url
    with pytest.raises(Unavailable, match="nothing answers there"):
        probe(connect(url, attempts=1), Server("m"))


@pytest.mark.parametrize(("typed", "meant"), [
    ("localhost:8000", "http://localhost:8000/v1"), ("https://api.example.org/", "https://api.example.org/v1"),
    ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"), ("https://x.org/openai/v2/", "https://x.org/openai/v2"),
])  # fmt: skip
def test_an_address_is_completed(typed: str, meant: str) -> None:
    assert address(typed) == meant


@pytest.mark.parametrize("typed", ["", "http://", "ftp://x.org", "http://user:secret@x.org", "http://x.org:99999"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ModelError, match="not a server's address"):
        address(typed)


@pytest.mark.parametrize(("text", "pieces", "found"), [
    ("ab c", ["ab", " c"], [(0, 2), (2, 4)]),
    ("ab c", ["<s>", "ab", " c", "</s>"], [(0, 0), (0, 2), (2, 4), (4, 4)]),
    ("é🙂x", ["é", "�", "�", "x"], [(0, 1), (1, 2), (1, 2), (2, 3)]),
    ("x🙂", ["x", "", ""], [(0, 1), (1, 2), (1, 2)]),
    ("hello", [" hello"], [(0, 5)]),
    ("ab", ["a"], None), ("ab", ["b"], None), ("ab", [], None),
])  # fmt: skip
def test_a_servers_tokens_are_laid_along_the_text(
    text: str, pieces: list[str], found: list[tuple[int, int]] | None
) -> None:
    assert places(text, pieces) == found


def test_counts_without_the_server_are_estimates_of_the_same_size(gguf: Path) -> None:
    text = "The quick brown fox jumps over the lazy dog. " * 5
    found = load_tokenizer(ModelRef("m", "http://x/v1#m", Backend.OPENAI)).count(text)
    assert found == len(EstimatingTokenizer().encode(text).ids)
    assert 40 <= found <= 70
    assert EstimatingTokenizer().encode(text).offsets[-1][1] == len(text)


def test_redirects_are_not_followed() -> None:
    with faulty(answers("The end")) as server:
        server.faults = [302]
        with pytest.raises(ModelError, match="302"):
            connect(server.url, "sk-secret", attempts=1).get("models")


def test_facts_tell_what_made_the_answers(gguf: Path) -> None:
    assert read_facts(gguf).architecture == "llama"
    ref = ModelRef("m", "http://x/v1#org/m", Backend.OPENAI, server=Server("org/m"))
    facts = OpenAIModel(ref, connect(ref.url)).facts
    assert (facts["server"], facts["model"], facts["httpx"]) == ("http://x/v1", "org/m", httpx.__version__)


def test_what_a_server_asks_for_holds_for_all_threads() -> None:
    now = [100.0]
    pacer = Pacer(0, clock=lambda: now[0])
    assert pacer.delay() == 0
    pacer.hold(5)
    assert (pacer.delay(), pacer.delay()) == (5, 5)
    now[0] += 6
    assert pacer.delay() == 0
    slow = Pacer(30, clock=lambda: now[0])
    assert [slow.delay() for _ in range(3)] == [0, 2, 4]
