from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.domain import DecodingSettings
from workbench.errors import FormatError
from workbench.formats import alpaca_eval, answer_files, fastchat_answers, fastchat_judgements, urial_results
from workbench.formats.answer_rows import AnswerRow, PairRow, RatingRow


def write(path: Path, content: object) -> Path:
    text = json.dumps(content) if isinstance(content, list) else str(content)
    path.write_text(text, "utf-8")
    return path


ROWS = [AnswerRow("m 1", "81", 0, 0, "first\n“ü” 🦊"), AnswerRow("m 1", "81", 1, 0, "second"),
        AnswerRow("m 1", "81", 0, 1, "again"), AnswerRow("m 1", "q-2", 0, 0, "")]


def test_fastchats_answers_come_back_as_they_were(tmp_path: Path) -> None:
    lines = list(fastchat_answers.write(ROWS, 5.0))
    first = json.loads(lines[0])
    assert first["question_id"] == 81
    assert first["choices"] == [{"index": 0, "turns": ["first\n“ü” 🦊", "second"]}, {"index": 1, "turns": ["again"]}]
    found = answer_files.read(write(tmp_path / "m 1.jsonl", "".join(lines)))
    assert (found.format, found.refused) == ("fastchat", ())
    assert sorted(found.answers, key=lambda r: (r.question, r.repeat, r.turn)) == sorted(
        ROWS, key=lambda r: (r.question, r.repeat, r.turn))


def test_a_gap_between_turns_ends_what_fastchats_file_can_hold() -> None:
    line, = fastchat_answers.write([AnswerRow("m", "1", 0, 0, "a"), AnswerRow("m", "1", 2, 0, "c")])
    assert json.loads(line)["choices"] == [{"index": 0, "turns": ["a"]}]


def test_the_files_name_is_the_models_where_lines_name_none(tmp_path: Path) -> None:
    line = json.dumps({"question_id": 1, "choices": [{"index": 0, "turns": ["x"]}]})
    assert answer_files.read(write(tmp_path / "vicuna-7b.jsonl", line)).answers[0].model == "vicuna-7b"
    turn = [{"question_id": 1, "turn1_output": "x"}]
    assert answer_files.read(write(tmp_path / "Yi-6B.turn1.json", turn)).answers[0].model == "Yi-6B"


def test_urials_results_carry_how_they_were_drawn(tmp_path: Path) -> None:
    drawn = DecodingSettings(max_tokens=1024, temperature=0.0, top_p=0.9, repetition_penalty=1.15)
    rows = [(AnswerRow("yi", "81", turn, 0, f"turn {turn}", decoding=drawn), "writing", "# Query: …")
            for turn in (0, 1)]
    texts = [urial_results.write(rows, turn) for turn in (0, 1)]
    assert json.loads(texts[1])[0] == {
        "question_id": 81, "category": "writing", "turn2_output": "turn 1", "model_id": "yi", "turn_id": 2,
        "model_input": "# Query: …", "configs": {"temperature": 0.0, "top_p": 0.9, "repetition_penalty": 1.15,
                                                 "max_tokens": 1024}}
    found = [answer_files.read(write(tmp_path / f"yi.turn{t + 1}.json", text)) for t, text in enumerate(texts)]
    assert [file.format for file in found] == ["urial", "urial"]
    assert [row for file in found for row in file.answers] == [row for row, _, _ in rows]


@pytest.mark.parametrize("configs", [{"temperature": "hot"}, {"max_tokens": float("inf")}, None, [], {"top_p": True}])
def test_settings_that_are_none_are_not_known(configs: object, tmp_path: Path) -> None:
    rows = [{"question_id": 1, "turn1_output": "x", "configs": configs}]
    assert answer_files.read(write(tmp_path / "m.json", rows)).answers[0].decoding is None


def test_alpaca_evals_outputs_and_lists_of_draws(tmp_path: Path) -> None:
    rows = [("koala", AnswerRow("m", "1", 0, 0, "Paris", "Capital?")), ("koala", AnswerRow("m", "1", 1, 0, "later"))]
    path = write(tmp_path / "out.json", alpaca_eval.write(rows))
    assert json.loads(path.read_text()) == [
        {"dataset": "koala", "instruction": "Capital?", "output": "Paris", "generator": "m"}]
    assert answer_files.read(path).answers == (AnswerRow("m", "", 0, 0, "Paris", "Capital?"),)
    drawn = [{"instruction": "Capital?", "output": ["Paris", "Rome"], "generator": "m"}]
    assert [row.repeat for row in answer_files.read(write(path, drawn)).answers] == [0, 1]


@pytest.mark.parametrize(("content", "why"), [
    ("", "holds no answer"), ('{"question_id": 1}\n', "Line 1: The row holds no answer"),
    ('{"question_id": 1, "choices": [{"turns": [3]}]}\n', "“choices” is not a list"),
    ('{"choices": []', "Line 1"), ('[{"instruction": "a", "output": [], "generator": "m"}]', "“output” is not a text"),
    ('[{"question_id": 1, "turn0_output": "a"}]', "counted from 1"),
])
def test_a_file_without_answers_is_refused(content: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=why):
        answer_files.read(write(tmp_path / "a.jsonl", content))


def test_a_bad_line_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    lines = [*fastchat_answers.write(ROWS[:1]), "{\n", '{"question_id": true, "choices": []}\n']
    found = answer_files.read(write(tmp_path / "m.jsonl", "".join(lines)))
    assert [one.line for one in found.refused] == [2, 3]
    assert len(found.answers) == 1


def test_names_of_files_are_safe_and_apart() -> None:
    assert answer_files.file_names(["a/b", "a:b", "..", "A-B", "lörem"]) == [
        "a-b", "a-b (2)", "contestant", "A-B (3)", "lörem"]


JUDGED = [RatingRow("81", "m", "gpt-4", "single-v1", 0, 8.0, "asked", "Rating: [[8]]"),
          RatingRow("81", "m", "gpt-4", "single-v1-multi-turn", 1, -1.0, "", "no idea"),
          RatingRow("82", "m", "gpt-4", "single-v1", 0, 7.5),
          PairRow("81", "m", "n", "gpt-4", "pair-v2", 0, "model_1", "error", ("ab", "ba"), ("[[A]]", "?"))]


def test_judgements_come_back_as_they_were(tmp_path: Path) -> None:
    lines = list(fastchat_judgements.write(JUDGED))
    assert [json.loads(line)["turn"] for line in lines] == [1, 2, 1, 1]
    assert json.loads(lines[0])["judge"] == ["gpt-4", "single-v1"]
    assert '"score": 8,' in lines[0]
    assert fastchat_judgements.read(write(tmp_path / "j.jsonl", "".join(lines))) == (JUDGED, ())


@pytest.mark.parametrize(("change", "why"), [
    ({"score": None}, "“score” is not a number"), ({"score": 1e9}, "is no rating"), ({"turn": 0}, "“turn”"),
    ({"judge": 3}, "“judge”"), ({"model": 1}, "“model” is not a text"),
    ({"g1_winner": "A", "g2_winner": "tie"}, "A winner is one of"),
])
def test_what_is_no_judgement_is_refused(change: dict[str, object], why: str, tmp_path: Path) -> None:
    good = {"question_id": 1, "model": "m", "judge": ["j", "p"], "score": 3, "turn": 1, "judgment": ""}
    path = write(tmp_path / "j.jsonl", json.dumps({**good, **change}) + "\n" + json.dumps(good) + "\n")
    found, refused = fastchat_judgements.read(path)
    assert len(found) == 1
    assert why in refused[0].reason
    with pytest.raises(FormatError, match="holds no judgement"):
        fastchat_judgements.read(write(path, json.dumps({**good, **change})))
