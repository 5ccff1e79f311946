import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.shared_data import SHARED, needs_shared_data
from tests.formats.strategies import prompts
from workbench.domain import Demonstration, Prompt, Role, Turn
from workbench.errors import FormatError
from workbench.formats import urial
from workbench.formats.registry import open_file
from workbench.formats.source import Source
from workbench.prompts import render as render_prompt

FILES = sorted((SHARED / "urial_prompts").glob("*.txt")) if SHARED.is_dir() else []
CANONICAL = "Rules.\n\n# Query:\n```\nHi?\n```\n\n# Answer:\n```\nHello.\n```\n"


def pairs(prompt: Prompt) -> list[tuple[str, str]]:
    return [(d.instruction, d.answer) for d in prompt.demonstrations]


@needs_shared_data
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_file_is_written_out_byte_for_byte(path: Path):
    prompt = urial.read(Source(path)).prompt
    assert urial.text_of(prompt).encode("utf-8") == path.read_bytes()


@needs_shared_data
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_file_has_a_demonstration_for_each_query_at_the_start_of_a_block(path: Path):
    text = path.read_text("utf-8")
    prompt = urial.read(Source(path)).prompt
    assert len(prompt.demonstrations) == len(re.findall(r"(?:^|\n\n)# Query:\n```\n", text))
    assert sum(bool(d.answer) for d in prompt.demonstrations) == len(re.findall(r"\n\n# Answer:\n```\n", text))
    assert prompt.rules.startswith("# Instruction\n\n")
    assert open_file(path).format == "urial"


@needs_shared_data
def test_only_the_file_with_text_between_its_blocks_is_not_in_canonical_form():
    verbatim = [path.name for path in FILES if urial.read(Source(path)).prompt.verbatim]
    assert verbatim == ["urial.unsupervised.3.examples.txt"]


@needs_shared_data
def test_unsupervised_queries_have_no_answer_and_the_text_before_the_others_is_kept_with_them():
    prompt = urial.read(Source(SHARED / "urial_prompts" / "urial.unsupervised.3.examples.txt")).prompt
    roles = [tuple(turn.role for turn in d.turns) for d in prompt.demonstrations]
    pair = (Role.USER, Role.ASSISTANT)
    assert roles == [(Role.USER,), (Role.USER,), (Role.USER,), (Role.SYSTEM, *pair), pair, pair]
    assert prompt.demonstrations[3].turns[0].text.startswith("Now, I am going to give you a series")
    assert "WinError.h" in prompt.demonstrations[0].instruction
    assert prompt.demonstrations[0].instruction.endswith("within a match statement?")


@needs_shared_data
def test_code_blocks_stay_inside_the_answer_that_holds_them():
    prompt = urial.read(Source(SHARED / "urial_prompts" / "urial.greedy.20.examples.txt")).prompt
    first = prompt.demonstrations[0].answer
    assert first.count("```c++") == 4
    assert first.count("```") == 8
    assert "# Query:" not in "".join(d.answer for d in prompt.demonstrations)


@needs_shared_data
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_canonical_form_is_what_a_model_sees(path: Path):
    prompt = replace(urial.read(Source(path)).prompt, verbatim="")
    assert urial.render(prompt) == render_prompt(prompt).text


def test_the_canonical_form_is_read_and_needs_no_copy_of_the_text():
    found = urial.parse(CANONICAL)
    assert found.prompt == Prompt("Rules.", (Demonstration.pair("Hi?", "Hello."),))
    assert found.lines == (3,)
    assert found.notes == ()


@pytest.mark.parametrize("text", [
    pytest.param(CANONICAL.replace("\n", "\r\n"), id="CRLF"),
    pytest.param(CANONICAL.removesuffix("\n"), id="no final newline"),
    pytest.param(CANONICAL.removesuffix("\n") + " ", id="space at the end"),
    pytest.param(CANONICAL.replace("```\n", "```  \n"), id="spaces after fences"),
    pytest.param(CANONICAL.replace(":\n", ": \n"), id="spaces after headings"),
    pytest.param(CANONICAL.replace("\n\n", "\n \n\n\n"), id="more empty lines"),
    pytest.param(CANONICAL.replace("```", "`````"), id="longer fences"),
    pytest.param(CANONICAL.replace("```\nHi?\n```", "```Hi?```"), id="query on the fence's line"),
    pytest.param(CANONICAL.replace("# Query:", "# User:").replace("# Answer:", "# Assistant:"), id="User, Assistant"),
    pytest.param(CANONICAL.replace("```\n", "\n"), id="no fences"),
    pytest.param("Rules.\n\nUser:\n\nHi?\n\nAssistant:\n\nHello.\n", id="no fences and no signs"),
    pytest.param(CANONICAL + "\n# Query:\n```\n", id="a query left open"),
    pytest.param(CANONICAL.replace(":\n```", ":\n\n```"), id="an empty line before the fence"),
])
def test_quirks_of_files_in_the_world_are_read_and_written_out_the_same(text):
    prompt = urial.parse(text).prompt
    assert pairs(prompt)[0] == ("Hi?", "Hello.")
    assert prompt.rules.rstrip() == "Rules."
    assert prompt.verbatim == text
    assert urial.text_of(prompt) == text


def test_an_answer_that_is_left_open_is_where_the_model_goes_on():
    prompt = urial.parse(CANONICAL + "\n# Query:\n```\nNext?\n```\n\n# Answer:\n```\n").prompt
    assert pairs(prompt) == [("Hi?", "Hello."), ("Next?", "")]


@pytest.mark.parametrize("inner", [
    "Use `# Query:` like so:\n# Query:\nand go on.",
    "```\n# Query:\n```\nis the heading.",
    "Code:\n```python\nx = 1\n\n# Query:\n```",
    "Code:\n```\nplain\n```\n\nmore",
    "````\n```\ninner\n```\n````",
])
def test_headings_and_fences_inside_an_answer_stay_in_it(inner):
    prompt = Prompt("Rules.", (Demonstration.pair("Show me.", inner), Demonstration.pair("And?", "Yes.")))
    text = urial.render(prompt)
    assert urial.parse(text).prompt == prompt


def test_fences_become_longer_only_where_the_text_would_be_read_differently():
    honest = Prompt("", (Demonstration.pair("Code?", "```\nx\n```"),))
    quoting = Prompt("", (Demonstration.pair("What is URIAL's form?", "This:\n```\n\n# Query:\n```\nHi\n```"),))
    assert "````" not in urial.render(honest)
    assert urial.render(quoting).startswith("# Query:\n````\n")


def test_a_conversation_of_several_turns_is_read_back_as_one_demonstration_a_query():
    turns = (Turn(Role.USER, "a"), Turn(Role.ASSISTANT, "b"), Turn(Role.USER, "c"), Turn(Role.ASSISTANT, "d"))
    found = urial.parse(urial.render(Prompt("", (Demonstration(turns),)))).prompt
    assert pairs(found) == [("a", "b"), ("c", "d")]


def test_a_changed_prompt_is_written_in_canonical_form_and_not_as_its_old_file():
    prompt = urial.parse(CANONICAL.replace("\n", "\r\n")).prompt
    changed = replace(prompt, rules="Other rules.")
    assert urial.text_of(changed) == CANONICAL.replace("Rules.", "Other rules.")


def test_text_that_belongs_to_no_demonstration_is_kept_and_said():
    found = urial.parse(CANONICAL + "\nThe end.\n")
    assert urial.text_of(found.prompt) == CANONICAL + "\nThe end.\n"
    assert found.notes == ("The text at line 12 belongs to no demonstration; it stays in the file while the prompt is "
                           "unchanged.",)


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b""])
def test_a_byte_order_mark_is_not_part_of_the_rules_and_is_written_out_again(tmp_path, start):
    data = start + "Règles.\n\n# Query:\n```\nHi?\n```\n".encode()
    (tmp_path / "p.txt").write_bytes(data)
    prompt = urial.read(Source(tmp_path / "p.txt")).prompt
    assert prompt.rules == "Règles."
    assert prompt.name == "p"
    assert urial.text_of(prompt).encode("utf-8") == data


def test_a_file_in_another_encoding_is_read_and_it_is_said_that_it_is_written_as_utf_8(tmp_path):
    (tmp_path / "p.txt").write_bytes(CANONICAL.replace("Hi", "Où").encode("utf-16"))
    found = urial.read(Source(tmp_path / "p.txt"))
    assert found.prompt.demonstrations[0].instruction == "Où?"
    assert found.notes == ("The file is utf-16; it is written out as UTF-8.",)


def test_a_file_that_is_not_in_the_chosen_encoding_is_refused(tmp_path):
    (tmp_path / "p.txt").write_bytes(b"# Query:\n```\n\xff\n```\n")
    with pytest.raises(FormatError, match="not utf-8 throughout"):
        urial.read(Source(tmp_path / "p.txt", "utf-8"))


@given(prompts)
def test_any_prompt_comes_back_as_it_was_written(prompt):
    text = urial.render(prompt)
    found = urial.parse(text).prompt
    assert (found.rules, [d.turns for d in found.demonstrations]) == (
        prompt.rules, [d.turns for d in prompt.demonstrations])


@given(st.lists(st.sampled_from(["# Query:", "# Answer:", "```", "````", "", " ", "text", "```x```", "User:",
                                 "# Instruction:", "\r"]), max_size=25).map("\n".join))
def test_any_text_is_written_out_as_it_was_read(text):
    prompt = urial.parse(text).prompt
    assert urial.text_of(prompt) == text
