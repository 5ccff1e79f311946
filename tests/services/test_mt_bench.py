"""The real MT-Bench questions, references and judge prompts, from their files to FastChat's."""

from __future__ import annotations

import json
from pathlib import Path

import workbench_resources as resources
from tests.formats.shared_data import SHARED, needs_shared_data
from tests.jobs.workplace import Workplace
from workbench.bench.judge_prompting import REFERENCE_CATEGORIES
from workbench.bench.judgements import parse_rating
from workbench.domain import Contestant, DecodingSettings
from workbench.jobs.events import Finished
from workbench.services.project import Project

MT_BENCH = SHARED / "mt_bench"


@needs_shared_data
def test_mt_bench_is_answered_and_judged_by_a_tiny_model(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", person="Ada")
    try:
        set_id, = project.lane.run(lambda: project.questions.import_file(MT_BENCH)).created
        project.lane.run(lambda: project.models.register(resources.path("models", "tiny-teacher")))
        model = project.lane.run(lambda: project.models.all())[0].ref
        place = Workplace.around(project, model)
        questions = place.questions(set_id)
        assert (len(questions), sum(bool(q.references) for q in questions)) == (80, 40)
        some = [q.id or 0 for q in questions[::10]] + [questions[21].id or 0, questions[31].id or 0]
        contestant = Contestant("tiny", model, None, DecodingSettings(max_tokens=6))
        job = place.run(lambda: project.jobs.submit(project.bench.answering([contestant], set_id, question_ids=some)))
        assert isinstance(place.ended(job), Finished)

        prompts = project.judging.prompts(MT_BENCH / "judge_prompts.jsonl")
        spec = place.run(lambda: project.judging.spec(set_id, [1], model, prompts=prompts,
                                                      decoding=DecodingSettings(max_tokens=6)))
        job = place.run(lambda: project.jobs.submit(spec))
        assert isinstance(place.ended(job), Finished)
        said = [one for one in place.run(lambda: project.bench.judgements(set_id)) if one.kind == "rating"]
        assert len(said) == 20
        assert all(one.score == parse_rating(one.words) for one in said)
        assert {one.prompt_name for one in said} == {
            "single-v1", "single-v1-multi-turn", "single-math-v1", "single-math-v1-multi-turn"}

        place.run(lambda: project.bench_files.export_fastchat(set_id, tmp_path / "out"))
        rows = (tmp_path / "out" / "model_judgment" / "tiny-teacher_single.jsonl").read_text("utf-8").splitlines()
        asked = {str(row["question_id"]): row["user_prompt"] for row in map(json.loads, rows) if row["turn"] == 1}
        of_maths = [q for q in questions if q.key in asked and q.category in REFERENCE_CATEGORIES]
        assert len(of_maths) == 5
        assert all(q.references[0] in asked[q.key] for q in of_maths)
    finally:
        project.close()
