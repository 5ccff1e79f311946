"""What a demonstration is as training data, and where the loss is taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.alignment.small import CharacterTokenizer, model, pool
from tests.alignment.test_run import Record
from workbench.alignment.episodes import AlignmentError
from workbench.alignment.options import tuning_options
from workbench.alignment.tuning import encode, fine_tune
from workbench.domain import Demonstration, Prompt, Role, Turn
from workbench.prompts import render

TALK = Demonstration((Turn(Role.SYSTEM, "Calm."), Turn(Role.USER, "One?"), Turn(Role.ASSISTANT, "Yes."),
                      Turn(Role.USER, "Two?"), Turn(Role.ASSISTANT, "No."), Turn(Role.USER, "Three?")))


OWN = ("{{ rules }}{% for d in demonstrations %}{% for t in d.turns %}{{ t.text }}<end>{% endfor %}{% endfor %}"
       "{% for t in turns %}{{ t.text }}<end>{% endfor %}")


@pytest.mark.parametrize(("template", "end"), [("urial", "\n```"), ("plain", "\n\nQuery:"), (OWN, "<end>")])
def test_every_answer_is_counted_with_what_ends_it_and_nothing_else(template: str, end: str) -> None:
    prompt = Prompt("Be good.", (), template)
    sample = encode(TALK, prompt, CharacterTokenizer())
    text = "".join(map(chr, sample.sequence.ids))
    shown = render(Prompt("Be good.", (TALK,), template), (Turn(Role.USER, "?"),)).text
    assert shown.startswith(text)
    assert "".join(text[place] for place in sample.answers) == f"Yes.{end}No.{end}"


def test_answers_are_learnt_and_what_is_too_long_is_left_out(tmp_path: Path) -> None:
    demonstrations = [*pool("a", 5), Demonstration.pair("a9?", "a" * 600)]
    options = tuning_options(6, 16, epochs=30, learning_rate=3e-3)
    found = fine_tune(model(16, 2), CharacterTokenizer(), 0, Prompt(template="plain"), demonstrations, options,
                      tmp_path, Record(), context=512, dtype="bfloat16")
    assert found.left_out == 1
    assert len(found.losses) == options.steps
    assert found.losses[-1] < found.losses[0] / 2
    with pytest.raises(AlignmentError, match="fits"):
        fine_tune(model(16, 2), CharacterTokenizer(), 0, Prompt(template="plain"), demonstrations[-1:], options,
                  tmp_path / "other", Record(), context=512, dtype="float32")


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
@pytest.mark.parametrize("rank", [0, 2])
def test_a_stopped_training_goes_on_from_its_checkpoint_and_ends_alike(tmp_path: Path, rank: int) -> None:
    class StopsAtSix(Record):
        def progress(self, done: int, total: int, unit: str, message: str) -> None:
            if done == 6:
                raise KeyboardInterrupt

    options = replace(tuning_options(5, 16, epochs=8, learning_rate=3e-3, lora_rank=rank), save_every=4)

    def train(folder: Path, watcher: Record) -> tuple[float, ...]:
        return fine_tune(model(16, 2), CharacterTokenizer(), 0, Prompt(template="plain"), pool("a", 5), options, folder,
                         watcher, context=512, dtype="float32").losses

    whole = train(tmp_path / "whole", Record())
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts", StopsAtSix())
    assert train(tmp_path / "parts", Record()) == pytest.approx(whole[4:], rel=1e-4)


def test_adapters_and_narrow_models_learn_faster_in_few_steps_a_round() -> None:
    whole, adapters, wide = (tuning_options(20, width, epochs=3, lora_rank=rank) for width, rank in (
        (64, 0), (64, 8), (4096, 0)))
    assert whole.steps == 9
    assert adapters.learning_rate == 10 * whole.learning_rate == pytest.approx(640 * wide.learning_rate)
    assert tuning_options(2, 64, epochs=3).batch == 2
