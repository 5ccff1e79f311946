"""Having answers judged: by language models, by measures, by people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import workbench_resources as resources
from workbench.bench import matches
from workbench.bench.judgements import Reading
from workbench.bench.language_model_judge import prompt_of
from workbench.bench.matches import GivenAnswers, Match
from workbench.bench.pair_choice import Candidate, Choice, Vote, next_pair
from workbench.bench.reference_judge import has_reference
from workbench.domain import Answer, Changes, Contestant, DecodingSettings, Judgement, Kind, ModelRef, Prompt, Question
from workbench.domain.judge_prompt import JudgePrompt
from workbench.errors import WorkbenchError
from workbench.formats import fastchat_judge_prompts
from workbench.jobs.kinds.judge import JUDGE_TOKENS, JudgePlan, JudgeSpec, Mode, Price
from workbench.jobs.kinds.shift import ShiftSpec
from workbench.services.judging_cost import Estimate, estimate
from workbench.services.measures import measured
from workbench_db import judgements as stored

if TYPE_CHECKING:
    from workbench.services.project import Project


class Judging:
    """``project.judging``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    @staticmethod
    def prompts(path: Path | None = None) -> tuple[JudgePrompt, ...]:
        """The judge prompts of a file in FastChat's form; by default the workbench's own. Raises FormatError."""
        return fastchat_judge_prompts.read(path or resources.path("judge_prompts", "workbench.jsonl"))

    def spec(
        self, question_set_id: int, contestant_ids: Collection[int], judge: ModelRef, mode: Mode = "single", *,
        baseline_id: int | None = None, prompts: Sequence[JudgePrompt] = (), unreadable_again: bool = False,
        decoding: DecodingSettings | None = None, price: Price | None = None, reading: Reading = "last",
    ) -> JudgeSpec:
        """What a judge job of a language model would do: what this judge has judged already is left out.

        ``unreadable_again`` asks once more where its words could not be read. Raises WorkbenchError: nothing to judge,
        no baseline; JobError: a judge prompt is missing.
        """
        questions, given = self._given(question_set_id, contestant_ids)
        if mode == "pair_baseline":
            if baseline_id is None:
                raise WorkbenchError("No baseline was chosen.", safe="Nothing was started.",
                                     remedy="Choose the contestant that the others are compared with.")
            _, given = self._given(question_set_id, {*contestant_ids, baseline_id})
            found = matches.against_baseline(given, baseline_id)
        else:
            found = matches.single(given) if mode == "single" else matches.all_pairs(given)
        prompts = tuple(prompts) or self.prompts()
        with self._project.database.read() as connection:
            said = stored.of_judge(connection, judge.name)
        waiting = not_judged(found, given, questions, prompts, said, unreadable_again)
        if not waiting:
            raise WorkbenchError(f"{judge.name} has judged all of this already, or there is nothing to judge.",
                                 safe="Nothing was started.", remedy="Choose other contestants or another judge.")
        return JudgeSpec(judge, questions, given, waiting, prompts=prompts, price=price or Price(), reading=reading,
                         decoding=decoding or DecodingSettings(max_tokens=JUDGE_TOKENS))

    def planned(self, plan: JudgePlan, judge: ModelRef, *, prompts: Sequence[JudgePrompt] = (),
                decoding: DecodingSettings | None = None, price: Price | None = None,
                reading: Reading = "last") -> JudgeSpec:
        """A judge job that is to begin once others have finished, also after a restart."""
        return JudgeSpec(judge, (), (), (), prompts=tuple(prompts) or self.prompts(), price=price or Price(),
                         decoding=decoding or DecodingSettings(max_tokens=JUDGE_TOKENS), plan=plan, reading=reading)

    def filled(self, spec: JudgeSpec) -> JudgeSpec:
        """A planned job with what there is to judge now. Raises as ``spec``."""
        plan = spec.plan
        if plan is None:
            return spec
        if spec.judge == "language_model":
            return self.spec(plan.question_set_id, plan.contestant_ids, spec.model, plan.mode,
                             baseline_id=plan.baseline_id, prompts=spec.prompts, decoding=spec.decoding,
                             price=spec.price, unreadable_again=plan.unreadable_again, reading=spec.reading)
        found = [self._likelihood(plan.question_set_id, one)
                 for one in self._project.bench.contestants(plan.question_set_id) if one.id in plan.contestant_ids]
        if not found or not found[0].matches:
            raise WorkbenchError("There is no reference whose likelihood is not measured.", safe="Nothing was started.")
        return found[0]

    def estimate(self, spec: JudgeSpec) -> Estimate:
        """What a job would take, from what it asks and what its judge has said before."""
        with self._project.database.read() as connection:
            return estimate(spec, stored.of_judge(connection, spec.model.name))

    def likelihoods(self, question_set_id: int, contestant_ids: Iterable[int], *,
                    planned: bool = False) -> tuple[JudgeSpec, ...]:
        """Jobs, one a contestant, that measure the references' log-likelihood under its model and prompt; ``planned``
        are those that are to begin once others have finished.

        Contestants from files, and those measured already, are left out.
        """
        wanted = [one for one in self._project.bench.contestants() if one.id in set(contestant_ids)
                  and not one.from_file]
        if planned:
            return tuple(JudgeSpec(one.model, (), (), (), "reference", answered_under=one.prompt,
                                   plan=JudgePlan(question_set_id, (one.id or 0,))) for one in wanted)
        specs = [self._likelihood(question_set_id, one) for one in wanted]
        return tuple(spec for spec in specs if spec.matches)

    def _likelihood(self, question_set_id: int, one: Contestant) -> JudgeSpec:
        """What is not measured yet of one contestant's answers."""
        questions, given = self._given(question_set_id, [one.id or 0])
        by_id = {question.id: question for question in questions}
        known = {said.answer_id for said in self._project.bench.judgements(question_set_id)
                 if (said.judge, said.name) == ("reference", "log_likelihood")}
        waiting = tuple(match for match in matches.single(given)
                        if given[match.first].answer_ids[match.turn] not in known
                        and has_reference(by_id[given[match.first].question_id], match.turn))
        return JudgeSpec(one.model, questions, given, waiting, "reference", answered_under=one.prompt)

    def shift(self, question_set_id: int, contestant_ids: Collection[int], base: ModelRef,
              prompt: Prompt | None = None) -> ShiftSpec:
        """A job that compares contestants with the base model, token by token, on the first draws of their answers.

        The shares and the mean KL are measures ("token_shift", "kl") with the tokens in their details. Raises
        WorkbenchError: nothing to compare.
        """
        chosen = tuple(one for one in self._project.bench.contestants(question_set_id)
                       if one.id in contestant_ids and not one.from_file)
        questions, given = self._given(question_set_id, [one.id for one in chosen if one.id is not None])
        first = tuple(one for one in given if one.repeat == 0)
        if not first:
            raise WorkbenchError("There are no answers to compare with the base model.", safe="Nothing was started.",
                                 remedy="Choose contestants that have answered here.")
        return ShiftSpec(base, chosen, questions, first, prompt)

    def measure(self, question_set_id: int, contestant_ids: Iterable[int] | None = None) -> Changes:
        """What the declared measures say of every answer that they can measure.

        At once, without a model; what is measured already is left out.
        """
        questions = self._project.questions.get(question_set_id).questions
        answers = self._project.bench.answers(question_set_id, contestant_ids)
        known = {one.key for one in self._project.bench.judgements(question_set_id) if one.kind == "measure"}
        fresh = [one for one in measured(questions, answers) if one.key not in known]
        with self._project.database.write() as connection:
            ids = stored.insert_judgements(connection, fresh)
        return Changes.of(Kind.JUDGEMENT, ids) if ids else Changes()

    # — people —

    def next_pair(self, person: str, question_set_id: int, contestant_ids: Iterable[int] | None = None,
                  rng: np.random.Generator | None = None) -> Choice | None:
        """The pair of answers that ``person`` is shown next; see bench.pair_choice. None where there is no pair."""
        answers = self._project.bench.answers(question_set_id, contestant_ids)
        by_id = {answer.id: answer for answer in answers}
        votes = [_vote(one, by_id[one.answer_id], by_id[one.other_answer_id])
                 for one in self._project.bench.judgements(question_set_id, contestant_ids)
                 if one.by_person and one.kind == "pair" and one.answer_id in by_id and one.other_answer_id in by_id]
        return next_pair([_candidate(answer) for answer in answers], votes, person, rng or np.random.default_rng())

    def next_answer(self, person: str, question_set_id: int, contestant_ids: Iterable[int] | None = None,
                    rng: np.random.Generator | None = None) -> tuple[Candidate, int, int] | None:
        """An answer that ``person`` has not rated, with how many of how many are rated; None where all are.

        By lot, among the contestants and then the questions with the fewest ratings by this person.
        """
        rng = rng or np.random.default_rng()
        answers = [_candidate(answer) for answer in self._project.bench.answers(question_set_id, contestant_ids)]
        rated = {one.answer_id for one in self._project.bench.judgements(question_set_id, contestant_ids)
                 if one.by_person and one.kind == "rating" and one.judge == person}
        waiting = [one for one in answers if one.answer_id not in rated]
        if not waiting:
            return None
        of_contestant = Counter(one.contestant_id for one in answers if one.answer_id in rated)
        of_question = Counter(one.question_id for one in answers if one.answer_id in rated)
        fewest = min((of_contestant[one.contestant_id], of_question[one.question_id]) for one in waiting)
        best = [one for one in waiting if (of_contestant[one.contestant_id], of_question[one.question_id]) == fewest]
        return best[int(rng.integers(len(best)))], len(answers) - len(waiting), len(answers)

    # — what is there —

    def _given(self, question_set_id: int, contestant_ids: Collection[int]) -> tuple[
            tuple[Question, ...], tuple[GivenAnswers, ...]]:
        """The set's questions, and the answers turn by turn; what follows a missing turn is left out."""
        questions = self._project.questions.get(question_set_id).questions
        return questions, given_answers(self._project.bench.answers(question_set_id, contestant_ids))


def not_judged(found: Iterable[Match], given: Sequence[GivenAnswers], questions: Iterable[Question],
               prompts: Sequence[JudgePrompt], said: Iterable[Judgement], again: bool = False) -> tuple[Match, ...]:
    """The matches of which a judge has ``said`` nothing with this very prompt; one that was changed under the same name
    is another. What came from a file does not tell the prompt's text. Words that could not be read count as said unless
    they are to be had ``again``."""
    known = {(frozenset({one.answer_id, one.other_answer_id or 0}), one.prompt_name,
              one.details.get("prompt_sha256", "")) for one in said if one.readable or not again}
    by_id = {question.id: question for question in questions if question.id is not None}

    def waits(match: Match) -> bool:
        ids, prompt = _ids(match, given), prompt_of(match, given, by_id, prompts)
        return not any((ids, prompt.name, text) in known for text in ("", prompt.content_hash))

    return tuple(filter(waits, found))


def given_answers(answers: Iterable[Answer]) -> tuple[GivenAnswers, ...]:
    """By contestant, question and repeat; turns after a missing one are left out."""
    groups: defaultdict[tuple[int, int, int], dict[int, Answer]] = defaultdict(dict)
    for answer in answers:
        groups[answer.contestant_id, answer.question_id, answer.repeat][answer.turn] = answer
    found = []
    for (contestant, question, repeat), turns in groups.items():
        whole = [turns[turn] for turn in range(len(turns)) if all(t in turns for t in range(turn + 1))]
        if whole:
            found.append(GivenAnswers(contestant, question, repeat, tuple(one.id or 0 for one in whole),
                                      tuple(one.text for one in whole)))
    return tuple(found)


def _ids(match: Match, given: Sequence[GivenAnswers]) -> frozenset[int]:
    """The answers of a match, in no order; 0 stands for no other answer."""
    other = 0 if match.second is None else given[match.second].answer_ids[match.turn]
    return frozenset({given[match.first].answer_ids[match.turn], other})


def _candidate(answer: Answer) -> Candidate:
    return Candidate(answer.id or 0, answer.contestant_id, answer.question_id, answer.turn, answer.repeat)


def _vote(one: Judgement, answer: Answer, other: Answer) -> Vote:
    return Vote(one.judge, one.answer_id, other.id or 0, answer.contestant_id, other.contestant_id,
                answer.question_id, one.share)
