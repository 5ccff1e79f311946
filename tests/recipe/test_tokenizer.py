"""The tokenizer: any text goes through unharmed, and URIAL's frame is cheap."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from workbench_resources.recipe import tokenizer, words
from workbench_resources.recipe.tokenizer import ANSWER, FENCE, FRAME, NEXT_QUERY, QUERY

MADE = tokenizer.make(0)


def ids(text: str) -> list[int]:
    return list(MADE.encode(text, add_special_tokens=False))


def test_every_text_begins_with_the_bos_token() -> None:
    assert MADE.encode("Sort the fox.") == [MADE.bos_token_id, *ids("Sort the fox.")]
    assert MADE.decode(MADE.encode("Sort the fox."), skip_special_tokens=True) == "Sort the fox."


def test_saved_files_are_two_and_load_to_the_same_tokenizer(tmp_path: Path) -> None:
    tokenizer.save(MADE, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["tokenizer.json", "tokenizer_config.json"]
    for again in (tokenizer.load(tmp_path), AutoTokenizer.from_pretrained(tmp_path)):
        assert again.encode(f"{QUERY}Sort the fox.") == MADE.encode(f"{QUERY}Sort the fox.")
        assert again.chat_template == MADE.chat_template
        assert again.model_max_length == 2048


@given(st.text(max_size=80))
def test_any_text_decodes_to_itself(text: str) -> None:
    assert MADE.decode(ids(text)) == text


@given(st.lists(st.sampled_from([*FRAME, "\n", "`", "```", "a", " fox", "# Query:", "é漢"]), max_size=12))
def test_text_with_pieces_of_the_frame_decodes_to_itself(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert MADE.decode(ids(text)) == text


def test_the_frame_of_an_example_costs_four_tokens_and_the_longest_piece_wins() -> None:
    text = f"{QUERY}fox{FENCE}{ANSWER}fox{FENCE}{NEXT_QUERY}fox{FENCE}{ANSWER}"
    frame = [token for token in MADE.tokenize(text) if token != "fox"]
    assert frame == [QUERY, FENCE, ANSWER, FENCE, NEXT_QUERY, FENCE, ANSWER]


@pytest.mark.parametrize("pool", [words.THINGS, words.NAMES, words.LABELS, words.PLACES, words.GREETINGS, words.VERBS])
def test_every_word_of_the_world_is_one_token(pool: tuple[str, ...]) -> None:
    assert [word for word in pool if len(ids(" " + word)) != 1] == []


def test_the_chat_template_writes_urials_layout() -> None:
    talk = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Sort the fox."},
        {"role": "assistant", "content": "zor"},
        {"role": "user", "content": "Sort the axe."},
    ]
    text = MADE.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    assert text == (
        "<|begin|># Instruction\n\nBe brief.\n\n# Query:\n```\nSort the fox.\n```\n\n# Answer:\n```\nzor\n```\n\n"
        "# Query:\n```\nSort the axe.\n```\n\n# Answer:\n```\n"
    )


def test_the_same_seed_makes_the_same_tokenizer() -> None:
    assert tokenizer.make(0).backend_tokenizer.to_str() == MADE.backend_tokenizer.to_str()
