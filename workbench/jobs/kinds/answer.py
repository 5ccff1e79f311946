"""An answer job: contestants answer a question set."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable

from workbench.bench.answers import Answering, Key
from workbench.domain import Answer, Contestant, ModelRef
from workbench.errors import JobError
from workbench.jobs.events import Answered, Finished, Text
from workbench.jobs.run import Run
from workbench.jobs.specs import AnswerSpec

TEXT_SECONDS = 0.2                   # text that comes is said at most five times a second


def run_answer(spec: AnswerSpec, run: Run) -> None:
    """Says Text as it comes and Answered for each answer that is not known, model by model; then Finished."""
    if not spec.contestants or not spec.questions:
        raise JobError("There is nobody to answer, or nothing to ask.", remedy="Choose contestants and questions.")
    by_model: dict[ModelRef, list[Contestant]] = defaultdict(list)
    for contestant in spec.contestants:
        by_model[contestant.model].append(contestant)
    rounds = [Answering(contestants, spec.questions, spec.repeats, spec.known) for contestants in by_model.values()]
    total = sum(len(one.wanted()) for one in rounds)
    counts = {"answers": 0, "tokens": 0, "too_long": 0, "cut": 0}
    streaming = Streaming(run)

    def keep(answer: Answer) -> None:
        streaming.flush()
        run.say(Answered(answer))
        counts["answers"] += 1
        counts["tokens"] += answer.tokens
        counts["too_long"] += answer.finish == "context" and not answer.tokens
        counts["cut"] += answer.finish == "length"
        run.progress(counts["answers"], total, "answers")

    for model, answering in zip(by_model, rounds, strict=True):
        if answering.wanted():
            answering.on_text, answering.on_answer = streaming.add, keep
            answering.run(run.load(model))
    if counts["too_long"]:
        run.log("warning", f"{counts['too_long']} questions do not fit into the model's context: answered by nothing.")
    run.say(Finished({**counts, "contestants": len(spec.contestants), "questions": len(spec.questions)}))


class Streaming:
    """Passes on text in pieces that a listener can keep up with, however many answers are drawn at a time."""

    def __init__(self, run: Run, clock: Callable[[], float] = time.monotonic) -> None:
        self._run, self._clock = run, clock
        self._pending: dict[Key, str] = {}
        self._said = 0.0

    def add(self, key: Key, text: str) -> None:
        self._run.checkpoint()
        self._pending[key] = self._pending.get(key, "") + text
        if self._clock() - self._said >= TEXT_SECONDS:
            self.flush()

    def flush(self) -> None:
        for (contestant, question, turn, repeat), text in self._pending.items():
            self._run.say(Text(text, turn, contestant, question, repeat))
        self._pending.clear()
        self._said = self._clock()
