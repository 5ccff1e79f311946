"""What a judge would cost, before anything is answered (no Qt here)."""

from __future__ import annotations

from workbench.bench.language_model_judge import CHARACTERS
from workbench.bench.matches import GivenAnswers, against_baseline, all_pairs, single
from workbench.domain import DecodingSettings
from workbench.errors import WorkbenchError
from workbench.gui.pages.bench_reading import BenchReading
from workbench.gui.pages.bench_request import BenchChoices, BenchRequest
from workbench.gui.wording import counted
from workbench.jobs.judge_spec import JUDGE_TOKENS, JudgeSpec, amount
from workbench.services.judging import Judging


def cost_words(choices: BenchChoices, request: BenchRequest) -> str:
    """ "About 210 000 tokens in and at most 320 000 out: at most 5.40." "" where the judge has no price.

    Answers that are not there yet are taken to be as long as those that are, or as they may become.
    """
    choice, judge = request.judge, choices.model(request.judge.model_id)
    if choice.kind != "model" or judge is None or not (choice.price.prompt or choice.price.completion):
        return ""
    given = _answers(choices.readings[request.set_id], request)
    ways = {"single": single, "pair_all": all_pairs}
    matches = (against_baseline(given, choice.baseline or 0) if choice.mode == "pair_baseline"
               else ways[choice.mode](given))
    try:
        estimate = Judging.estimate(JudgeSpec(
            judge.ref, choices.readings[request.set_id].questions, given, tuple(matches),
            prompts=Judging.prompts(choice.prompts), decoding=DecodingSettings(max_tokens=JUDGE_TOKENS)))
    except WorkbenchError:                       # a judge prompt is missing: starting says so
        return ""
    return (f"About {counted(estimate.prompt_tokens, 'token')} in and at most "
            f"{counted(estimate.completion_tokens, 'token')} out: {amount(estimate.cost(choice.price))} at most.")


def _answers(reading: BenchReading, request: BenchRequest) -> tuple[GivenAnswers, ...]:
    """Those that there are, and stand-ins of their mean length for those to come."""
    there = [len(answer.text) for answer in reading.answers.values()]
    usual = sum(there) // len(there) if there else 0
    new = {-place: one.decoding.max_tokens * CHARACTERS for place, one in enumerate(request.new, 1)}
    made = []
    for contestant in (*request.known, *new):
        stand_in = "x" * (usual or new.get(contestant, 0))
        for question in reading.questions:
            for repeat in range(request.repeats):
                found = [reading.by_key.get((contestant, question.id or 0, turn, repeat))
                         for turn in range(len(question.turns))]
                texts = tuple(one.text if one is not None else stand_in for one in found)
                made.append(GivenAnswers(contestant, question.id or 0, repeat, (0,) * len(texts), texts))
    return tuple(made)
