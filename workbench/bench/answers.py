"""Contestants answer questions, turn by turn: the first answer enters the context of the second turn."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from workbench.domain import Answer, Contestant, Prompt, Question, Rendered, Role, Turn
from workbench.models.base import Draw, Drawn, LanguageModel
from workbench.prompts import render
from workbench.prompts.template import ChatTokenizer

NO_PROMPT = Prompt(name="No prompt")
Key = tuple[int, int, int, int]      # see Answer.key


@dataclass(frozen=True, slots=True)
class Wanted:
    """One answer that is to be drawn."""

    contestant: Contestant
    question: Question
    turn: int
    repeat: int

    @property
    def key(self) -> Key:
        assert self.contestant.id is not None
        assert self.question.id is not None
        return self.contestant.id, self.question.id, self.turn, self.repeat


@dataclass(slots=True)
class Answering:
    """Some contestants of one model, and their answers so far; ``known`` are there already.

    ``on_text`` gets (key, new text) as it comes, ``on_answer`` each answer when it is whole; both may raise Cancelled.
    """

    contestants: Sequence[Contestant]
    questions: Sequence[Question]
    repeats: int
    known: Iterable[Answer] = ()
    on_text: Callable[[Key, str], None] = lambda key, text: None
    on_answer: Callable[[Answer], None] = lambda answer: None
    _texts: dict[Key, str] = field(init=False)

    def __post_init__(self) -> None:
        self._texts = {answer.key: answer.text for answer in self.known}

    def wanted(self) -> list[Wanted]:
        """All that is still to be answered, first turns first. Greedy decoding is not repeated: it gives the same."""
        turns = max((len(question.turns) for question in self.questions), default=0)
        every = (Wanted(contestant, question, turn, repeat)
                 for turn in range(turns) for contestant in self.contestants
                 for question in self.questions if turn < len(question.turns)
                 for repeat in range(repeats_of(contestant, self.repeats)))
        return [one for one in every if one.key not in self._texts]

    def run(self, model: LanguageModel) -> None:
        """Draw what is wanted: all that has the same turn and prompt in one go, so that it shares its beginning.

        A prompt that leaves no room for an answer in the model's context gets an empty answer, finished by "context".
        """
        groups: defaultdict[tuple[int, str], list[Wanted]] = defaultdict(list)
        for one in self.wanted():
            groups[one.turn, _prompt(one.contestant).content_hash].append(one)
        for group in groups.values():
            self._draw(model, group)

    def _draw(self, model: LanguageModel, group: Sequence[Wanted]) -> None:
        draws = [self._request(model, one) for one in group]
        lengths = [len(encoded.ids) for encoded in model.tokenizer.encode_all([draw.prompt for draw in draws])]
        fitting = [place for place, length in enumerate(lengths) if length < model.context]
        for place in sorted(set(range(len(group))) - set(fitting)):
            self._keep(group[place], draws[place], Drawn("", 0, "context"))

        def on_text(index: int, text: str) -> None:
            self.on_text(group[fitting[index]].key, text)

        def on_drawn(index: int, drawn: Drawn) -> None:
            self._keep(group[fitting[index]], draws[fitting[index]], drawn)

        model.draw([draws[place] for place in fitting], on_text, on_drawn)

    def _request(self, model: LanguageModel, one: Wanted) -> Draw:
        earlier = [self._texts[(*one.key[:2], turn, one.repeat)] for turn in range(one.turn)]
        return draw_of(one, earlier, model.tokenizer)

    def _keep(self, one: Wanted, draw: Draw, drawn: Drawn) -> None:
        self._texts[one.key] = drawn.text
        self.on_answer(answer_of(one, draw, drawn))


def draw_of(one: Wanted, earlier: Sequence[str], tokenizer: ChatTokenizer | None) -> Draw:
    """What the contestant's model is to draw after its ``earlier`` answers."""
    rendered = asked(one.contestant, one.question, earlier, tokenizer)
    decoding = one.contestant.decoding
    return Draw(rendered.text, replace(decoding, stop=(*rendered.stop, *decoding.stop), seed=seed_of(one)))


def answer_of(one: Wanted, draw: Draw, drawn: Drawn) -> Answer:
    return Answer(one.contestant.id or 0, one.question.id or 0, one.turn, one.repeat, drawn.text, drawn.tokens,
                  drawn.seconds, drawn.finish, draw.decoding.seed,
                  drawn.logprob if drawn.logprob is not None and math.isfinite(drawn.logprob) else None)


def seed_of(one: Wanted) -> int:
    """A seed of its own for each answer (31 bits, which every server takes), from the contestant's seed, the question's
    text, turn and repeat: the same in every project, and whatever is answered beside it."""
    what = json.dumps([one.contestant.decoding.seed, list(one.question.turns), one.turn, one.repeat])
    return int.from_bytes(hashlib.sha256(what.encode("ascii")).digest()[:4], "big") >> 1


def repeats_of(contestant: Contestant, repeats: int) -> int:
    return repeats if contestant.decoding.temperature > 0 else 1


def asked(contestant: Contestant, question: Question, earlier: Sequence[str],
          tokenizer: ChatTokenizer | None = None) -> Rendered:
    """What a model sees before it answers the turn that follows its ``earlier`` answers.

    ``tokenizer`` is needed by the chat template only. Raises PromptError.
    """
    talk = [turn for user, reply in zip(question.turns, earlier, strict=False)
            for turn in (Turn(Role.USER, user), Turn(Role.ASSISTANT, reply))]
    return render(_prompt(contestant), [*talk, Turn(Role.USER, question.turns[len(earlier)])], tokenizer=tokenizer)


def _prompt(contestant: Contestant) -> Prompt:
    return NO_PROMPT if contestant.prompt is None else contestant.prompt
