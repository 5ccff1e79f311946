"""A served judge's job that is killed in the middle: what was judged is kept, and not asked or paid for again."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.random_model import write_random_model
from tests.jobs.workplace import Workplace
from tests.models.faulty import faulty
from workbench.domain import Answer, Backend, Contestant, ModelRef, Server
from workbench.domain.judge_prompt import JudgePrompt
from workbench.jobs.events import Failed, Finished, Judged
from workbench.jobs.kinds.judge import JudgeResult, Price

PROMPTS = (JudgePrompt("short", "single", "", "{question}|{answer}", "[[rating]]"),)
SET, QUESTIONS, BEFORE = 1, 8, 3


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_judge_job_goes_on_and_asks_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    on, holds, lock, asked = threading.Event(), threading.Event(), threading.Lock(), Counter[str]()

    def rates(path: str, body: dict[str, Any], headers: dict[str, str]) -> list[dict[str, Any]]:
        """Rates; after some answers it holds its words back until ``on``, so that the kill comes in the middle."""
        with lock:
            asked[body["messages"][-1]["content"]] += 1
            wait = asked.total() > BEFORE
        if wait:
            holds.set()
            on.wait(60)
        return [{"choices": [{"index": 0, "delta": {"content": "Rating: [[7]]"}, "finish_reason": "stop"}]},
                {"choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 4}}]

    place = Workplace.make(tmp_path / "project", write_random_model(tmp_path / "model"), questions=QUESTIONS)
    try:
        with faulty(rates) as server:
            judge = ModelRef("judge", f"{server.url}#tiny", Backend.OPENAI, server=Server("tiny", concurrency=1))
            ids = [question.id or 0 for question in place.questions(SET)]
            (contestant,) = place.run(lambda: place.project.bench.store_answers(
                [Contestant("a", ModelRef("a", ""))], [Answer(0, id, 0, 0, f"Because of {id}.") for id in ids],
                "Answers")).created
            job = place.run(lambda: place.project.jobs.submit(place.project.judging.spec(
                SET, [contestant], judge, prompts=PROMPTS, price=Price(1e6, 1e6))))
            place.until(job, lambda event: sum(isinstance(one, Judged) for one in place.events(job)) >= BEFORE)
            assert holds.wait(60)
            os.kill(place.run(lambda: place.project.jobs._hosts[job].pid), signal.SIGKILL)
            assert isinstance(place.ended(job), Failed)
            on.set()
            seen = len(place.heard)
            place.run(lambda: place.project.jobs.resume(job))
            assert isinstance(place.ended(job, after=seen), Finished)
        said = place.run(lambda: place.project.bench.judgements(SET))
        assert Counter(one.answer_id for one in said).total() == len({one.answer_id for one in said}) == QUESTIONS
        assert sorted(asked.values()) == [1] * (QUESTIONS - 1) + [2]          # the one that was under way
        result = place.info(job).result
        assert isinstance(result, JudgeResult)
        assert (result.prompt_tokens, result.cost) == (30 * QUESTIONS, 34 * QUESTIONS)
    finally:
        on.set()
        place.project.close()
