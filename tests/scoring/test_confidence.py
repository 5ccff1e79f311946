"""How sure the model is of its own answers, against drawing and scoring them one by one."""

from __future__ import annotations

import pytest

from tests.models import tiny_models
from workbench.domain import Demonstration, Prompt, Role, Turn
from workbench.models import load
from workbench.models.base import Decoding, Draw, LanguageModel
from workbench.prompts import add, render
from workbench.scoring.confidence import MAX_TOKENS, AnswerConfidence

BASE = Prompt("Be brief.", (Demonstration.pair("base", "yes"),))
POOL = tuple(Demonstration.pair(f"say {n}", f"thing {n}", id=n) for n in range(1, 6))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    return load(tiny_models.save(tmp_path_factory.mktemp("models") / "sure"))


def prompt_of(model: LanguageModel, id: int, shown: list[int]) -> tuple[str, tuple[str, ...]]:
    found = render(add(BASE, [POOL[other - 1] for other in shown]), (Turn(Role.USER, f"say {id}"),),
                   tokenizer=model.tokenizer)
    return found.text, found.stop


def test_it_is_the_mean_log_probability_of_what_the_model_answers(model: LanguageModel) -> None:
    found = AnswerConfidence(model, BASE, POOL).confidence([(3, (2, 1)), (4, (1, 2)), (5, ())])
    for value, (id, shown) in zip(found, [(3, [1, 2]), (4, [2, 1]), (5, [])], strict=True):
        text, stop = prompt_of(model, id, shown)                  # the nearest stands last
        (drawn,) = model.draw([Draw(text, Decoding(MAX_TOKENS, 0.0, stop=stop))])
        assert drawn.logprob is not None
        assert value == pytest.approx(drawn.logprob / (drawn.tokens + (drawn.finish == "end")), abs=1e-4)
        assert value is not None
        assert value < 0


def test_only_as_many_as_fit_are_shown_the_nearest_of_them(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, _ = prompt_of(model, 3, [1])
    confidence = AnswerConfidence(model, BASE, POOL)
    alone = confidence.confidence([(3, (1,))])
    monkeypatch.setattr(model, "context", model.tokenizer.count(text) + MAX_TOKENS)
    assert confidence.confidence([(3, (1, 2, 4, 5))]) == pytest.approx(alone, abs=1e-4)
    monkeypatch.setattr(model, "context", MAX_TOKENS)
    assert confidence.confidence([(3, (1,)), (4, ())]) == [None, None]


def test_each_answer_is_told_as_it_is_whole(model: LanguageModel) -> None:
    told: list[None] = []
    AnswerConfidence(model, BASE, POOL, drawn=lambda: told.append(None)).confidence([(3, (1,)), (4, (1,))])
    assert len(told) == 2
