"""What demonstrations do to the likelihood of reference answers when they are added to a base prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, Protocol

from workbench.domain import AnswerScore, CandidateScore, Demonstration, Position, Prompt, Question, Role, Turn
from workbench.errors import JobError
from workbench.models.base import Admitting, LanguageModel, ScoredSequence
from workbench.prompts import add, check_context, render
from workbench.scoring.kept_scores import KeptScores, Likelihoods
from workbench.scoring.sequences import answer_sequences, conversation, rendered_answer, text_sequence

_TOGETHER = 8                    # candidates whose results come at once
_JOINT = 4                       # tokens by which a joint of prompt and question may differ


class Work(Protocol):
    """What ``score_candidates`` needs of a score job's specification."""

    @property
    def base(self) -> Prompt: ...
    @property
    def candidates(self) -> tuple[Demonstration, ...]: ...
    @property
    def questions(self) -> tuple[Question, ...]: ...
    @property
    def position(self) -> Position: ...
    @property
    def turns(self) -> Literal["first", "all"]: ...
    @property
    def done(self) -> tuple[int | None, ...]: ...


class SetObjective:
    """Scores sets of candidates, added to ``base`` in the order given, on the questions' reference answers.

    The base is laid out by its template and not from its file's text, so that all sets differ only in what is added.
    """

    def __init__(
        self, model: LanguageModel, base: Prompt, candidates: Sequence[Demonstration], questions: Sequence[Question],
        position: Position = Position.BEFORE_BASE, turns: Literal["first", "all"] = "first",
        kept: KeptScores | None = None,
    ) -> None:
        """What ``kept`` holds is not computed again. Raises JobError when no question has a reference answer."""
        self._model = model
        self._likelihoods = Likelihoods(model, kept)
        self._base = add(base, ())
        self._position = position
        self._candidates = {d.id: d for d in candidates if d.id is not None}
        self._asked = _asked(questions, turns)
        self._sizes: dict[tuple[int, ...], int] = {}
        self._longest: int | None = None
        self._fitting: dict[tuple[int, ...], bool] = {}

    def evaluate(
        self, sets: Sequence[tuple[int, ...]], progress: Callable[[int], None] = lambda done: None
    ) -> list[tuple[AnswerScore, ...]]:
        """For each set one score an answer, in the questions' order. ``progress`` gets how many sets are finished.

        Raises PromptError (a prompt is too long), ModelError, and whatever ``progress`` raises.
        """
        sequences = [sequence for ids in sets for sequence in self._sequences(ids)]
        count = len(self._asked)
        found = self._likelihoods.sums(sequences, lambda done: progress(done // count))
        scores = [
            AnswerScore(question, turn, logprob, sequence.end - sequence.start)
            for (question, turn, _), sequence, logprob in zip(self._asked * len(sets), sequences, found, strict=True)
        ]
        return [tuple(scores[i * count : (i + 1) * count]) for i in range(len(sets))]

    def prompt_tokens(self, ids: tuple[int, ...]) -> int:
        """Tokens of the base prompt with this set added, without any question."""
        if ids not in self._sizes:
            text = render(self._prompt(ids), tokenizer=self._model.tokenizer).text
            self._sizes[ids] = self._model.tokenizer.count(text)
        return self._sizes[ids]

    def fits(self, ids: tuple[int, ...]) -> bool:
        """Whether the model's context holds the prompt with this set and any of the questions with its answer.

        Of a model whose tokens are counted elsewhere its longest question is asked for. Raises ModelError.
        """
        if isinstance(self._model, Admitting):
            if ids not in self._fitting:
                self._fitting[ids] = self._model.admits(self._longest_text(ids), 1 + _JOINT)
            return self._fitting[ids]
        if self._longest is None:
            base = self.prompt_tokens(())
            self._longest = max(s.end for s in self._sequences(())) - base
        return self.prompt_tokens(ids) + self._longest + _JOINT <= self._model.context

    def instruction_difficulty(self, demonstration: Demonstration) -> tuple[float, float, int]:
        """log P (nats) of the demonstration's own answer given its instruction, and alone; and its token count. Where
        the answer alone is cut into other tokens, its log P is that of a token times this count: sums over unequal
        numbers of tokens would not compare.

        Li et al. (arXiv 2308.12032, equations 1–3): the ratio of the two mean losses is the instruction-following
        difficulty. The instruction is laid out by the base's template, without rules or demonstrations; "alone" is the
        bare answer. Of several turns the last answer counts. Without an answer, or where it does not fit, all three are
        zero.
        """
        return self._difficulties([demonstration])[0]

    def _difficulties(self, demonstrations: Sequence[Demonstration]) -> list[tuple[float, float, int]]:
        pairs = [self._own(d) if self._own_fits(d) else None for d in demonstrations]
        found = iter(self._likelihoods.sums([sequence for pair in pairs for sequence in pair or ()]))
        return [_own_losses(pair, next(found), next(found)) if pair else (0.0, 0.0, 0) for pair in pairs]

    def _own_fits(self, demonstration: Demonstration) -> bool:
        """Of a model whose tokens are counted elsewhere: known from the whole prompt with it."""
        id = demonstration.id
        return not isinstance(self._model, Admitting) or id not in self._candidates or self.fits((id or 0,))

    def _own(self, demonstration: Demonstration) -> tuple[ScoredSequence, ScoredSequence] | None:
        turns = _to_last_answer(demonstration.turns)
        if not turns:
            return None
        bare = Prompt(template=self._base.template)
        given = rendered_answer(bare, turns, self._model.tokenizer)
        alone = text_sequence(turns[-1].text, self._model.tokenizer)
        return (given, alone) if max(given.end, alone.end) <= self._model.context else None

    def _longest_text(self, ids: tuple[int, ...]) -> str:
        """The prompt with this set and the question that has, with its answer, the most tokens after the base."""
        tokenizer = self._model.tokenizer
        if self._longest is None:
            texts = [render(self._base, turns, tokenizer=tokenizer).text for _, _, turns in self._asked]
            self._longest = max(range(len(texts)), key=lambda place: tokenizer.count(texts[place]))
        return render(self._prompt(ids), self._asked[self._longest][2], tokenizer=tokenizer).text

    def _prompt(self, ids: tuple[int, ...]) -> Prompt:
        return add(self._base, (self._candidates[id] for id in ids), self._position)

    def _sequences(self, ids: tuple[int, ...]) -> list[ScoredSequence]:
        prompt = self._prompt(ids)
        tokenizer = self._model.tokenizer
        rendered = [render(prompt, turns, tokenizer=tokenizer) for _, _, turns in self._asked]
        sequences = answer_sequences(rendered, tokenizer)
        check_context(max(sequence.end for sequence in sequences), self._model.context)
        return sequences


def too_long(
    model: LanguageModel, base: Prompt, questions: Sequence[Question], turns: Literal["first", "all"] = "first"
) -> dict[int, int]:
    """Question id → tokens of those that the model's context does not hold, with their answers, under the base prompt.

    Of a model whose tokens are counted elsewhere the longest ones are asked for, until one fits. Raises ModelError.
    """
    prompt, tokenizer, asked = add(base, ()), model.tokenizer, _asked(questions, turns)
    rendered = [render(prompt, talk, tokenizer=tokenizer) for _, _, talk in asked]
    ends = [sequence.end for sequence in answer_sequences(rendered, tokenizer)]
    found: dict[int, int] = {}
    for place in sorted(range(len(asked)), key=lambda place: -ends[place]):
        held = (model.admits(rendered[place].text) if isinstance(model, Admitting) else ends[place] <= model.context)
        if held:
            break
        found.setdefault(asked[place][0], ends[place])
    return found


def score_candidates(
    model: LanguageModel, spec: Work, emit: Callable[[CandidateScore], None],
    progress: Callable[[int, int], None] = lambda done, total: None, kept: KeptScores | None = None,
) -> None:
    """Score the base prompt (``demonstration_id`` None) and each candidate of ``spec`` that is not in ``spec.done``.

    ``emit`` gets each result as soon as it is there; ``progress`` gets how many of the candidates are finished and how
    many there are, and may raise Cancelled. A candidate's result does not depend on the others. One that does not fit
    into the model's context has no answers.
    """
    objective = SetObjective(model, spec.base, spec.candidates, spec.questions, spec.position, spec.turns, kept)
    done = set(spec.done)
    base_tokens = objective.prompt_tokens(())
    total = len(spec.candidates)
    if None not in done:
        (answers,) = objective.evaluate([()])
        emit(CandidateScore(None, answers, base_tokens))
    waiting = [d for d in spec.candidates if d.id is not None and d.id not in done]
    for start in range(0, len(waiting), _TOGETHER):
        group = waiting[start : start + _TOGETHER]
        before = total - len(waiting) + start
        progress(before, total)
        sets = [(d.id,) for d in group if d.id is not None]
        fitting = [ids for ids in sets if objective.fits(ids)]
        found = objective.evaluate(fitting, partial(_step, progress, before, total))
        answers_of = dict(zip(fitting, found, strict=True))
        difficulties = objective._difficulties(group)
        for ids, (given, alone, own) in zip(sets, difficulties, strict=True):
            answers = answers_of.get(ids, ())
            added = objective.prompt_tokens(ids) - base_tokens
            emit(CandidateScore(ids[0], answers, added, given if own else None, alone if own else None, own))
    progress(total, total)


def _step(progress: Callable[[int, int], None], before: int, total: int, finished: int) -> None:
    progress(before + finished, total)


def _asked(
    questions: Sequence[Question], turns: Literal["first", "all"]
) -> list[tuple[int, int, tuple[Turn, ...]]]:
    """(question id, turn, conversation up to that turn's reference) for every reference that counts.

    A question without an id is known by its place.
    """
    asked = []
    for place, question in enumerate(questions):
        count = 1 if turns == "first" else len(question.turns)
        for turn, reference in enumerate(question.references[:count]):
            if reference and all(question.references[:turn]):
                talk = conversation(question.turns[: turn + 1], question.references[: turn + 1])
                asked.append((place if question.id is None else question.id, turn, talk))
    if not asked:
        raise JobError("None of the questions has a reference answer to score.", remedy="Choose another question set.")
    return asked


def _own_losses(pair: tuple[ScoredSequence, ScoredSequence], given: float, alone: float) -> tuple[float, float, int]:
    tokens, bare = (sequence.end - sequence.start for sequence in pair)
    return given, alone * tokens / bare if bare else 0.0, tokens


def _to_last_answer(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns up to the last answer; empty unless user and assistant alternate up to there."""
    talk = [turn for turn in turns if turn.role is not Role.SYSTEM]
    while talk and (talk[-1].role is not Role.ASSISTANT or not talk[-1].text):
        talk.pop()
    alternate = all(turn.role is (Role.ASSISTANT if i % 2 else Role.USER) for i, turn in enumerate(talk))
    return tuple(talk) if alternate else ()
