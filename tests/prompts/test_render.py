from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import tiny_models
from tests.models.test_tokenizer import write
from workbench.domain import Demonstration, Position, Prompt, Rendered, Role, SpanKind, Turn
from workbench.errors import PromptError
from workbench.models.tokenizer import FastTokenizer
from workbench.prompts import TEMPLATES, add, check_context, check_source, count_tokens, render

REAL = Path(__file__).parents[3] / "shared" / "data" / "urial_prompts"
REGULAR = sorted(file for file in REAL.glob("*.txt") if "unsupervised" not in file.name)

DEMONSTRATIONS = (Demonstration.pair("Hi?", "Hello."), Demonstration.pair("Code?", "```python\nx\n```"))
PROMPT = Prompt("Be kind.", DEMONSTRATIONS)
CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] | trim }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
WRITTEN = (
    "{{ rules }}\n{% for d in demonstrations %}\nQ {{ d.instruction }}\n{% if d.answer %}A {{ d.answer }}\n{% endif %}"
    "{% endfor %}{% for t in turns %}\n{% if t.role == 'user' %}Q {% else %}A {% endif %}{{ t.text }}{% endfor %}"
    "{% if open %}\nA {% endif %}"
)
TALK = (Turn(Role.USER, "One?"), Turn(Role.ASSISTANT, "Uno."), Turn(Role.USER, "Two?"), Turn(Role.ASSISTANT, "Dos."))


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> FastTokenizer:
    return FastTokenizer(write(tmp_path_factory.mktemp("t"), tiny_models.byte_level(), chat_template=CHAT))


def texts(rendered: Rendered) -> list[tuple[str, str, int]]:
    return [(rendered.text[s.start : s.end], s.kind.value, s.index) for s in rendered.spans]


def parsed(text: str) -> Prompt:
    """A regular file taken apart by its headings, on its own way."""
    rules, *blocks = re.split(r"\n(?=# Query:\n)", text)
    found = []
    for block in blocks:
        match = re.fullmatch(r"# Query:\n```\n(.*?)\n```\n(?:\n# Answer:\n```\n(.*)\n```\n)?", block, re.DOTALL)
        assert match
        found.append(Demonstration.pair(match[1], match[2] or ""))
    return Prompt(rules.removesuffix("\n"), tuple(found))


@pytest.mark.skipif(not REGULAR, reason="the public URIAL prompts are not beside this checkout")
@pytest.mark.parametrize("file", REGULAR, ids=[file.stem for file in REGULAR])
def test_a_real_urial_file_is_made_again_byte_for_byte(file: Path) -> None:
    text = file.read_bytes().decode()
    assert render(parsed(text)).text == text


@pytest.mark.skipif(not REGULAR, reason="the public URIAL prompts are not beside this checkout")
def test_a_conversation_follows_a_real_file_as_urials_own_code_puts_it() -> None:
    text = (REAL / "urial.txt").read_bytes().decode()
    expected = text
    for turn in TALK[:3]:                          # SeparatorStyle.URIAL in Re-Align/URIAL, fastchat_conversation.py
        role = {"user": "# Query:", "assistant": "# Answer:"}[turn.role.value]
        expected += "\n" + role + "\n```\n" + turn.text + "\n```\n"
    expected += "\n# Answer:\n```\n"
    assert render(parsed(text), TALK[:3]).text == expected


def test_urial_puts_every_part_where_its_span_says() -> None:
    rendered = render(PROMPT, TALK)
    assert texts(rendered) == [
        ("Be kind.", "rules", 0), ("Hi?", "instruction", 0), ("Hello.", "answer", 0), ("Code?", "instruction", 1),
        ("```python\nx\n```", "answer", 1), ("One?", "question", 0), ("Uno.", "reply", 0), ("Two?", "question", 1),
        ("Dos.", "reply", 1),
    ]  # fmt: skip
    assert rendered.text.endswith("# Answer:\n```\nDos.")


def test_the_text_ends_where_the_answer_begins(chat: FastTokenizer) -> None:
    ends = {"urial": "# Answer:\n```\n", "plain": "\nAnswer:", "chat": "<|assistant|>", WRITTEN: "\nA "}
    for template, end in ends.items():
        rendered = render(replace(PROMPT, template=template), TALK[:3], tokenizer=chat)
        assert rendered.text.endswith(end)


def test_an_answer_to_be_scored_follows_what_an_open_question_ends_with(chat: FastTokenizer) -> None:
    for template in ("urial", "chat", WRITTEN):
        prompt = replace(PROMPT, template=template)
        asked, scored = render(prompt, TALK[:3], tokenizer=chat), render(prompt, TALK, tokenizer=chat)
        assert scored.text == asked.text + "Dos."
        assert texts(scored)[-1] == ("Dos.", "reply", 1)


fragment = st.text(st.sampled_from("ab \n`#{}%<|é🙂"), max_size=8)
some_turns = st.lists(fragment, max_size=4).map(
    lambda found: tuple(Turn(Role.ASSISTANT if i % 2 else Role.USER, text) for i, text in enumerate(found))
)


@settings(max_examples=200, deadline=None)
@given(rules=fragment, pairs=st.lists(st.tuples(fragment, fragment), max_size=3), turns=some_turns,
       template=st.sampled_from([*TEMPLATES, WRITTEN]))  # fmt: skip
def test_spans_are_exact_for_every_template_and_text(
    chat: FastTokenizer, rules: str, pairs: list[tuple[str, str]], turns: tuple[Turn, ...], template: str
) -> None:
    prompt = Prompt(rules, tuple(Demonstration.pair(*pair) for pair in pairs), template)
    rendered = render(prompt, turns, tokenizer=chat)
    expected = [rules] if rules else []
    expected += [turn.text for d in prompt.demonstrations for turn in d.turns] + [turn.text for turn in turns]
    shown = [rendered.text[span.start : span.end] for span in rendered.spans]
    if template == "chat":                         # this one trims, and messages without text leave no trace
        expected, shown = [[t.strip() for t in part if t.strip()] for part in (expected, shown)]
    elif template == WRITTEN:
        expected = [text for text in expected[:-1] if text] + expected[-1:]
        shown = [text for text in shown[:-1] if text] + shown[-1:]
        expected, shown = [t for t in expected if t], [t for t in shown if t]
    assert shown == expected
    edges = [edge for span in rendered.spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)


def test_the_text_of_an_unchanged_file_is_kept_with_spans_in_it() -> None:
    quirky = render(PROMPT).text.replace("\n", "\r\n").replace("# Query:", "# Query: ")
    prompt = Prompt("Be kind.", (Demonstration.pair("Hi?", "Hello."),), verbatim=quirky)
    rendered = render(prompt, TALK[:1])
    assert rendered.text.startswith(quirky)
    assert texts(rendered)[:3] == [("Be kind.", "rules", 0), ("Hi?", "instruction", 0), ("Hello.", "answer", 0)]


def test_the_text_of_a_file_that_is_not_this_prompts_any_more_is_not_used() -> None:
    prompt = replace(PROMPT, verbatim="# Query:\n```\nsomething else\n```\n")
    assert render(prompt).text == render(PROMPT).text


@pytest.mark.parametrize(("position", "expected"), [
    (Position.BEFORE_BASE, ["N1", "N2", "Hi?", "Code?"]), (Position.AFTER_BASE, ["Hi?", "Code?", "N1", "N2"]),
])  # fmt: skip
def test_new_demonstrations_stand_before_or_after_the_base_in_their_order(
    position: Position, expected: list[str]
) -> None:
    new = [Demonstration.pair("N1", "a"), Demonstration.pair("N2", "b")]
    assert [d.instruction for d in add(PROMPT, new, position).demonstrations] == expected


def test_several_turns_of_a_demonstration_keep_its_index(chat: FastTokenizer) -> None:
    prompt = Prompt(demonstrations=(DEMONSTRATIONS[0], Demonstration(TALK)))
    for template in ("urial", "plain", "chat"):
        found = texts(render(replace(prompt, template=template), tokenizer=chat))
        assert [index for _, _, index in found] == [0, 0, 1, 1, 1, 1]


def test_without_a_system_message_the_rules_open_the_first_turn(tmp_path: Path) -> None:
    template = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + CHAT
    tokenizer = FastTokenizer(write(tmp_path / "t", tiny_models.byte_level(), chat_template=template))
    rendered = render(replace(PROMPT, template="chat"), TALK[:1], tokenizer=tokenizer)
    assert rendered.text.startswith("<|user|>Be kind.\n\nHi?<|end|>")
    assert texts(rendered)[:2] == [("Be kind.", "rules", 0), ("Hi?", "instruction", 0)]


@pytest.mark.parametrize(("source", "reason"), [
    ("{{ rules", "Line 1"), ("{{ unknown }}", "unknown"), ("{{ demonstrations[0].answer | upper }}", "changes"),
    ("{{ rules }}", "leaves out"), ("{{ ''.__class__ }}", "Line 1|failed|leaves out"),
    ("{% for a in turns %}{% for b in turns %}{% for c in turns %}{{ 1 }}{% endfor %}{% endfor %}{% endfor %}", "loop"),
    ("{% for i in range(9) %}x{% endfor %}", "loop"), ("{% macro m() %}{% endmacro %}{{ rules }}", "not allowed"),
    ("{{ 'x' * 1000000000 }}", "not allowed"), ("{{ 9 ** 9 ** 9 }}", "not allowed"),
    ("{% include 'x' %}", "not allowed"), ("{% set a = rules %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}", "longer"),
    ("{{ rules }}{{ '%9999999999d' % 1 }}", "too wide"), ("{{ 1 % 0 }}", "failed"),
    ("{{ rules }}" + " " * 30_000, "longer"),
    (WRITTEN + "{{ turns[0].text }}", "2 times"),
])  # fmt: skip
def test_a_faulty_template_is_refused_with_the_reason(source: str, reason: str) -> None:
    with pytest.raises(PromptError, match=reason):
        render(replace(PROMPT, template=source), TALK[:1])


def test_a_good_template_passes_the_check() -> None:
    check_source(WRITTEN)


@pytest.mark.parametrize("turns", [TALK[1:], (TALK[0], TALK[2])])
def test_turns_that_do_not_alternate_are_refused(turns: tuple[Turn, ...]) -> None:
    for template in ("urial", "plain", WRITTEN):
        with pytest.raises(PromptError, match="expected"):
            render(replace(PROMPT, template=template), turns)


def test_an_unknown_template_and_a_missing_tokenizer_are_said() -> None:
    with pytest.raises(PromptError, match="no template “nonsense”"):
        render(replace(PROMPT, template="nonsense"))
    with pytest.raises(PromptError, match="no model is chosen"):
        render(replace(PROMPT, template="chat"), TALK[:1])


def test_counts_add_up_to_the_whole(chat: FastTokenizer) -> None:
    for template in ("urial", "plain", "chat", WRITTEN):
        prompt = replace(PROMPT, template=template)
        counts = count_tokens(prompt, chat)
        whole = len(chat.encode(render(prompt, tokenizer=chat).text).ids)
        assert counts.total == counts.rules + sum(counts.demonstrations) == whole
        assert len(counts.demonstrations) == 2
        assert min(counts.demonstrations) > 3


def test_a_prompt_that_does_not_fit_is_said_with_numbers() -> None:
    check_context(90, 100, answer=10)
    with pytest.raises(PromptError, match=r"91 tokens and 10 for the answer.*holds 100"):
        check_context(91, 100, answer=10)


def test_a_span_kind_says_what_each_part_is() -> None:
    kinds = [span.kind for span in render(PROMPT, TALK).spans]
    assert kinds[:3] == [SpanKind.RULES, SpanKind.INSTRUCTION, SpanKind.ANSWER]
