from __future__ import annotations

from pathlib import Path

import pytest

import workbench_resources as resources
from tests.formats.shared_data import SHARED, needs_shared_data
from workbench.bench.judge_prompting import asked, choose
from workbench.domain import Question
from workbench.domain.judge_prompt import JudgePrompt
from workbench.errors import FormatError, JobError
from workbench.formats import fastchat_judge_prompts

OWN = fastchat_judge_prompts.read(resources.path("judge_prompts", "workbench.jsonl"))
GENERAL = Question(("Why?", "And now?", "And then?"), (), "writing")
MATHS = Question(("2 + 2?", "Twice that?"), ("4", "8"), "math")


@pytest.mark.parametrize(("question", "turn", "name"), [
    (GENERAL, 0, "workbench-single"), (GENERAL, 1, "workbench-single-multi-turn"),
    (GENERAL, 2, "workbench-single-multi-turn"), (MATHS, 0, "workbench-single-reference"),
    (MATHS, 1, "workbench-single-reference-multi-turn"),
    (Question(("2 + 2?", "Twice that?"), ("4",), "math"), 1, "workbench-single-multi-turn"),
])
def test_turn_category_and_reference_choose_the_prompt(question: Question, turn: int, name: str) -> None:
    assert choose(OWN, "single", question, turn).name == name
    assert choose(OWN, "pairwise", question, turn).name == name.replace("single", "pair")


def test_a_missing_prompt_is_said_before_anything_is_judged() -> None:
    with pytest.raises(JobError, match="no pairwise judge prompt with a reference, for later turns"):
        choose([prompt for prompt in OWN if prompt.kind == "single"], "pairwise", MATHS, 1)


def test_answers_stand_where_the_prompt_wants_them_and_are_not_looked_at_again() -> None:
    prompt = JudgePrompt("p", "pairwise", "", "{{Q}} {question}|{answer_a}|{answer_b}", "[[A]]")
    assert asked(prompt, GENERAL, 0, ["{question}"], ["{}%s"]) == "{Q} Why?|{question}|{}%s"


def test_a_third_turn_is_shown_with_the_one_before_it() -> None:
    prompt = JudgePrompt("p", "single", "", "{question_1}{answer_1} {question_2}{answer_2}", "[[rating]]")
    assert asked(prompt, GENERAL, 2, ["a", "b", "c"]) == "And now?b And then?c"


def test_the_workbenchs_own_prompts_read_the_marks_that_they_ask_for() -> None:
    for prompt in OWN:
        mark = "[[6]]" if prompt.kind == "single" else "[[C]]"
        assert mark in prompt.prompt_template


@pytest.mark.parametrize(("line", "why"), [
    ('{"name": "x"}', "“type” is missing"),
    ('{"name": "x", "type": "triple"}', "neither single nor pairwise"),
    ('{"name": "x", "type": "single", "output_format": "[[A]]"}', "it is \\[\\[rating\\]\\]"),
    ('{"name": "x", "type": "single", "output_format": "[[rating]]", "system_prompt": "", "prompt_template": "{a.b}"}',
     "asks for {a.b}"),
    ('{"name": "x", "type": "single", "output_format": "[[rating]]", "system_prompt": "", "prompt_template": "{"}',
     "cannot be laid out"),
    ("", "holds no judge prompt"),
])
def test_a_judge_prompt_that_is_none_is_refused_with_the_reason(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "judge_prompts.jsonl"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(FormatError, match=why):
        fastchat_judge_prompts.read(path)


@needs_shared_data
def test_fastchats_own_file_is_read_and_written_again(tmp_path: Path) -> None:
    path = SHARED / "mt_bench" / "judge_prompts.jsonl"
    prompts = fastchat_judge_prompts.read(path)
    copy = tmp_path / "copy.jsonl"
    copy.write_text("".join(fastchat_judge_prompts.write(prompts)), "utf-8")
    assert fastchat_judge_prompts.read(copy) == prompts
    assert choose(prompts, "pairwise", MATHS, 1).name == "pair-math-v1-multi-turn"
