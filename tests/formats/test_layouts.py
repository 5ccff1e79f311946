import json
from pathlib import Path

import pytest

from workbench.domain import Demonstration, Role, Status, Turn
from workbench.errors import FormatError
from workbench.formats.registry import open_file
from workbench.formats.rows import TEXT_LIMIT, Refused

USER, ASSISTANT, SYSTEM = Role.USER, Role.ASSISTANT, Role.SYSTEM


def opened(tmp_path: Path, *rows: object, format: str = "auto"):
    path = tmp_path / "f.jsonl"
    path.write_bytes("\n".join(json.dumps(row) for row in rows).encode("utf-8"))
    return open_file(path, format)


def only(tmp_path: Path, row: object, format: str = "auto") -> Demonstration:
    [(line, found)] = opened(tmp_path, row, format=format).demonstrations()
    assert line == 1
    return found


def refusal(tmp_path: Path, row: object) -> str:
    [found] = opened(tmp_path, row).demonstrations()
    assert isinstance(found, Refused)
    return found.reason


def test_alpaca_puts_the_input_under_the_instruction(tmp_path):
    rows = [{"instruction": "Add.", "input": "1, 2", "output": "3"},
            {"instruction": "Hi.", "input": "", "output": "Ho."}]
    file = opened(tmp_path, *rows)
    assert file.format == "alpaca"
    assert [d for _, d in file.demonstrations()] == [Demonstration.pair("Add.\n\n1, 2", "3"),
                                                     Demonstration.pair("Hi.", "Ho.")]


def test_alpaca_with_system_and_history_is_a_conversation(tmp_path):
    found = only(tmp_path, {"instruction": "c", "output": "d", "system": "s", "history": [["a", "b"]]})
    assert found.turns == (Turn(SYSTEM, "s"), Turn(USER, "a"), Turn(ASSISTANT, "b"), Turn(USER, "c"),
                           Turn(ASSISTANT, "d"))


def test_sharegpt_names_of_speakers_are_known(tmp_path):
    row = {"id": "x", "conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "a"},
                                        {"from": "gpt", "value": "b"}, {"from": "user", "value": "c"},
                                        {"from": "chatgpt", "value": "d"}]}
    file = opened(tmp_path, row)
    assert file.format == "sharegpt"
    assert only(tmp_path, row).turns == (Turn(SYSTEM, "s"), Turn(USER, "a"), Turn(ASSISTANT, "b"), Turn(USER, "c"),
                                         Turn(ASSISTANT, "d"))


def test_openai_messages_may_be_parts_of_text(tmp_path):
    row = {"messages": [{"role": "developer", "content": "s"},
                        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
                        {"role": "assistant", "content": "c"}]}
    assert opened(tmp_path, row).format == "openai"
    assert only(tmp_path, row).turns == (Turn(SYSTEM, "s"), Turn(USER, "ab"), Turn(ASSISTANT, "c"))


@pytest.mark.parametrize("columns", [
    {"prompt": "a", "completion": "b"}, {"question": "a", "answer": "b"}, {"input": "a", "target": "b"},
    {"Prompt": "a", "Response": "b"}, {"query": "a", "response": "b", "id": 7},
    {"prompt": "a", "messages": ["a", "b"]},
])
def test_columns_are_recognised_by_their_usual_names(tmp_path, columns):
    assert only(tmp_path, columns).turns == Demonstration.pair("a", "b").turns


def test_a_column_of_turns_is_recognised_by_what_it_holds(tmp_path):
    found = only(tmp_path, {"chosen": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})
    assert found == Demonstration.pair("a", "b")


def test_what_else_a_row_says_of_itself_is_taken(tmp_path):
    found = only(tmp_path, {"instruction": "a", "output": "b", "category": "math", "source": "me", "license": "MIT",
                            "lang": "en", "tags": "x, y; x", "status": "Accepted", "rating": "4", "notes": "good"})
    assert found == Demonstration(Demonstration.pair("a", "b").turns, "math", "me", "MIT", "en", ("x", "y"),
                                  Status.ACCEPTED, 4, "good")


def test_columns_whose_values_cannot_be_a_status_or_a_rating_are_not_taken_for_one(tmp_path):
    file = opened(tmp_path, {"instruction": "a", "output": "b", "status": "done", "rating": 9.5})
    assert set(file.mapping) == {"instruction", "answer"}
    [(_, found)] = file.demonstrations()
    assert found.turns == Demonstration.pair("a", "b").turns
    assert found.metadata == {"status": "done", "rating": 9.5}


@pytest.mark.parametrize(("row", "words"), [
    ({"instruction": "", "output": "b"}, "There is no instruction"),
    ({"instruction": "a", "output": "x\ud800"}, "half of a surrogate pair (\\ud800)"),
    ({"instruction": "a\0", "output": "b"}, "NUL"),
    ({"instruction": "a" * (TEXT_LIMIT + 1), "output": "b"}, "1,000,001 characters long"),
    ({"messages": []}, "There is no instruction"),
    ({"messages": [{"role": "user", "content": " "}]}, "no text"),
    ({"messages": [{"role": "narrator", "content": "x"}]}, "Turn 1 has the role “narrator”"),
    ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": None}]}, "Turn 2 has no text"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "The conversation has no text"),
    ({"messages": [{"role": "assistant", "content": "", "tool_calls": [1]}]}, "The conversation has no text"),
    ({"messages": [{"role": "user", "content": "a"}, "b"]}, "Turn 2 is not an object"),
    ({"messages": [{"speaker": "user"}]}, "Turn 1 has no role and text"),
    ({"instruction": "a", "output": "b", "history": [["a"]]}, "history"),
])
def test_a_row_that_is_no_demonstration_is_refused_with_a_reason(tmp_path, row, words):
    assert words in refusal(tmp_path, row)


@pytest.mark.parametrize(("row", "words"), [
    ({"instruction": "a", "output": "b", "status": "done", "rating": 1}, "status “done” is none of candidate"),
    ({"instruction": "a", "output": "b", "status": "accepted", "rating": 7}, "rating “7” is not a whole number"),
])
def test_a_status_or_rating_that_does_not_exist_is_refused_where_the_person_mapped_it(tmp_path, row, words):
    file = opened(tmp_path, row)
    mapping = {"instruction": "instruction", "answer": "output", "status": "status", "rating": "rating"}
    [found] = file.demonstrations(mapping)
    assert isinstance(found, Refused)
    assert words in found.reason


def test_a_byte_that_is_not_utf_8_refuses_its_row_only(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_bytes('{"instruction": "é", "output": "ö"}\n'.encode() + b'{"instruction": "\xff", "output": "b"}\n')
    good, bad = open_file(path).demonstrations()
    assert good[1].instruction == "é"
    assert bad == Refused(2, "“instruction” holds the byte 0xff, which the file's encoding does not allow.")


def test_a_layout_that_the_file_does_not_have_is_refused(tmp_path):
    with pytest.raises(FormatError, match="no column “conversations”, which ShareGPT needs"):
        opened(tmp_path, {"instruction": "a", "output": "b"}, format="sharegpt")


def test_a_chosen_layout_holds_whatever_the_kind_of_file(tmp_path):
    (tmp_path / "f.csv").write_text('instruction,input,output\n"a","i","b"\n')
    file = open_file(tmp_path / "f.csv", "alpaca")
    assert file.kind.name == "csv"
    assert [d for _, d in file.demonstrations()] == [Demonstration.pair("a\n\ni", "b")]


def test_conversations_inside_csv_cells_are_read(tmp_path):
    cell = json.dumps([{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]).replace('"', '""')
    (tmp_path / "f.csv").write_text(f'id,conversations\n1,"{cell}"\n')
    [(_, found)] = open_file(tmp_path / "f.csv").demonstrations()
    assert (found.turns, found.metadata) == (Demonstration.pair("a", "b").turns, {"id": "1"})
