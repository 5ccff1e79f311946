"""Files as other programs write them: each is read as what it is, and what has no field of its own is kept."""

import json
from pathlib import Path

import pytest

from workbench.domain import Demonstration, Role, Status
from workbench.domain.demonstration import holdings
from workbench.formats.registry import open_file, writers
from workbench.formats.rows import Refused

USER, ASSISTANT = Role.USER, Role.ASSISTANT


def read(tmp_path: Path, *rows: object, name: str = "f.jsonl") -> tuple[str, list[Demonstration], list[Refused]]:
    """The format's name, what was read and what was refused; a ``.json`` file holds the first row alone."""
    path = tmp_path / name
    text = json.dumps(rows[0], indent=1) if path.suffix == ".json" else "\n".join(map(json.dumps, rows))
    path.write_text(text, "utf-8")
    file = open_file(path)
    items = list(file.demonstrations())
    return (file.format, [item[1] for item in items if not isinstance(item, Refused)],
            [item for item in items if isinstance(item, Refused)])


def said(demonstration: Demonstration) -> list[tuple[str, str]]:
    return [(turn.role.value, turn.text) for turn in demonstration.turns]


def pair(one: str, two: str) -> list[tuple[str, str]]:
    return [("user", one), ("assistant", two)]


def message(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


ASKED = [message("user", "Name a fruit.")]


@pytest.mark.parametrize("row", [
    {"conversations": [{"from": "human", "value": "Name a fruit."}], "chosen": {"from": "gpt", "value": "A pear."},
     "rejected": {"from": "gpt", "value": "A nail."}},
    {"prompt": "Name a fruit.", "chosen": "A pear.", "rejected": "A nail."},
    {"prompt": ASKED, "chosen": [message("assistant", "A pear.")], "rejected": [message("assistant", "A nail.")]},
    {"chosen": [*ASKED, message("assistant", "A pear.")], "rejected": [*ASKED, message("assistant", "A nail.")]},
    {"prompt": "Name a fruit.", "chosen": [*ASKED, message("assistant", "A pear.")],
     "rejected": [*ASKED, message("assistant", "A nail.")], "messages": [*ASKED, message("assistant", "A pear.")]},
    {"input": {"messages": ASKED}, "preferred_output": [message("assistant", "A pear.")],
     "non_preferred_output": [message("assistant", "A nail.")]},
    {"instruction": "Name a fruit.", "output_1": "A nail.", "output_2": "A pear.", "generator_1": "a",
     "generator_2": "b", "preference": 2.0},
], ids=["sharegpt", "texts", "explicit prompt", "implicit prompt", "ultrafeedback", "openai", "alpaca_eval"])
def test_of_a_preference_pair_both_answers_are_kept(tmp_path, row):
    _, [found], refused = read(tmp_path, row)
    assert said(found) == pair("Name a fruit.", "A pear.")
    assert found.rejected_answer == "A nail."
    assert not refused


def test_prompt_and_completion_may_be_messages(tmp_path):
    _, found, _ = read(tmp_path, {"prompt": ASKED, "completion": [message("assistant", "A pear.")]},
                       {"prompt": [message("system", "Be brief."), *ASKED], "completion": "A plum."})
    assert said(found[0]) == pair("Name a fruit.", "A pear.")
    assert said(found[1]) == [("system", "Be brief."), *pair("Name a fruit.", "A plum.")]


def test_what_is_labelled_bad_is_rejected(tmp_path):
    _, found, _ = read(tmp_path, {"prompt": "2+2?", "completion": "4", "label": True},
                       {"prompt": "3+3?", "completion": "banana", "label": False})
    assert [(one.status, one.metadata["label"]) for one in found] == [(Status.CANDIDATE, True),
                                                                      (Status.REJECTED, False)]


def test_each_instance_of_a_task_is_a_demonstration(tmp_path):
    task = {"id": "s0", "instruction": "Is it true?", "instances": [
        {"input": "Fire is cold.", "output": "No."}, {"input": "Ice is cold.", "output": "Yes."}]}
    alone = {"id": "s1", "instruction": "Say hi.", "instances": [{"input": "", "output": "Hi."}]}
    for rows in ([task], [task, alone]):
        format, found, _ = read(tmp_path, *rows)
        assert format == "self_instruct"
        assert [said(one) for one in found[:2]] == [pair("Is it true?\n\nFire is cold.", "No."),
                                                    pair("Is it true?\n\nIce is cold.", "Yes.")]
        assert [one.metadata["id"] for one in found] == ["s0", "s0", "s1"][: len(found)]


def test_natural_instructions_have_a_definition_instances_and_wrong_examples(tmp_path):
    format, found, _ = read(tmp_path, {
        "Contributors": ["Ann", "Bob"], "Source": ["squad"], "Categories": ["QA"], "Definition": ["Answer."],
        "Positive Examples": [{"input": "1+1", "output": "2", "explanation": "x"}],
        "Negative Examples": [{"input": "1+2", "output": "4", "explanation": "y"}],
        "Instances": [{"id": "t1", "input": "2+2", "output": ["4", "four"]}]}, name="task.json")
    assert format == "natural_instructions"
    assert [said(one)[1][1] for one in found] == ["2", "4", "4"]
    assert [one.status for one in found] == [Status.CANDIDATE, Status.REJECTED, Status.CANDIDATE]
    assert said(found[2]) == pair("Answer.\n\n2+2", "4")
    assert found[2].metadata["other_answers"] == ["four"]
    assert found[2].metadata["contributors"] == ["Ann", "Bob"]
    assert (found[2].category, found[2].source) == ("QA", "squad")


def test_big_bench_has_targets_or_scores_of_choices(tmp_path):
    format, found, _ = read(tmp_path, {
        "name": "fruit", "description": "About fruit.", "task_prefix": "Answer: ", "keywords": ["food"],
        "examples": [{"input": "Name one.", "target": ["Pear", "Plum"]},
                     {"input": "Which?", "target_scores": {"stone": 0, "apple": 1}}]}, name="task.json")
    assert format == "big_bench"
    assert said(found[0]) == pair("Answer: Name one.", "Pear")
    assert found[0].metadata["other_answers"] == ["Plum"]
    assert said(found[1]) == pair("Answer: Which?\n\nA. stone\nB. apple", "B. apple")
    assert {one.category for one in found} == {"fruit"}


def test_doccano_has_texts_and_labels_and_spans_are_refused(tmp_path):
    format, found, refused = read(tmp_path, {"id": 1, "text": "Hello!", "label": ["Bonjour !", "Salut !"]},
                                  {"id": 2, "text": "See you.", "label": ["À bientôt."]},
                                  {"id": 3, "text": "Ann", "label": [[0, 3, "NAME"]]})
    assert format == "doccano"
    assert [said(one) for one in found] == [pair("Hello!", "Bonjour !"), pair("See you.", "À bientôt.")]
    assert found[0].metadata == {"id": 1, "other_answers": ["Salut !"]}
    assert [one.line for one in refused] == [3]


def test_label_studio_has_what_was_shown_and_what_was_said_of_it(tmp_path):
    result = [{"from_name": "reply", "to_name": "text", "type": "textarea", "value": {"text": ["A pear."]}},
              {"from_name": "stars", "to_name": "text", "type": "rating", "value": {"rating": 4}}]
    format, found, _ = read(tmp_path, [{
        "id": 7, "data": {"prompt": "Name a fruit."}, "annotations": [
            {"result": result, "was_cancelled": False}, {"result": [], "was_cancelled": True}]}], name="export.json")
    assert format == "label_studio"
    [one] = found
    assert said(one) == pair("Name a fruit.", "A pear.")
    assert (one.rating, one.metadata["id"]) == (4, 7)


def test_argilla_has_fields_and_responses(tmp_path):
    format, [one], _ = read(tmp_path, {
        "id": "r1", "status": "completed", "fields": {"instruction": "Name a fruit."}, "metadata": {"topic": "food"},
        "suggestions": {"completion": {"value": "A nail.", "agent": "m"}},
        "responses": {"completion": [{"value": "A bug.", "status": "discarded", "user_id": "u"},
                                     {"value": "A pear.", "status": "submitted", "user_id": "v"}]}})
    assert format == "argilla"
    assert said(one) == pair("Name a fruit.", "A pear.")
    assert (one.category, one.metadata["id"]) == ("food", "r1")


def test_prodigy_says_accept_of_a_text_and_that_is_no_answer(tmp_path):
    common = {"_input_hash": 1, "_task_hash": 2}
    format, found, _ = read(
        tmp_path, {"text": "Name a fruit.", "user_input": "A pear.", "answer": "accept", **common},
        {"text": "Name a tree.", "user_input": "A nail.", "answer": "reject", **common},
        {"text": "Which?", "options": [{"id": "1", "text": "An oak."}, {"id": "2", "text": "A cat."}], "accept": ["1"],
         "answer": "accept", **common})
    assert format == "prodigy"
    assert said(found[2])[0] == ("user", "Which?\n\n1. An oak.\n2. A cat.")
    assert [(one.answer, one.status.value) for one in found] == [
        ("A pear.", "accepted"), ("A nail.", "rejected"), ("1. An oak.", "accepted")]


def test_open_webuis_chat_is_the_branch_where_it_stands(tmp_path):
    messages = {"1": {"id": "1", "parentId": None, "childrenIds": ["2", "3"], "role": "user", "content": "Hi"},
                "2": {"id": "2", "parentId": "1", "childrenIds": [], "role": "assistant", "content": "Old."},
                "3": {"id": "3", "parentId": "1", "childrenIds": [], "role": "assistant", "content": "Ho."}}
    format, [one], _ = read(tmp_path, [{
        "id": "c", "title": "Greeting", "chat": {"models": ["m"], "tags": ["a"],
                                                 "history": {"messages": messages, "currentId": "3"}}}], name="c.json")
    assert format == "open_webui"
    assert said(one) == pair("Hi", "Ho.")
    assert all(turn.attached is None for turn in one.turns)
    assert (one.tags, one.metadata["title"]) == (("a",), "Greeting")


def test_a_dspy_program_holds_demonstrations(tmp_path):
    format, [one], _ = read(tmp_path, {
        "predict": {"traces": [], "train": [], "demos": [{"augmented": True, "question": "1+1?", "answer": "2"}],
                    "signature": {"instructions": "Add.", "fields": []}, "lm": None},
        "metadata": {"dependency_versions": {"dspy": "2.6"}}}, name="program.json")
    assert format == "dspy"
    assert said(one) == [("system", "Add."), *pair("1+1?", "2")]
    assert one.category == "predict"


TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\"in\": \"Rome\"}"}}
CONVERSATION = [
    {"role": "user", "content": [{"type": "text", "text": "Weather here?"},
                                 {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "rain", "tool_call_id": "c1"},
    {"role": "assistant", "content": "It rains.", "reasoning_content": "Hm.", "weight": 0},
]


@pytest.mark.parametrize("format", ["openai", "jsonl", "csv", "parquet"])
def test_tool_calls_images_thinking_and_weights_come_back_as_they_came(tmp_path, format):
    _, [found], _ = read(tmp_path, {"messages": CONVERSATION, "tools": TOOLS, "id": "x"})
    assert [holdings(turn) for turn in found.turns] == [
        ["an image"], ["a tool call"], ["a tool's result"], ["thinking", "weight 0"]]
    assert found.unusable == "an image"
    path = tmp_path / f"again{writers()[format].extensions[0]}"
    with open(path, "wb") as stream:
        writers()[format].write([found], stream)
    [(_, again)] = open_file(path).demonstrations()
    assert again.turns == found.turns
    assert again.metadata["tools"] == TOOLS
    if format == "openai":
        assert json.loads(path.read_text("utf-8")) == {"messages": CONVERSATION, "tools": TOOLS}
    else:
        assert again.metadata == {"tools": TOOLS, "id": "x"}


def test_a_text_part_is_the_text(tmp_path):
    _, [found], _ = read(tmp_path, {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]},
                                                 {"role": "assistant", "content": [{"type": "text", "text": "b"}]}]})
    assert found == Demonstration.pair("a", "b")


def test_every_column_without_a_field_is_kept(tmp_path):
    _, [found], _ = read(tmp_path, {"id": 7, "instruction": "a", "output": "b", "difficulty": "hard", "empty": None})
    assert found.metadata == {"id": 7, "difficulty": "hard"}


@pytest.mark.parametrize("name", ["input", "system", "category", "history"])
def test_a_column_that_first_comes_late_is_found(tmp_path, name):
    late = {"input": "Guten Tag", "system": "Translate.", "category": "late", "history": [["Hi", "Hello"]]}
    rows = [*({"instruction": f"Ask {n}", "output": f"Say {n}"} for n in range(300)),
            {"instruction": "Ask", "output": "Say", name: late[name]}]
    _, found, _ = read(tmp_path, *rows)
    assert not found[-1].metadata
    assert found[-1] != Demonstration.pair("Ask", "Say")


@pytest.mark.parametrize(("usual", "odd"), [
    ("b", ["c", "d"]), ("b", {"x": 1}), (["b"], 5), ([message("assistant", "b")], [1, 2]),
])
def test_one_odd_value_loses_its_row_and_not_the_field(tmp_path, usual, odd):
    rows = [{"question": f"a{n}", "answer": usual} for n in range(5)]
    _, found, refused = read(tmp_path, *rows, {"question": "odd", "answer": odd})
    assert [one.answer for one in found[:5]] == ["b"] * 5
    assert len(found) + len(refused) == 6
    assert refused or found[5].answer == "5"


@pytest.mark.parametrize("column", ["contributors", "labels_given", "authors"])
def test_a_list_is_no_conversation_unless_its_entries_are_turns(tmp_path, column):
    _, found, _ = read(tmp_path, {column: ["Ann", "Bob"], "body": "x"})
    assert not found


@pytest.mark.parametrize(("choices", "answer"), [
    (["stone", "apple"], 1), (["stone", "apple"], "B"), (["stone", "apple"], "apple"), (["stone", "apple"], "1"),
    ({"text": ["stone", "apple"], "label": ["A", "B"]}, "B"),
    ([{"label": "A", "text": "stone"}, {"label": "B", "text": "apple"}], "B"), ({"A": "stone", "B": "apple"}, "B"),
])
def test_choices_belong_to_the_question_and_the_answer_is_one_of_them(tmp_path, choices, answer):
    _, [found], _ = read(tmp_path, {"question": "Which is a fruit?", "choices": choices, "answer": answer})
    assert said(found) == pair("Which is a fruit?\n\nA. stone\nB. apple", "B. apple")


def test_tags_that_differ_in_case_are_one(tmp_path):
    _, [found], _ = read(tmp_path, {"instruction": "a", "output": "b", "tags": ["Code", "code", "CODE", "x"]})
    assert found.tags == ("Code", "x")
