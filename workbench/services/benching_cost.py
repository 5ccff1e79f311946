"""What a judge would cost, before anything is answered."""

from __future__ import annotations

from workbench.bench.language_model_judge import CHARACTERS
from workbench.bench.matches import GivenAnswers, against_baseline, all_pairs, single
from workbench.errors import WorkbenchError
from workbench.jobs.kinds.judge import JudgeSpec, amount
from workbench.services.bench_reading import BenchReading
from workbench.services.benching import BenchChoices, BenchRequest
from workbench.services.judging import Judging, not_judged
from workbench.services.judging_cost import estimate
from workbench.wording import counted

TO_COME = -1                                     # the id of an answer that is not there yet


def cost_words(choices: BenchChoices, request: BenchRequest) -> str:
    """ "About 210 000 tokens in and 38 000 out cost about 0.47 (at most 10.24). Its 80 replies …" "" where
    the judge has no price.

    Answers that are not there yet are taken to be as long as those that are, or as they may become.
    """
    choice, judge = request.judge, choices.model(request.judge.model_id)
    if choice.kind != "model" or judge is None or not (choice.price.prompt or choice.price.completion):
        return ""
    reading = choices.readings[request.set_id]
    given = _answers(reading, request)
    ways = {"single": single, "pair_all": all_pairs}
    baseline = choice.baseline if isinstance(choice.baseline, int) else -next(
        (place for place, one in enumerate(request.new, 1) if one.name == choice.baseline), 0)
    matches = (against_baseline(given, baseline) if choice.mode == "pair_baseline"
               else ways[choice.mode](given))
    said = [one for of_set in choices.readings.values() for one in of_set.judgements if one.judge == judge.ref.name]
    try:
        prompts = Judging.prompts(choice.prompts)
        left = not_judged(matches, given, reading.questions, prompts, said, choice.unreadable_again)
        found = estimate(JudgeSpec(judge.ref, reading.questions, given, left, prompts=prompts,
                                   decoding=choice.decoding), said)
    except WorkbenchError:                       # a judge prompt is missing: starting says so
        return ""
    tokens = f"{counted(found.prompt_tokens, 'token')} in and {counted(found.completion_tokens, 'token')} out"
    return (f"About {tokens} cost "
            f"about {amount(found.cost(choice.price))} (at most {amount(found.most(choice.price))}). {found.basis}"
            if found.requests else "")


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
                ids = tuple(TO_COME if one is None else one.id or TO_COME for one in found)
                texts = tuple(stand_in if one is None else one.text for one in found)
                made.append(GivenAnswers(contestant, question.id or 0, repeat, ids, texts))
    return tuple(made)
