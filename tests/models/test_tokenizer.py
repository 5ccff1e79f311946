from __future__ import annotations

import json
from pathlib import Path

import pytest
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer

from tests.models import tiny_models
from workbench.errors import ModelError, PromptError
from workbench.models.tokenizer import FastTokenizer

FAMILIES = {"byte level": tiny_models.byte_level, "sentencepiece": tiny_models.sentencepiece,
            "wordpiece": tiny_models.wordpiece}  # fmt: skip


def write(folder: Path, tokenizer: Tokenizer, **settings: object) -> Path:
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    content = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", **settings}
    (folder / "tokenizer_config.json").write_text(json.dumps(content), "utf-8")
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_tokens_are_those_that_transformers_gives(tmp_path: Path, family: str) -> None:
    folder = write(tmp_path / "t", FAMILIES[family]())
    ours, theirs = FastTokenizer(folder), transformers.AutoTokenizer.from_pretrained(folder)
    for text in [*tiny_models.TEXT, "", " ", "\n\n  x", "日本語 and 🙂"]:
        assert ours.encode(text).ids == tuple(theirs(text)["input_ids"])
        assert ours.encode(text, special=False).ids == tuple(theirs(text, add_special_tokens=False)["input_ids"])
        assert ours.decode(ours.encode(text).ids) == theirs.decode(
            theirs(text)["input_ids"], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )


@pytest.mark.parametrize("family", ["byte level", "sentencepiece"])
def test_offsets_cover_every_character_white_space_too(tmp_path: Path, family: str) -> None:
    tokenizer = FastTokenizer(write(tmp_path / "t", FAMILIES[family]()))
    for text in [*tiny_models.TEXT, "    return\n", "日本 🙂 x"]:
        covered = {place for start, end in tokenizer.encode(text).offsets for place in range(start, end)}
        assert covered == set(range(len(text)))


def test_a_beginning_token_is_added_or_left_out_as_the_settings_say(tmp_path: Path) -> None:
    never = FastTokenizer(write(tmp_path / "never", tiny_models.byte_level(), add_bos_token=False))
    always = FastTokenizer(write(tmp_path / "always", tiny_models.wordpiece(), add_bos_token=True))
    assert never.encode("fox").ids == never.encode("fox", special=False).ids
    assert always.encode("fox").ids == (always.start, *always.encode("fox", special=False).ids)
    assert always.encode("fox").offsets[0] == (0, 0)


framed = st.lists(st.sampled_from(["\n\n# Q:\n", "\n```", "a", " b", "  ", "\n", "é", "🙂", "# Q", "``"]), max_size=12)


@settings(max_examples=150, deadline=None)
@given(start=framed, rests=st.lists(framed, min_size=2, max_size=4))
def test_tokenising_a_shared_beginning_once_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, start: list[str], rests: list[list[str]]
) -> None:
    tokenizer = tiny_models.byte_level()
    tokenizer.add_tokens([AddedToken("\n\n# Q:\n", normalized=False), AddedToken("\n```", normalized=False)])
    fast = FastTokenizer(write(tmp_path_factory.mktemp("t"), tokenizer))
    texts = ["".join(start + rest) for rest in rests]
    assert fast.encode_all(texts) == [fast.encode(text) for text in texts]


def test_a_beginning_is_not_cut_where_a_longer_token_could_win(tmp_path: Path) -> None:
    tokenizer = tiny_models.byte_level()
    tokenizer.add_tokens([AddedToken("\n```", normalized=False), AddedToken("\n```py", normalized=False)])
    fast = FastTokenizer(write(tmp_path / "t", tokenizer))
    texts = ["x\n```", "x\n```py", "x\n```\n"]
    assert fast.encode_all(texts) == [fast.encode(text) for text in texts]
    assert fast._cut("x\n```") == 0


def test_a_sentencepiece_beginning_is_never_cut(tmp_path: Path) -> None:
    fast = FastTokenizer(write(tmp_path / "t", tiny_models.sentencepiece()))
    assert fast._cut("a</s>b") == 0


def test_the_chat_template_runs_in_a_sandbox(tmp_path: Path) -> None:
    template = (
        "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}"
        "{% if add_generation_prompt %}[a]{% endif %}"
    )
    fast = FastTokenizer(write(tmp_path / "t", tiny_models.byte_level(), chat_template=template))
    assert fast.apply_chat_template([{"role": "user", "content": "hi"}], open_answer=True) == "[user]hi[a]"
    evil = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    hostile = FastTokenizer(write(tmp_path / "evil", tiny_models.byte_level(), chat_template=evil))
    with pytest.raises(PromptError):
        hostile.apply_chat_template([{"role": "user", "content": "hi"}], open_answer=True)


def test_the_beginning_token_of_a_chat_template_is_not_doubled(tmp_path: Path) -> None:
    template = "{{ bos_token }}{{ messages[0]['content'] }}"
    fast = FastTokenizer(write(tmp_path / "t", tiny_models.byte_level(), chat_template=template))
    text = fast.apply_chat_template([{"role": "user", "content": "hi"}], open_answer=False)
    assert fast.encode(text).ids.count(0) == 1


def test_without_a_chat_template_it_says_so(tmp_path: Path) -> None:
    fast = FastTokenizer(write(tmp_path / "t", tiny_models.byte_level()))
    with pytest.raises(PromptError, match="no chat template"):
        fast.apply_chat_template([], open_answer=True)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"model": {"type": "BPE"}}', "\x00"])
def test_a_damaged_tokenizer_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content, "utf-8")
    with pytest.raises(ModelError):
        FastTokenizer(tmp_path)
