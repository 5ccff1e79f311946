"""The workbench's own question set for real models."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import workbench_resources as resources
from workbench.domain import Prompt
from workbench.formats.mt_bench import read
from workbench.prompts import render
from workbench.services.demonstrations import Filter
from workbench.services.project import Project

CATEGORIES = {"writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities"}
CHECKABLE = {"reasoning", "math", "coding", "extraction", "stem"}


def test_the_general_set_has_eighty_two_turn_questions_with_references_where_answers_can_be_wrong() -> None:
    questions = read(resources.path("question_sets", "general")).questions.questions
    assert Counter(q.category for q in questions) == dict.fromkeys(CATEGORIES, 10)
    assert all(len(q.turns) == 2 and all(turn.strip() for turn in q.turns) for q in questions)
    assert len({q.turns for q in questions}) == len({q.key for q in questions}) == 80
    for question in questions:
        if question.category in CHECKABLE:
            assert len(question.references) == 2, question.key
            assert all(question.references), question.key


def test_the_starter_pool_imports_whole_and_renders_under_its_rules(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project")
    try:
        report = project.lane.run(
            lambda: project.imports.run(resources.path("question_sets", "general", "demonstrations.jsonl")))
        found = project.lane.run(lambda: project.demonstrations.get(project.demonstrations.ids(Filter())))
    finally:
        project.close()
    assert (report.imported, report.skipped, report.refused) == (60, 0, ())
    assert {d.category for d in found} == CATEGORIES
    rules = resources.path("question_sets", "general", "rules.txt").read_text(encoding="utf-8")
    assert render(Prompt(rules, tuple(found))).text.count("# Answer:\n```") == 60
