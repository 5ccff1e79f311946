from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.domain import Answer, Contestant, DecodingSettings, Judgement, ModelRef, Question, QuestionSet
from workbench.errors import FormatError, WorkbenchError
from workbench.services.project import Project

ASKED = QuestionSet("asked", (Question(("Why?", "And?"), ("So.", "Thus."), "writing", "81"),
                              Question(("How?",), (), "math", "82")))


@pytest.fixture
def bench(project: Project) -> Project:
    """Two contestants that share a name, with answers to all turns and one second draw."""
    def store() -> None:
        set_id, = project.questions.add(ASKED).created
        one, two = (question.id or 0 for question in project.questions.get(set_id).questions)
        contestants = [Contestant("a/b", ModelRef("x", "")), Contestant("A:b", ModelRef("y", ""))]
        answers = [Answer(place, question, turn, 0, f"{place} {question} {turn}")
                   for place in (0, 1) for question, turn in ((one, 0), (one, 1), (two, 0))]
        project.bench.store_answers(contestants, [*answers, Answer(0, one, 0, 1, "again")], "stored")
        ids = {(a.contestant_id, a.question_id, a.turn): a.id or 0
               for a in project.bench.answers(set_id) if not a.repeat}
        project.bench.store_judgements([
            Judgement("gpt 4", "rating", ids[1, one, 0], score=7, words="[[7]]", prompt_name="single-v1"),
            Judgement("gpt 4", "rating", ids[2, one, 1], score=-1, words="?", prompt_name="single-v1-multi-turn"),
            Judgement("gpt 4", "pair", ids[1, two, 0], ids[2, two, 0], verdict="tie", first="answer", second="other",
                      words="[[A]]", words_swapped="[[A]]", prompt_name="pair-v2", details={"asked": "Q"}),
            Judgement("Bo", "pair", ids[2, one, 0], ids[1, one, 0], verdict="both_bad", first="both_bad",
                      by_person=True),
            Judgement("Bo", "pair", ids[1, one, 1], ids[2, one, 1], verdict="answer", second="answer", by_person=True),
            Judgement("Bo", "pair", ids[1, two, 0], ids[2, two, 0], verdict="skip", first="skip", by_person=True),
        ], "said")

    project.lane.run(store)
    return project


def read_lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_what_was_exported_can_be_imported_into_another_project(bench: Project, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "mt_bench"
    made = bench.lane.run(lambda: bench.bench_files.export_fastchat(1, folder))
    assert {str(path.relative_to(folder)) for path in made} == {
        "question.jsonl", "model_answer/a-b.jsonl", "model_answer/A-b (2).jsonl", "reference_answer/gpt 4.jsonl",
        "model_judgment/gpt 4_single.jsonl", "model_judgment/gpt 4_pair.jsonl", "model_judgment/human_votes.json"}
    other = Project.create(tmp_path / "other", person="Bo")
    try:
        set_id, = other.lane.run(lambda: other.questions.import_file(folder)).created
        answers = other.lane.run(lambda: other.bench_files.import_answers(
            set_id, sorted((folder / "model_answer").glob("*.jsonl"))))
        assert (answers.taken, answers.refused) == (7, ())
        assert sorted(one.name for one in other.lane.run(lambda: other.bench.contestants(set_id))) == ["A-b (2)", "a-b"]
        for kind, count in (("single", 2), ("pair", 1)):
            path = folder / "model_judgment" / f"gpt 4_{kind}.jsonl"
            found = other.lane.run(lambda path=path: other.bench_files.import_judgements(set_id, path))
            assert (found.taken, found.refused) == (count, ())
        pair = other.lane.run(lambda: other.bench.judgements(set_id))[-1]
        assert (pair.verdict, pair.first, pair.second, pair.details["asked"]) == ("tie", "answer", "other", "Q")
        assert other.lane.run(lambda: other.questions.get(set_id)).questions[0].references == ("So.", "Thus.")
        other.lane.run(other.history.undo)
        assert len(other.lane.run(lambda: other.bench.judgements(set_id))) == 2
    finally:
        other.close()


def test_votes_go_to_the_file_for_agreement_and_skips_do_not(bench: Project, tmp_path: Path) -> None:
    bench.lane.run(lambda: bench.bench_files.export_fastchat(1, tmp_path))
    votes = json.loads((tmp_path / "model_judgment" / "human_votes.json").read_text("utf-8"))
    assert votes == [
        {"question_id": 81, "model_a": "A-b (2)", "model_b": "a-b", "winner": "tie", "judge": "expert_Bo", "turn": 1},
        {"question_id": 81, "model_a": "a-b", "model_b": "A-b (2)", "winner": "model_a", "judge": "expert_Bo",
         "turn": 2}]
    assert [row["g1_winner"] for row in read_lines(tmp_path / "model_judgment" / "gpt 4_pair.jsonl")] == ["model_1"]


def test_answers_to_other_questions_are_refused_one_by_one(bench: Project, tmp_path: Path) -> None:
    rows = [{"instruction": " How? ", "output": "Thus.", "generator": "new"},
            {"instruction": "Who?", "output": "Me.", "generator": "new"}]
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps(rows), "utf-8")
    found = bench.lane.run(lambda: bench.bench_files.import_answers(1, [path]))
    assert found.taken == 1
    assert found.refused == (("outputs.json", 0, "The set has no “Who?”, or not so many turns of it."),)
    path.write_text(json.dumps(rows[1:]), "utf-8")
    with pytest.raises(FormatError, match="answers this question set"):
        bench.lane.run(lambda: bench.bench_files.import_answers(1, [path]))


def test_judgements_of_strangers_are_refused(bench: Project, tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_text(json.dumps({"question_id": 81, "model": "zed", "judge": "j", "score": 3, "turn": 1}), "utf-8")
    with pytest.raises(FormatError, match="no answer of zed to question 81, turn 1"):
        bench.lane.run(lambda: bench.bench_files.import_judgements(1, path))


def test_alpaca_eval_gets_first_turns_and_urial_a_file_a_turn(bench: Project, tmp_path: Path) -> None:
    files = bench.bench_files
    made = bench.lane.run(lambda: files.export_alpaca_eval(1, tmp_path / "alpaca", [1]))
    assert [path.name for path in made] == ["a-b.json"]
    assert json.loads(made[0].read_text("utf-8"))[1] == {
        "dataset": "math", "instruction": "How?", "output": "0 2 0", "generator": "a-b"}
    made = bench.lane.run(lambda: files.export_urial(1, tmp_path / "urial", [2]))
    assert [path.name for path in made] == ["A-b.turn1.json", "A-b.turn2.json"]
    again = bench.lane.run(lambda: files.import_answers(1, made))
    assert again.taken == 3
    with pytest.raises(WorkbenchError, match="Nobody has answered"):
        bench.lane.run(lambda: files.export_alpaca_eval(1, tmp_path, [99]))


def test_settings_of_urials_files_are_kept_with_the_contestant(bench: Project, tmp_path: Path) -> None:
    path = tmp_path / "yi.turn1.json"
    path.write_text(json.dumps([{"question_id": 82, "turn1_output": "So.", "model_id": "yi",
                                 "configs": {"temperature": 0.5, "repetition_penalty": 1.15}}]), "utf-8")
    bench.lane.run(lambda: bench.bench_files.import_answers(1, [path]))
    yi = bench.lane.run(lambda: bench.bench.contestants(1))[-1]
    assert yi.decoding == DecodingSettings(temperature=0.5, repetition_penalty=1.15)
    assert yi.from_file


def test_models_in_fastchats_files_are_named_by_file_as_fastchat_does(project: Project, tmp_path: Path) -> None:
    for run in ("run-a", "run-b"):          # as MT-Bench's published answers of three models have it
        (tmp_path / f"{run}.jsonl").write_text(json.dumps(
            {"question_id": 81, "model_id": "my-model", "choices": [{"index": 0, "turns": [f"From {run}."]}]}) + "\n")
    judged = tmp_path / "gpt-4_single.jsonl"
    judged.write_text("".join(json.dumps(
        {"question_id": 81, "model": run, "judge": ["gpt-4", "single-v1"], "user_prompt": "", "judgment": "[[4]]",
         "score": 4, "turn": 1}) + "\n" for run in ("run-a", "run-b")))
    set_id, = project.lane.run(lambda: project.questions.add(ASKED)).created
    taken = project.lane.run(lambda: project.bench_files.import_answers(
        set_id, [tmp_path / "run-a.jsonl", tmp_path / "run-b.jsonl"]))
    assert (taken.taken, taken.refused) == (2, ())
    assert [one.name for one in project.lane.run(lambda: project.bench.contestants(set_id))] == ["run-a", "run-b"]
    assert [one.text for one in project.lane.run(lambda: project.bench.answers(set_id))] == ["From run-a.",
                                                                                         "From run-b."]
    found = project.lane.run(lambda: project.bench_files.import_judgements(set_id, judged))
    assert (found.taken, found.refused) == (2, ())
