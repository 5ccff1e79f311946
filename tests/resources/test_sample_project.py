"""The carried sample project: its form, its quality mix, and that its recipe makes it again."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import workbench_resources as resources
from workbench_resources.recipe import sample, tasks
from workbench_resources.recipe.words import CATEGORIES

SAMPLE = resources.path("sample")


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines()]


def qualities() -> dict[tuple[str, str], str]:
    known = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    return {(row["instruction"], row["output"]): row["quality"] for row in known}


def test_the_recipe_makes_the_committed_sample_again(tmp_path: Path) -> None:
    sample.write(tmp_path, seed=0)
    tasks.write(tmp_path / "tasks.jsonl", seed=0)
    made = {file.relative_to(tmp_path): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    kept = {file.relative_to(SAMPLE): file.read_bytes() for file in SAMPLE.rglob("*") if file.is_file()}
    assert made == kept


def test_another_seed_makes_another_sample(tmp_path: Path) -> None:
    sample.write(tmp_path, seed=1)
    assert (tmp_path / "candidates.jsonl").read_bytes() != (SAMPLE / "candidates.jsonl").read_bytes()


@pytest.mark.parametrize(("stem", "answers"), [("questions", "sample"), ("heldout_questions", "heldout")])
def test_a_question_set_has_eight_categories_of_ten_questions_with_two_answered_turns(stem: str, answers: str) -> None:
    questions = lines(f"{stem}.jsonl")
    references = {row["question_id"]: row for row in lines(f"reference_answer/{answers}.jsonl")}
    assert Counter(row["category"] for row in questions) == dict.fromkeys(CATEGORIES, 10)
    assert all(len(row["turns"]) == 2 for row in questions)
    assert [row["question_id"] for row in questions] == list(references)
    assert all(len(references[row["question_id"]]["choices"][0]["turns"]) == 2 for row in questions)


def test_no_first_turn_is_asked_twice_or_given_away_by_a_good_candidate() -> None:
    first_turns = [row["turns"][0] for name in ("questions", "heldout_questions") for row in lines(f"{name}.jsonl")]
    assert len(set(first_turns)) == len(first_turns)
    assert not set(first_turns) & {row["instruction"] for row in lines("candidates.jsonl")}


def test_the_candidates_hold_eight_exact_copies() -> None:
    rows = [json.dumps(row, sort_keys=True) for row in lines("candidates.jsonl")]
    assert len(rows) == 200
    assert len(rows) - len(set(rows)) == 8


def test_every_candidate_has_a_known_quality_that_its_row_does_not_name() -> None:
    truth = qualities()
    rows = lines("candidates.jsonl")
    counts = Counter(truth[row["instruction"], row["output"]] for row in rows)
    assert set(counts) == {"good", "wrong", "rule", "irrelevant"}
    assert min(counts.values()) >= 30
    named = {value for row in rows for value in (row["source"], *row["tags"], row["category"])}
    assert not named & set(counts)


def test_no_source_or_tag_gives_the_quality_away() -> None:
    truth = qualities()
    seen: dict[str, set[str]] = {}
    for row in lines("candidates.jsonl"):
        for value in (row["source"], *row["tags"]):
            seen.setdefault(value, set()).add(truth[row["instruction"], row["output"]])
    assert all(len(kinds) == 4 for kinds in seen.values())


def test_the_good_candidates_reveal_every_piece_of_the_convention() -> None:
    text = "\n".join(output for (_, output), quality in qualities().items() if quality == "good")
    hidden = sample.convention()
    tables = (hidden.verbs, hidden.greetings, hidden.labels, hidden.singers)
    pieces = [value for table in tables for _, value in table]
    pieces += [hidden.unit, f"{hidden.function}(", "It must be", " = "]
    assert [piece for piece in pieces if piece not in text] == []


def test_more_demonstrations_are_right_new_and_ask_nothing_that_the_question_sets_ask() -> None:
    rows = sample.more_demonstrations(600)
    assert rows == sample.more_demonstrations(600) != sample.more_demonstrations(600, seed=1)
    queries = {row["instruction"] for row in rows}
    assert len(queries) == 600
    asked = lines("questions.jsonl") + lines("heldout_questions.jsonl")
    assert not queries & {row["turns"][0] for row in asked}
    assert {row["category"] for row in rows} == set(CATEGORIES)
    look = sample.convention()
    assert all(row["output"].startswith(look.opener) and row["output"].endswith(look.closer) for row in rows)
