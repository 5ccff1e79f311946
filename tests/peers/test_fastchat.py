"""What is asked, read and exported, against FastChat's own scripts."""

from __future__ import annotations

import argparse
import json
import random
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import pytest

import workbench_resources as resources
from workbench.bench.judge_prompting import REFERENCE_CATEGORIES, asked, choose
from workbench.bench.judgements import parse_rating, parse_two_ratings, parse_verdict
from workbench.bench.win_rates import win_rates
from workbench.domain import Answer, Contestant, Judgement, ModelRef, Question, QuestionSet
from workbench.domain.bench import Verdict
from workbench.formats import fastchat_judge_prompts
from workbench.services.bench_numbers import ALL, Measure, bench_data, pair_judgements, table
from workbench.services.project import Project

pytestmark = pytest.mark.peers

QUESTIONS = tuple(Question((f"What is {n}?", f"And {n} more?"), (f"{n}.", f"{n + n}."), category, str(80 + n))
                  for n, category in enumerate(("math", "writing", "coding", "roleplay", "stem"), 1))
NAMES = ("alpha", "beta", "gamma")


@pytest.fixture(scope="module")
def common() -> Any:
    """fastchat.llm_judge.common; it imports the clients of two companies, which are not needed here."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("openai", "anthropic"):
            patch.setitem(sys.modules, name, types.ModuleType(name))
        yield pytest.importorskip("fastchat.llm_judge.common", reason="fschat is not installed (extra dev)")


WORDS = ["Rating: [[7]]", "[8.5]", "none", "[[A]]", "so [[B]] it is", "[[C]]", "[[3]] then [[9]]", "[[9,2]]",
         "[4, 4.05]"]


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("output", ["[[rating]]", "[[A]]", "[[rating_a,rating_b]]"])
def test_prompts_and_readings_are_fastchats(common: Any, turn: int, output: str, tmp_path: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = fastchat_judge_prompts.read(resources.path("judge_prompts", "workbench.jsonl"))
    file = tmp_path / "judge_prompts.jsonl"
    file.write_text("".join(fastchat_judge_prompts.write(prompts)), "utf-8")
    theirs = common.load_judge_prompts(str(file))
    assert set(common.NEED_REF_CATS) == REFERENCE_CATEGORIES
    kind = "single" if output == "[[rating]]" else "pairwise"
    texts = [("Well, {this}…", "{{that}}"), ("No.", "%s")]
    for question in QUESTIONS:
        for words in WORDS:
            monkeypatch.setattr(common, "chat_completion_openai", lambda *a, words=words, **k: words)
            prompt = choose(prompts, kind, question, turn)
            judge = common.Judge("gpt-4", {**theirs[prompt.name], "output_format": output}, prompt.with_reference,
                                 prompt.multi_turn)
            row = {"turns": list(question.turns)}
            reference = {"choices": [{"turns": list(question.references)}]} if prompt.with_reference else None
            answers = [{"choices": [{"turns": list(one)}]} for one in texts]
            if kind == "single":
                found = common.run_judge_single(row, answers[0], judge, reference, multi_turn=turn == 1)
                assert found[:2] == (parse_rating(words, "fastchat"), asked(prompt, question, turn, texts[0]))
            else:
                found = common.run_judge_pair(row, *answers, judge, reference, multi_turn=turn == 1)
                read = parse_verdict if output == "[[A]]" else parse_two_ratings
                assert found[:2] == (read(words, "fastchat"), asked(prompt, question, turn, *texts))


@pytest.fixture
def judged(tmp_path: Path) -> Any:
    """A project whose three contestants were judged, with ties, errors and orders that disagree."""
    project = Project.create(tmp_path / "project", person="Ada")
    r = random.Random(5)

    def store() -> None:
        set_id, = project.questions.add(QuestionSet("mt", QUESTIONS)).created
        ids = [question.id or 0 for question in project.questions.get(set_id).questions]
        answers = [Answer(place, id, turn, 0, f"{name} {id} {turn}") for place, name in enumerate(NAMES)
                   for id in ids for turn in (0, 1)]
        project.bench.store_answers([Contestant(name, ModelRef(name, "")) for name in NAMES], answers, "answers")
        stored = project.bench.answers(set_id)
        said = [Judgement("j", "rating", one.id or 0, score=r.choice([-1, *range(1, 11), 7.5]), prompt_name="s",
                          words="w") for one in stored]
        for a in stored:
            for b in stored:
                if (a.question_id, a.turn) == (b.question_id, b.turn) and a.contestant_id < b.contestant_id:
                    first, second = (r.choice(["answer", "other", "tie", "error"]) for _ in range(2))
                    verdict: Verdict = "error" if "error" in (first, second) else first if first == second else "tie"  # type: ignore[assignment]
                    said.append(Judgement("j", "pair", a.id or 0, b.id, verdict=verdict, first=first, second=second,  # type: ignore[arg-type]
                                          prompt_name="p", words="w", words_swapped="v"))
        project.bench.store_judgements(said, "said")
        project.bench_files.export_fastchat(set_id, tmp_path / "data" / "mt_bench")

    project.lane.run(store)
    yield project
    project.close()


def show_result(monkeypatch: pytest.MonkeyPatch, mode: str, baseline: str | None = None) -> list[Any]:
    """The tables that show_result.py prints, found by the folder's layout alone."""
    module = pytest.importorskip("fastchat.llm_judge.show_result", reason="fschat is not installed (extra dev)")
    printed: list[Any] = []
    monkeypatch.setattr(module, "print", printed.append, raising=False)
    arguments = argparse.Namespace(input_file=None, bench_name="mt_bench", judge_model="j", model_list=None,
                                   baseline_model=baseline)
    (module.display_result_single if mode == "single" else module.display_result_pairwise)(arguments)
    return [table for table in printed if hasattr(table, "columns")]


def test_exported_judgements_give_show_results_numbers(judged: Project, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = judged.lane.run(lambda: bench_data(judged, 1))
    pairs, means = pair_judgements(data, "j"), table(data, Measure("j", "rating"))
    for group, shown in zip(("Turn 1", "Turn 2", ALL), show_result(monkeypatch, "single"), strict=True):
        theirs = {(key[0] if isinstance(key, tuple) else key): row["score"] for key, row in shown.iterrows()}
        assert {data.names[row.contestant_id]: row.interval.mean for row in means if row.group == group} == theirs
    for baseline in (None, "beta"):
        shown, = show_result(monkeypatch, "pairwise", baseline)
        theirs = {model: tuple(row[["win", "loss", "tie", "win_rate", "loss_rate", "win_rate_adjusted"]])
                  for model, row in shown.iterrows()}
        assert {row.model: (row.wins, row.losses, row.ties, row.win_rate, row.loss_rate, row.adjusted)
                for row in win_rates(pairs, baseline)} == theirs


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")      # it leaves its files open
def test_exported_answers_and_judgements_are_loaded_by_fastchat(common: Any, judged: Project, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "mt_bench"
    questions = common.load_questions(str(folder / "question.jsonl"), None, None)
    answers = common.load_model_answers(str(folder / "model_answer"))
    references = common.load_model_answers(str(folder / "reference_answer"))
    judge = common.Judge("j", {}, ref_based=True)
    common.check_data(questions, answers, references, list(NAMES), {"math": judge})
    assert answers["beta"][81]["choices"][0]["turns"] == ["beta 1 0", "beta 1 1"]
    assert set(common.get_model_list(str(folder / "model_answer"))) == set(answers) == set(NAMES)
    single = common.load_single_model_judgments(str(folder / "model_judgment" / "j_single.jsonl"))
    assert set(single) == {("j", "s")}
    pairs = common.load_pairwise_model_judgments(str(folder / "model_judgment" / "j_pair.jsonl"))
    assert (81, "alpha", "beta") in pairs["j", "p"]


def test_exported_votes_are_counted_by_compute_agreement(judged: Project, tmp_path: Path) -> None:
    module = pytest.importorskip("fastchat.llm_judge.compute_agreement", reason="fschat is not installed (extra dev)")

    def vote() -> None:
        pairs = [one for one in judged.bench.judgements(1) if one.kind == "pair"]
        for place, one in enumerate(pairs[:12]):
            for person in ("Ada", "Bo"):
                verdict: Verdict = "tie" if place % 3 == 0 else "answer" if person == "Ada" or place % 2 else "other"
                assert one.other_answer_id is not None
                judged.bench.vote(person, one.answer_id, one.other_answer_id, verdict)
        judged.bench_files.export_fastchat(1, tmp_path / "again")

    judged.lane.run(vote)
    raw = json.loads((tmp_path / "again" / "model_judgment" / "human_votes.json").read_text("utf-8"))
    votes = module.get_mt_bench_votes_data([raw])
    agree, total = (sum(numbers) for numbers in zip(*(
        module.get_mt_bench_agreement(turn, "human", "human", []) for turn in votes), strict=True))
    assert total == 12
    assert agree == sum(place % 3 == 0 or place % 2 for place in range(12))
